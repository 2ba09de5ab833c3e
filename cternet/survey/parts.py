"""The parts that rows are kept in while a survey is made, and their merging.

A part is complete or not there.  What is in a part is done, whatever happens afterwards and however many processes go on.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cternet.show.export import replacing
from cternet.survey.errors import SurveyError
from cternet.survey.table import Row, key

Head = tuple[int, str, int, Iterator[Row], Row]
"""The next row of a part: its place and path, which order the parts, the part's number, its other rows, and the row."""
PART_ROWS = 256
PART_SECONDS = 60.0
"""A part is written when it has so many rows, or so long after the last one: what a killed process loses at most."""


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
        self.maps: dict[str, NDArray[Any]] = {}
        self.written = clock()

    def add(self, row: Row, maps: dict[str, NDArray[Any]]) -> None:
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
                paths = np.array([row["path"] for row in self.rows if not row.get("skipped")])
                arrays: dict[str, Any] = {"paths": paths, "ids": np.array([key(path) for path in paths])} | self.maps
                with replacing(self.report / "maps" / f"{name}.npz") as file:
                    np.savez_compressed(file, **arrays)
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
            if (head := following(rows, opened)) is not None:
                heapq.heappush(heap, head)
        _, path, number, rows, row = heap[0]
        if path != last:  # two surveys at once into one folder do some photos twice
            yield row
        last = path
        successor = following(rows, number)
        heapq.heapreplace(heap, successor) if successor else heapq.heappop(heap)


def following(rows: Iterator[Row], number: int) -> Head | None:
    row = next(rows, None)
    return None if row is None else (row["place"], row["path"], number, rows, row)
