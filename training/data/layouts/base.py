"""What every layout is, and what reading one takes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import pandas as pd

from cternet.photos.load import EXTENSIONS
from training.data.config import Source
from training.data.rows import DataError, DataSet

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
"""What people call the three splits."""


@dataclass(frozen=True)
class Layout:
    """A way in which a data set lies on disk.

    name: for ``--layout``.  looks: how it looks, in a few words.  matches: whether a path looks so, without reading images.
    read: path and settings to rows; raises ``DataError``.
    """

    name: str
    looks: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, Source], DataSet]


def visible(folder: Path) -> list[Path]:
    """The folder's entries by name, without hidden files and what archivers leave (``__MACOSX``)."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))


def subfolders(folder: Path) -> list[Path]:
    return [path for path in visible(folder) if path.is_dir()]


def images_in(folder: Path) -> list[Path]:
    """The files that are images by name."""
    return [path for path in visible(folder) if path.suffix.lower() in EXTENSIONS and path.is_file()]


def first_existing(root: Path, *names: str) -> Path | None:
    """The first of some names, in any case, that the folder has."""
    if not root.is_dir():
        return None
    entries = {path.name.lower(): path for path in visible(root)}
    return next((entries[name.lower()] for name in names if name.lower() in entries), None)


def find_images(root: Path) -> Callable[[str], Path]:
    """Where the images that a table names are: beside the table, or one folder down.

    A name that is nowhere gets the path it should have, so that it is reported like any other unreadable image.  Windows' paths
    are taken too.
    """
    folders = [root, *subfolders(root)]
    found = {path.name: path for folder in reversed(folders) for path in images_in(folder)}
    return lambda name: found.get(PureWindowsPath(name).name, root / name.replace("\\", "/"))


def read_table(path: Path, *, header: bool = True, **options: object) -> pd.DataFrame:
    """A text table as strings; separated by tabs where its first line has one, else as ``options`` say.

    Raises:
        DataError: unreadable, or without rows.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            if "\t" in file.readline():
                options |= {"sep": "\t"}
        table = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            header=0 if header else None,
            **options,
        )
    except (OSError, ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"the table {path} cannot be read ({reason}); repair it, or fetch it again") from None
    if table.empty:
        raise DataError(f"the table {path} has no rows; fetch it again")
    return table


def numbers(table: pd.DataFrame, columns: Iterable[str], path: Path) -> pd.DataFrame:
    """Columns as numbers, NaN where a cell is empty.

    Raises:
        DataError: a cell that is no number, named by its line.
    """
    columns = list(columns)
    found = table[columns].apply(pd.to_numeric, errors="coerce")
    for column in columns:
        text = table[column].astype(str).str.strip().str.lower()
        wrong = found[column].isna() & ~text.isin(["", "nan", "none", "<na>"])
        if wrong.any():
            line = int(wrong.to_numpy().argmax())
            raise DataError(
                f"{path}, line {line + 2}: {column} is {table[column].iloc[line]!r}, not a number; correct the table"
            )
    return found


def counted(count: int, what: str, names: Iterable[object]) -> str:
    """``3 images without a label (first: a.jpg)``."""
    return f"{count:,} {what} (first: {next(iter(names))})"
