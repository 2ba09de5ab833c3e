"""Anything else: a CSV or Parquet table, one line an image.

Columns: path (relative to the table, or absolute), and any of split, label, valence, arousal, dominance, stimulus_map, and one
column an emotion for the shares or votes of raters.  ``--valence-scale`` tells the range of the ratings.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.config import Source
from training.data.labels import EMOTIONS, canonical, shares_of_votes
from training.data.layouts.base import SPLIT_WORDS, Layout, first_existing, numbers, read_table
from training.data.rows import DataError, DataSet, Row

COLUMNS = ("path", "split", "label", "valence", "arousal", "dominance", "stimulus_map")
RATINGS = ("valence", "arousal", "dominance")
NAMES = ("manifest.csv", "manifest.parquet")


def file_of(root: Path) -> Path | None:
    if root.suffix.lower() in (".csv", ".parquet") and root.is_file():
        return root
    return first_existing(root, *NAMES)


def load(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".csv":
        return read_table(path)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"the table {path} cannot be read ({reason}); write it again as Parquet or CSV") from None
    if table.empty:
        raise DataError(f"the table {path} has no rows; write it again")
    return table


def read(root: Path, config: Source) -> DataSet:
    """The rows as they are written.

    Raises:
        DataError: no column path, a path that comes twice, a split nobody knows, or a cell that is no number.
    """
    path = file_of(root)
    if path is None:
        raise DataError(f"{root} is not a .csv or .parquet file; give the manifest with --data")
    table = load(path)
    table.columns = [name if (name := str(column).strip().lower()) in COLUMNS else canonical(name) for column in table.columns]
    emotions = [column for column in table.columns if column in EMOTIONS]
    if "path" not in table.columns:
        raise DataError(f"{path} has no column path, only {', '.join(table.columns)}; name the column of the images path")
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"{path} has two columns that mean {twice}; remove one")
    rated = numbers(table, [column for column in (*RATINGS, *emotions) if column in table.columns], path)
    table[rated.columns] = rated
    rows = [row_of(record, line, path, emotions) for line, record in enumerate(table.to_dict("records"), 2)]
    check(rows, path)
    ignored = [column for column in table.columns if column not in (*COLUMNS, *EMOTIONS)]
    notes = [f"columns that mean nothing here: {', '.join(ignored)}"] if ignored else []
    return DataSet(path, "manifest", rows, scale=config.valence_scale, notes=notes)


def row_of(record: dict[Hashable, Any], line: int, path: Path, emotions: list[str]) -> Row:
    def text(column: str) -> str | None:
        value = record.get(column)
        return None if value is None or pd.isna(value) or not str(value).strip() else str(value).strip()

    def number(column: str) -> float | None:
        value = record.get(column)
        return None if value is None or pd.isna(value) else float(value)

    image, split, label, marked = text("path"), text("split"), text("label"), text("stimulus_map")
    if image is None:
        raise DataError(f"{path}, line {line}: the path is empty; fill it in, or remove the line")
    if split is not None and split.lower() not in SPLIT_WORDS:
        raise DataError(f"{path}, line {line}: the split is {split!r}, not train, val or test; correct it")
    votes = {name: value for name in emotions if (value := number(name)) is not None}
    if any(value < 0 for value in votes.values()):
        raise DataError(f"{path}, line {line}: a share is below 0; correct it")
    return Row(
        path=path.parent / image,
        split=SPLIT_WORDS[split.lower()] if split else None,
        label=canonical(label) if label else None,
        distribution=shares_of_votes(votes),
        valence=number("valence"),
        arousal=number("arousal"),
        dominance=number("dominance"),
        stimulus_map=path.parent / marked if marked else None,
    )


def check(rows: list[Row], path: Path) -> None:
    """One line an image."""
    seen: set[Path] = set()
    for row in rows:
        if row.path in seen:
            raise DataError(f"{path} names {row.path} twice; remove one of the lines")
        seen.add(row.path)


LAYOUT = Layout("manifest", "a .csv or .parquet with a column path", lambda root: file_of(root) is not None, read)
