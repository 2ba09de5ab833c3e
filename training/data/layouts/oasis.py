"""OASIS: ``ratings.csv`` or ``OASIS.csv`` of mean valence and arousal (1 to 7), and ``images/<Theme>.jpg``.

Kurdi, Lozano and Banaji, "Introducing the Open Affective Standardized Image Set (OASIS)", Behavior Research Methods, 2017:
the columns Theme, Category, Source, Valence_mean, Valence_SD, Valence_N, Arousal_mean and so on.  Its category (animal,
object, person, scene) is no emotion.  Read too: lower-case names, and the columns file and split.
"""

from pathlib import Path

import pandas as pd

from training.data.config import Source
from training.data.layouts.base import SPLIT_WORDS, Layout, first_existing, images_in, numbers, read_table
from training.data.rows import DataError, DataSet, Row


def table_of(root: Path) -> Path | None:
    """The table, told by its columns."""
    path = first_existing(root, "ratings.csv", "oasis.csv")
    if path is None:
        return None
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline().lower()
    return path if "valence_mean" in header and "arousal_mean" in header else None


def read(root: Path, config: Source) -> DataSet:
    """Mean ratings, no emotion.

    Raises:
        DataError: no such table, or without the columns.
    """
    path = table_of(root)
    if path is None:
        raise DataError(f"{root} has no ratings.csv or OASIS.csv with Valence_mean and Arousal_mean; fetch it again")
    table = read_table(path)
    table.columns = [str(column).strip().lower() for column in table.columns]
    if not {"file", "theme"} & set(table.columns):
        raise DataError(f"{path} has neither a column Theme nor file to find the images by; add one")
    values = numbers(table, ["valence_mean", "arousal_mean"], path)
    folder = root / "images" if (root / "images").is_dir() else root
    stems = {path.stem: path for path in images_in(folder)}
    rows = []
    for line, record in enumerate(table.to_dict("records")):
        name = record.get("file", "").strip() or f"{record['theme'].strip()}.jpg"
        stem = Path(name).stem
        rows.append(
            Row(
                path=stems.get(stem) or stems.get(stem.replace(" ", "_")) or folder / name,
                split=SPLIT_WORDS.get(record.get("split", "").strip().lower()),
                valence=none_if_missing(values["valence_mean"].iloc[line]),
                arousal=none_if_missing(values["arousal_mean"].iloc[line]),
            )
        )
    return DataSet(root, "oasis", rows, scale=(1.0, 7.0))


def none_if_missing(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


LAYOUT = Layout("oasis", "ratings.csv with valence_mean and images/ (OASIS)", lambda root: table_of(root) is not None, read)
