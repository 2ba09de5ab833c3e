"""Emotion6: ``images/<keyword>/N.jpg`` and a tab-separated ``ground_truth.txt``.

Peng et al., "A mixed bag of emotions: model, predict, and transfer emotion distributions", CVPR 2015: valence and arousal
(1 to 9) and the shares of raters for Ekman's six and neutral.  The folder is the keyword the image was searched by, not its
label: the label is the class with the largest share, so neutral is left out of it where it is none of the classes.
"""

from pathlib import Path

from training.data.config import Source
from training.data.labels import largest, shares_of_votes
from training.data.layouts.base import Layout, counted, numbers, read_table
from training.data.rows import DataError, DataSet, Row

COLUMNS = ("file", "valence", "arousal", "anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")


def matches(root: Path) -> bool:
    path = root / "ground_truth.txt"
    if not path.is_file():
        return False
    with path.open(errors="replace") as file:
        lines = [file.readline(), file.readline()]
    return len(lines[1].rstrip("\r\n").split("\t")) == len(COLUMNS)


def read(root: Path, config: Source) -> DataSet:
    """Columns by their place: the header's wording differs between copies.

    Raises:
        DataError: not ten columns, or a cell that is no number.
    """
    path = root / "ground_truth.txt"
    table = read_table(path)
    if table.shape[1] != len(COLUMNS):
        raise DataError(f"{path} has {table.shape[1]} columns, not {len(COLUMNS)} ({', '.join(COLUMNS)}); fetch it again")
    table.columns = list(COLUMNS)
    values = numbers(table, COLUMNS[1:], path)
    images = root / "images" if (root / "images").is_dir() else root
    rows = []
    for file, rating in zip(table["file"], values.to_dict("records"), strict=True):
        shares = shares_of_votes({name: rating[name] for name in COLUMNS[3:]})
        if shares is None:
            raise DataError(f"{path} has no shares for {file}; remove the line")
        rows.append(Row(path=images / file, distribution=shares, valence=rating["valence"], arousal=rating["arousal"]))
    neutral = [row.path for row in rows if row.distribution and largest(row.distribution)[0] == "neutral"]
    notes = []
    if neutral:
        notes.append(counted(len(neutral), "images of which most raters said neutral; the next largest counts", neutral))
    return DataSet(root, "emotion6", rows, scale=(1.0, 9.0), notes=notes)


LAYOUT = Layout("emotion6", "images/<class>/N.jpg and ground_truth.txt of ten columns (Emotion6)", matches, read)
