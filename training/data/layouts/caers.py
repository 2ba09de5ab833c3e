"""CAER-S with faces: ``{train,test}/<Class>/*.png``, and ``{train,test}.txt`` with a line a picture beside them.

Lee et al., "Context-Aware Emotion Recognition Networks", ICCV 2019: stills of television series in seven classes.  A line is
``test/Happy/0001.png,3,278,110,363,195``: the picture, the number of its class, and the face's left, top, right and bottom, as
https://github.com/larrylu0426/CAERS-Annotation has them.  Without these lists it is a set of class folders as any other.
"""

from dataclasses import replace
from pathlib import Path

from training.data.config import Source
from training.data.layouts import class_folders
from training.data.layouts.base import Layout, counted, first_existing, numbers, read_table
from training.data.rows import SPLITS, DataError, DataSet

COLUMNS = ["picture", "class", "left", "top", "right", "bottom"]


def lists(root: Path) -> list[Path]:
    """The files that say where faces are."""
    named = [first_existing(root, f"{split}.txt") for split in SPLITS]
    return [path for path in named if path is not None and path.is_file()]


def matches(root: Path) -> bool:
    return root.is_dir() and bool(class_folders.split_folders(root)) and bool(lists(root))


def boxes(path: Path, root: Path) -> dict[Path, tuple[int, int, int, int]]:
    """Where the face is in each picture of a list.

    Raises:
        DataError: a list of another form.
    """
    table = read_table(path, header=False)
    if len(table.columns) != len(COLUMNS):
        raise DataError(f"{path} has {len(table.columns)} columns, not the {len(COLUMNS)} of {', '.join(COLUMNS)}")
    table.columns = COLUMNS
    edges = numbers(table, COLUMNS[2:], path)
    if edges.isna().any(axis=None):
        line = int(edges.isna().any(axis=1).argmax()) + 1
        raise DataError(f"line {line} of {path} lacks an edge of the face; repair it, or leave the line out")
    found = zip(table["picture"], edges.astype(int).itertuples(index=False), strict=True)
    return {root / name.strip().replace("\\", "/"): tuple(box) for name, box in found}


def read(root: Path, config: Source) -> DataSet:
    """Classes and splits by the folders' names; pictures that a list leaves out are left out.

    Raises:
        DataError: see ``class_folders``; or a list that cannot be read, or names none of the pictures.
    """
    data = class_folders.read(root, config)
    files = lists(root)
    faces = {picture: box for path in files for picture, box in boxes(path, root).items()}
    listed = {path.stem.lower() for path in files}
    rows = [replace(row, box=faces.get(row.path)) for row in data.rows if row.path in faces or row.split not in listed]
    if not any(row.box for row in rows):
        raise DataError(f"{', '.join(map(str, files))} name no picture of {root}; give paths like test/Happy/0001.png in them")
    kept = {row.path for row in rows}
    notes = list(data.notes)
    if out := [row.path for row in data.rows if row.path not in kept]:
        notes.append(f"left out {counted(len(out), 'pictures that the lists of faces leave out', out)}")
    return replace(data, layout=LAYOUT.name, rows=rows, notes=notes)


LAYOUT = Layout("caer-s", "{train,test}/<Class>/*.png beside {train,test}.txt of faces (CAER-S)", matches, read)
