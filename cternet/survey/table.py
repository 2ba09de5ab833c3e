"""A survey's table: its columns, a photo's row, the parts rows are kept in while the survey is made, and their merging.

A part is complete or not there.  What is in a part is done, whatever happens afterwards and however many processes go on.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cternet.compare import METHODS, METRICS, Comparison, Scene
from cternet.show.export import replacing
from cternet.survey.errors import SurveyError

Row = dict[str, Any]
Head = tuple[int, str, int, Iterator[Row], Row]
"""The next row of a part: its place and path, which order the parts, the part's number, its other rows, and the row."""

PART_ROWS = 256
PART_SECONDS = 60.0
"""A part is written when it has so many rows, or so long after the last one: what a killed process loses at most."""
TABLE_ROWS = 4096
"""Rows of the merged table held at once."""


def schema(labels: Sequence[str], methods: Sequence[str], *, metrics: bool) -> pa.Schema:
    """Columns of the parts; the table has all of them but ``skipped``.

    Args:
        labels: the classes.
        methods: whose maps are made.
        metrics: whether each is measured.
    """
    number = pa.float64()
    columns = [("place", pa.int64()), ("path", pa.string()), ("skipped", pa.string())]
    columns += [("width", pa.int32()), ("height", pa.int32())]
    columns += [("prediction", pa.string()), ("polarity", pa.string()), ("probability", number)]
    columns += [(f"Y_TE_{label}", number) for label in labels]
    columns += [("effect_size", number), ("effect_norm", number), ("disagreement", number)]
    for method in methods:
        columns += [(f"{name}_{method}", number) for name in ("smallest", "largest", "agreement")]
        columns += [(f"problem_{method}", pa.string())]
    if metrics:
        columns += [(f"{metric}_{method}", number) for method in (*methods, *controls(methods)) for metric in METRICS]
    return pa.schema(columns)


def controls(methods: Sequence[str]) -> dict[str, str]:
    """Columns' names of the random map on each classifier the methods explain, and that classifier."""
    return {f"random_{name}": name for name in dict.fromkeys(METHODS[method].explains for method in methods)}


def row_of(scene: Scene, comparison: Comparison) -> Row:
    """A photo's numbers; what was not measured, or cannot be had, is left out."""
    analysis = scene.analysis
    effects = analysis.own_effect
    row = {
        "path": comparison.name,
        "width": analysis.geometry["width"],
        "height": analysis.geometry["height"],
        "prediction": analysis.prediction,
        "polarity": analysis.polarity,
        "probability": float(analysis.probabilities.max()),
        "effect_size": float(effects[analysis.labels.index(analysis.prediction)]),
        "effect_norm": float(np.linalg.norm(effects)),
        "disagreement": disagreement(comparison),
    }
    row |= {f"Y_TE_{label}": float(effect) for label, effect in zip(analysis.labels, effects, strict=True)}
    for panel in comparison.panels:
        if panel.values is None:
            missing = METHODS[panel.method].network in scene.networks.reasons  # whose words name paths of this machine
            row[f"problem_{panel.method}"] = "this network was not there" if missing else panel.problem
            continue
        row[f"smallest_{panel.method}"] = float(panel.values.min())
        row[f"largest_{panel.method}"] = float(panel.values.max())
        row[f"agreement_{panel.method}"] = finite(comparison.agreement_with_others(panel.method))
    measured = {panel.method: panel.numbers for panel in comparison.panels}
    measured |= {f"random_{classifier}": numbers for classifier, numbers in comparison.controls.items()}
    for name, numbers in measured.items():
        if numbers is not None:
            row |= {f"{metric}_{name}": finite(getattr(numbers, metric)) for metric in METRICS}
    return row


def disagreement(comparison: Comparison) -> float | None:
    """1 - mean rank correlation over the pairs of maps, in [0, 2]; None where there are no two maps to compare."""
    pairs = [comparison.agreement[pair] for pair in combinations(range(len(comparison.panels)), 2)]
    known = [value for value in pairs if np.isfinite(value)]
    return 1 - float(np.mean(known)) if known else None


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def key(path: str) -> str:
    """16 hexadecimal digits that stand for a photo in names of files."""
    return blake2b(path.encode(), digest_size=8).hexdigest()


