"""Votes by emotion in a table: FlickrLDL and TwitterLDL, and Abstract.

- Yang, Sun and Sun, "Learning visual sentiment distributions via augmented conditional probability neural network", AAAI
  2017: ``images/`` and ``ground_truth.txt``, a header ``images-name Amusement Awe Contentment Excitement Anger Disgust Fear
  Sadness`` and a line of eight counts an image.  ``*_config.mat`` may hold the official split.
- Machajdik and Hanbury, ACM MM 2010: ``ABSTRACT_groundTruth.csv`` of counts, names in single quotes, images beside it.
  Where two emotions have equally many votes its authors leave the image out (228 of 280 stay), and so do we.
"""

from pathlib import Path

import pandas as pd
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from cternet.emotions import MIKELS
from training.data.config import Source
from training.data.labels import canonical, largest, shares_of_votes
from training.data.layouts.base import Layout, counted, find_images, first_existing, numbers, read_table
from training.data.rows import DataError, DataSet, Row

LDL_ORDER = ("amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness")
"""The columns of ground_truth.txt where its header does not say."""


def ldl_table(root: Path) -> pd.DataFrame | None:
    """ground_truth.txt where it has a name and eight columns."""
    path = root / "ground_truth.txt"
    if not path.is_file():
        return None
    table = read_table(path, sep=r"\s+", index_col=False)
    table = table.loc[:, [column for column in table if not str(column).startswith("Unnamed")]]  # from trailing blanks
    return table if table.shape[1] == 9 else None


def official_split(root: Path, notes: list[str]) -> dict[str, str]:
    """Image name -> split, from ``*_config.mat`` (imgname, train_ind, test_ind)."""
    path = next(iter(sorted(root.glob("*_config.mat"))), None)
    if path is None:
        return {}
    try:
        found = loadmat(path)
        names = [str(name.ravel()[0]) for name in found["imgname"].ravel()]
        parts = {split: found[f"{split}_ind"].reshape(len(names), -1)[:, 0] for split in ("train", "test")}
    except NotImplementedError:  # version 7.3 is HDF5
        notes.append(f"{path.name} is a MATLAB 7.3 file, which is not read; a split is made instead")
        return {}
    except (KeyError, ValueError, IndexError, MatReadError) as error:
        raise DataError(f"the split file {path} cannot be read ({error}); move it away to have a split made") from None
    notes.append(f"official split from {path.name}")
    return {name: split for split, chosen in parts.items() for name, yes in zip(names, chosen, strict=True) if yes}


def rows_of_votes(table: pd.DataFrame, path: Path) -> tuple[list[Row], list[Row]]:
    """Rows with shares, by the columns' names after the first, and those of them with a tie for the largest.

    Raises:
        DataError: a cell that is no number, or an image without votes.
    """
    name, *emotions = table.columns
    votes = numbers(table, emotions, path)
    image = find_images(path.parent)
    rows, ties = [], []
    for file, counts in zip(table[name], votes.to_dict("records"), strict=True):
        shares = shares_of_votes({canonical(emotion): count for emotion, count in counts.items() if count == count})
        if shares is None:
            raise DataError(f"{path} has no votes for {file}; remove the line")
        rows.append(Row(path=image(file), distribution=shares))
        if largest(shares)[1]:
            ties.append(rows[-1])
    return rows, ties


def read_ldl(root: Path, config: Source) -> DataSet:
    """Shares of votes; the label is the class with the largest, the first in the table's order among equals.

    Raises:
        DataError: the table is not of a name and eight counts a line.
    """
    path = root / "ground_truth.txt"
    table = ldl_table(root)
    if table is None:
        raise DataError(f"{path} is not a table of an image's name and eight columns of votes; fetch it again")
    notes: list[str] = []
    if {canonical(str(column)) for column in table.columns[1:]} != set(MIKELS):
        notes.append(f"the header of {path.name} does not name the emotions; taken as {', '.join(LDL_ORDER)}")
        table.columns = [table.columns[0], *LDL_ORDER]
    rows, ties = rows_of_votes(table, path)
    split = official_split(root, notes)
    if split:
        known = [row for row in rows if row.path.name in split]
        if len(known) < len(rows):
            notes.append(f"left out {len(rows) - len(known):,} images that are in no split")
        rows = [Row(path=row.path, split=split[row.path.name], distribution=row.distribution) for row in known]
    if ties:
        notes.append(f"{counted(len(ties), 'images with a tie; the first in the order of the classes counts', names(ties))}")
    return DataSet(root, "ldl", rows, notes=notes)


def read_abstract(root: Path, config: Source) -> DataSet:
    """Shares of votes of the images with one winner.

    Raises:
        DataError: the table is not of a name and eight counts a line.
    """
    path = first_existing(root, "abstract_groundtruth.csv") or root / "ABSTRACT_groundTruth.csv"
    table = read_table(path, quotechar="'")
    if {canonical(str(column)) for column in table.columns[1:]} != set(MIKELS):
        raise DataError(f"{path} does not have the columns {', '.join(MIKELS)} after the image's name; fetch it again")
    table.iloc[:, 0] = table.iloc[:, 0].str.strip()
    rows, ties = rows_of_votes(table, path)
    notes = []
    if ties:
        notes.append(f"left out {counted(len(ties), 'images with a tie, as the authors of the set do', names(ties))}")
    tied = {row.path for row in ties}
    return DataSet(root, "abstract", [row for row in rows if row.path not in tied], notes=notes)


def names(rows: list[Row]) -> list[str]:
    return [row.path.name for row in rows]


LDL = Layout(
    "ldl",
    "images/ and ground_truth.txt of votes in eight columns (FlickrLDL, TwitterLDL)",
    lambda root: root.is_dir() and ldl_table(root) is not None,
    read_ldl,
)
ABSTRACT = Layout(
    "abstract",
    "ABSTRACT_groundTruth.csv of votes (Abstract)",
    lambda root: first_existing(root, "abstract_groundtruth.csv") is not None,
    read_abstract,
)
