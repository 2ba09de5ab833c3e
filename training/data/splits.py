"""Train, val and test: the official ones where they exist, else made once, written to a file and reused.

80/5/15 stratified by class, or k folds, with near-duplicates in one split.  A set with an official train and test but no val
gets its val from train.  The official test split is never taken from, nor given to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from training.data.config import Source
from training.data.inspection import inspect_all, near_duplicates
from training.data.rows import DataError, DataSet, Row
from training.data.split_file import default_file, read_split_file, relative_names, write_split_file

SHARES = {"train": 0.80, "val": 0.05, "test": 0.15}
VAL_OF_TRAIN = {"train": 16 / 17, "val": 1 / 17}
"""The same proportion of train to val where test is settled."""
LEVELS = 5
"""Levels of valence to stratify by where there are no emotions."""


def with_splits(data: DataSet, config: Source, *, create: bool = True) -> DataSet:
    """The data set with a split for every row.

    Args:
        data: as read, with official splits or none.
        config: where the split file is, and folds.
        create: make and write the file where there is none; otherwise rows may come back without a split.

    Raises:
        DataError: too few images, a file that does not fit the data, or a place that cannot be written.
    """
    official = {row.split for row in data.rows} - {None}
    check_settings(data, config, official)
    if official and official != {"train", "test"}:
        note = [] if "test" in official else ["there is no test split"]
        return replace(data, notes=[*data.notes, *note])
    file = config.splits or default_file(data, config.folds)
    if file.exists():
        notes = [f"splits from {file}"]
    elif create:
        write_split_file(file, relative_names(data), make_splits(data, config.folds))
        notes = [f"splits made and written to {file}"]
    else:
        return replace(data, notes=[*data.notes, f"no split yet; training will make one in {file}"])
    table = read_split_file(file, data, config)
    rows = [replace(row, split=table[name]) for row, name in zip(data.rows, relative_names(data), strict=True)]
    return replace(data, rows=rows, notes=[*data.notes, *notes])


def check_settings(data: DataSet, config: Source, official: set[str]) -> None:
    """Refuse settings that an official split leaves no room for, and folds that cannot be."""
    names = ", ".join(sorted(official))
    bare = [row.path for row in data.rows if row.split is None]
    if official and bare:
        raise DataError(f"{data.root} gives no split for {len(bare):,} of {len(data.rows):,} images (first: {bare[0]}); add it")
    if official and config.folds:
        raise DataError(f"{data.root} has official splits ({names}); cross-validation would mix them, leave --folds away")
    if official and config.splits and official != {"train", "test"}:
        raise DataError(f"{data.root} has official splits ({names}); leave --splits away")
    if config.folds is not None and config.folds < 2:
        raise DataError(f"--folds {config.folds} is no cross-validation of {data.root}; use 2 or more")
    if config.folds and not 0 <= config.fold < config.folds:
        raise DataError(f"--fold {config.fold} of {data.root} is none of 0 to {config.folds - 1}")


def make_splits(data: DataSet, folds: int | None) -> dict[str, list[str]]:
    """Columns of the split file: ``split``, or ``fold0`` and so on; each a split for every row.

    Raises:
        DataError: too few images of a class.
    """
    order = sorted(range(len(data.rows)), key=relative_names(data).__getitem__)  # not as the reader happened to list them
    rows = [data.rows[index] for index in order]
    paths = list(dict.fromkeys(row.path for row in rows))
    number = dict(zip(paths, near_duplicates(inspect_all(paths, "looking for near-duplicates")), strict=True))
    groups = np.array([number[row.path] for row in rows])
    strata = strata_of(rows)
    if folds:
        columns = fold_columns(data, strata, groups, folds)
    elif data.rows[0].split:
        inside = np.array([row.split == "train" for row in rows])
        column = np.full(len(rows), "test", dtype=object)
        column[inside] = allocate(data, strata[inside], groups[inside], VAL_OF_TRAIN)
        columns = {"split": column}
    else:
        columns = {"split": allocate(data, strata, groups, SHARES)}
    back = np.argsort(order)
    return {name: [str(value) for value in np.asarray(column)[back]] for name, column in columns.items()}


def strata_of(rows: Sequence[Row]) -> np.ndarray:
    """What each row is stratified by, (N,): its emotion, else its level of valence, else nothing."""
    known = [row.valence for row in rows if row.valence is not None]
    edges = np.quantile(known, np.linspace(0, 1, LEVELS + 1)[1:-1]) if known else np.zeros(0)

    def stratum(row: Row) -> str:
        if row.emotions:
            return row.emotions[0]
        if row.valence is None:
            return "no label"
        return f"valence level {np.searchsorted(edges, row.valence) + 1} of {LEVELS}"

    return np.array([stratum(row) for row in rows])


def allocate(data: DataSet, strata: np.ndarray, groups: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """A split for every image, (N,): the shares within each class, whole groups, at least one image of a class in each.

    scikit-learn's folds of 5 % would leave small classes out of val, and its ``train_test_split`` knows no groups.

    Raises:
        DataError: a class has fewer groups than there are splits.
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    sizes = np.bincount(group)
    order = np.random.default_rng(0).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]  # the largest groups first, while there is room for them
    split_of_group = np.empty(len(sizes), dtype=object)
    for stratum in np.unique(strata[first]):
        members = [one for one in order if strata[first[one]] == stratum]
        if len(members) < len(shares):
            raise DataError(
                f"{data.root} has only {len(members)} images of {stratum} (near-duplicates count once), too few for "
                f"{', '.join(shares)}; add some, or leave the class out with --without {stratum}"
            )
        total = sum(sizes[members])
        room = {name: max(1, round(share * total)) for name, share in shares.items()}
        room["train"] = total - sum(count for name, count in room.items() if name != "train")
        for one in members:
            split_of_group[one] = max(room, key=room.__getitem__)
            room[split_of_group[one]] -= sizes[one]
    return split_of_group[group]


def fold_columns(data: DataSet, strata: np.ndarray, groups: np.ndarray, folds: int) -> dict[str, np.ndarray]:
    """For each fold: it is test, val comes out of the rest, stratified alike.

    Raises:
        DataError: a class has fewer groups than there are folds.
    """
    for stratum in np.unique(strata):
        count = len(np.unique(groups[strata == stratum]))
        if count < max(folds, 4 if folds == 2 else 3):  # train and val want one each of what test leaves
            mend = f"use --folds {count} or fewer, add images" if count >= 3 else "add images"
            raise DataError(
                f"{data.root} has only {count} images of {stratum} (near-duplicates count once), too few for {folds} folds; "
                f"{mend}, or leave the class out with --without {stratum}"
            )
    columns = {}
    # Groups are shuffled here: scikit-learn's own shuffling leaves folds less alike, and differs between its versions.
    names, group = np.unique(groups, return_inverse=True)
    shuffled = np.random.default_rng(0).permutation(len(names))[group]
    for fold, (rest, test) in enumerate(StratifiedGroupKFold(folds).split(shuffled, strata, shuffled)):
        column = np.empty(len(groups), dtype=object)
        column[test] = "test"
        column[rest] = allocate(data, strata[rest], groups[rest], VAL_OF_TRAIN)
        columns[f"fold{fold}"] = column
    return columns