class Parts:
    """The parts of a report; one of these for each process that adds to them.

    Args:
        report: the folder.
        columns: from ``schema``.
        clock: seconds.
    """

    def __init__(self, report: Path, columns: pa.Schema, *, clock: Callable[[], float] = monotonic) -> None:
        self.report, self.columns, self.clock = report, columns, clock
        self.rows: list[Row] = []
        self.maps: dict[str, NDArray] = {}
        self.written = clock()

    def add(self, row: Row, maps: dict[str, NDArray]) -> None:
        """Keep a row, with maps (H, W) by method that go beside the part; writes the part when it is time."""
        self.rows.append(row)
        self.maps |= {f"{key(row['path'])}/{method}": values for method, values in maps.items()}
        if len(self.rows) >= PART_ROWS or self.clock() - self.written >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last part."""
        if self.rows:
            # Zero-padded, so that names sort by place; with the photo, as places move when files are added to a folder.
            name = f"{self.rows[0]['place']:010d}-{key(self.rows[0]['path'])}"
            if self.maps:
                paths = {"paths": np.array([row["path"] for row in self.rows if not row.get("skipped")])}
                ids = {"ids": np.array([key(path) for path in paths["paths"]])}
                with replacing(self.report / "maps" / f"{name}.npz") as file:
                    np.savez_compressed(file, **paths, **ids, **self.maps)
            with replacing(self.report / "parts" / f"{name}.parquet") as file:
                pq.write_table(pa.Table.from_pylist(self.rows, self.columns), file)
        self.rows, self.maps, self.written = [], {}, self.clock()


def parts_of(report: Path) -> list[Path]:
    """In the order of their first photos."""
    return sorted(path for path in (report / "parts").glob("*.parquet") if not path.name.startswith("."))


def read_part(part: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(part, columns=columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise SurveyError(f"{part} is damaged ({type(error).__name__}); delete it and run the command again") from None


class Done:
    """The photos that are in parts, as eight bytes each."""

    def __init__(self, report: Path) -> None:
        keys = [np.empty(0, np.uint64)]
        for part in parts_of(report):
            paths = read_part(part, ["path"])["path"].to_pylist()
            keys.append(np.array([int(key(path), 16) for path in paths], np.uint64))
        self.keys = np.sort(np.concatenate(keys))

    def __contains__(self, path: str) -> bool:
        wanted = np.uint64(int(key(path), 16))
        place = np.searchsorted(self.keys, wanted)
        return bool(place < len(self.keys) and self.keys[place] == wanted)


def merged(report: Path) -> Iterator[Row]:
    """Every row of every part, each photo once, in the order of the source; holds only parts that overlap."""
    waiting = deque(parts_of(report))
    heap: list[Head] = []
    opened, last = 0, None
    while waiting or heap:
        while waiting and (not heap or int(waiting[0].name[:10]) <= heap[0][0]):
            rows = iter(read_part(waiting.popleft()).to_pylist())
            opened += 1
            heapq.heappush(heap, following(rows, opened))
        _, path, number, rows, row = heap[0]
        if path != last:  # two surveys at once into one folder do some photos twice
            yield row
        last = path
        successor = following(rows, number)
        heapq.heapreplace(heap, successor) if successor else heapq.heappop(heap)


def following(rows: Iterator[Row], number: int) -> Head | None:
    row = next(rows, None)
    return row and (row["place"], row["path"], number, rows, row)


class Table:
    """A Parquet file written a few thousand rows at a time.

    Args:
        file: opened for writing.
        columns: without those, of ``rows``, that are not to be written.
    """

    def __init__(self, file: Any, columns: pa.Schema) -> None:
        self.columns, self.writer = columns, pq.ParquetWriter(file, columns)
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) == TABLE_ROWS:
            self.flush()

    def flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, self.columns))
        self.rows = []

    def close(self) -> None:
        self.flush()
        self.writer.close()
