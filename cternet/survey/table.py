"""A survey's table: its columns, and a photo's row."""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cternet import Analysis
from cternet.compare import METHODS, METRICS, Comparison, Sample, unavailable
from cternet.compare.attention import analysis_of
from cternet.minimal_sets import turning_set

Row = dict[str, Any]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets would run (OWASP, CSV injection)."""
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
    columns += [("effect_size", number), ("effect_norm", number), ("attention_robustness", number), ("disagreement", number)]
    for method in methods:
        columns += [(f"{name}_{method}", number) for name in ("smallest", "largest", "agreement")]
        columns += [(f"problem_{method}", pa.string())]
    if metrics:
        columns += [(f"{metric}_{method}", number) for method in (*methods, *controls(methods)) for metric in METRICS]
    return pa.schema(columns)


def controls(methods: Sequence[str]) -> dict[str, str]:
    """Columns' names of the random map on each classifier the methods explain, and that classifier."""
    return {f"random_{name}": name for name in dict.fromkeys(METHODS[method].explains for method in methods)}


def row_of(sample: Sample, comparison: Comparison) -> Row:
    """A photo's numbers; what was not measured, or cannot be had, is left out."""
    analysis = analysis_of(sample)
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
        "attention_robustness": robustness(analysis),
        "disagreement": disagreement(comparison),
    }
    row |= {f"Y_TE_{label}": float(effect) for label, effect in zip(analysis.labels, effects, strict=True)}
    for panel in comparison.panels:
        if panel.values is None:
            missing = unavailable([panel.method], sample.networks.reasons)  # whose words name paths of this machine
            row[f"problem_{panel.method}"] = "this network was not available" if missing else panel.problem
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


def robustness(analysis: Analysis) -> float | None:
    """Share of the photo in the smallest part which, not noticed, turns the answer; None where nothing does."""
    found = turning_set(analysis)
    return None if found is None else found.area


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


class Sheet:
    """The same rows as CSV, safe to open in a spreadsheet.

    Args:
        file: opened for writing bytes.
        columns: their names.
    """

    def __init__(self, file: Any, columns: Sequence[str]) -> None:
        self.columns, self.text = columns, io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        self.writer = csv.writer(self.text)
        self.writer.writerow(columns)

    def add(self, row: Row) -> None:
        self.writer.writerow([plain(row.get(column)) for column in self.columns])
        self.text.flush()

    def __del__(self) -> None:
        with suppress(ValueError):  # the file may be closed already, and is not this one's to close
            self.text.detach()


def plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


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
