"""The file that keeps a split: ``path,split``, or ``path,fold0,fold1,...`` with the split that a path has in each fold."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from cternet.disk import WriteError, writing
from training.data.config import Source
from training.data.layouts.base import read_table
from training.data.rows import SPLITS, DataError, DataSet


def default_file(data: DataSet, folds: int | None) -> Path:
    """Beside the data: ``Abstract-folds5.csv`` for the folder or manifest ``Abstract``."""
    root = data.root.resolve()
    name = root.name if root.is_dir() else root.stem
    parts = [name, data.subset, f"folds{folds}" if folds else "splits"]
    return root.parent / f"{'-'.join(filter(None, parts))}.csv"


def relative_names(data: DataSet) -> list[str]:
    """The images' paths from the data's folder, so that the file holds wherever the data lie."""
    base = data.root if data.root.is_dir() else data.root.parent
    return [Path(os.path.relpath(row.path, base)).as_posix() for row in data.rows]


def write_split_file(file: Path, names: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
    """Sorted by path; whole or not there.

    Raises:
        DataError: the place cannot be written.
    """
    table = pd.DataFrame({"path": names, **columns}).drop_duplicates("path").sort_values("path")
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with writing(file.parent, "name another place for the split with --splits FILE"):
            file.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(partial, index=False)
            partial.replace(file)
    except WriteError as error:
        with suppress(OSError):
            partial.unlink()
        raise DataError(str(error)) from None


def read_split_file(file: Path, data: DataSet, config: Source) -> dict[str, str]:
    """Relative path -> split, of the fold that is asked for.

    Raises:
        DataError: another form, or not of this data set; it names the first difference.
    """
    table = read_table(file)
    mend = f"move {file.name} away to have it made anew, or name another with --splits"
    expected = ["path", *(f"fold{fold}" for fold in range(config.folds))] if config.folds else ["path", "split"]
    if list(table.columns) != expected:
        raise DataError(f"the split file {file} has the columns {', '.join(table.columns)}, not {', '.join(expected)}; {mend}")
    column = expected[1 + config.fold] if config.folds else "split"
    found = dict(zip(table["path"], table[column], strict=True))
    wrong = next((f"{split!r} for {path}" for path, split in found.items() if split not in SPLITS), None)
    if wrong:
        raise DataError(f"the split file {file} says {wrong}, not train, val or test; {mend}")
    names = relative_names(data)
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"the split file {file} lacks {len(missing)} images of {data.root} (first: {missing[0]}); {mend}")
    more = sorted(set(found) - set(names))
    if more:
        raise DataError(f"the split file {file} names {len(more)} images that {data.root} has not (first: {more[0]}); {mend}")
    for row, name in zip(data.rows, names, strict=True):
        if row.split and (row.split == "test") != (found[name] == "test"):
            raise DataError(f"the split file {file} has {name} in {found[name]}, officially it is in {row.split}; {mend}")
    return found
