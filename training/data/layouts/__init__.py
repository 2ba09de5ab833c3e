"""Layouts on disk, each told from its files and read into rows.  A new data set is a new file here and a line below."""

from dataclasses import replace
from pathlib import Path

from training.data.config import Source
from training.data.labels import canonical
from training.data.layouts import (
    caers,
    class_folders,
    emoset,
    emotic,
    emotion6,
    emotionroi,
    flat_names,
    hub,
    manifest,
    oasis,
    twitter1,
    votes,
)
from training.data.layouts.base import Layout, subfolders, visible
from training.data.rows import DataError, DataSet

LAYOUTS: tuple[Layout, ...] = (
    hub.LAYOUT,
    manifest.LAYOUT,
    emoset.LAYOUT,
    emotic.LAYOUT,
    emotion6.LAYOUT,
    votes.LDL,
    votes.ABSTRACT,
    emotionroi.LAYOUT,
    twitter1.LAYOUT,
    oasis.LAYOUT,
    flat_names.LAYOUT,
    caers.LAYOUT,
    class_folders.LAYOUT,
)
"""Tried in this order: those told by a file of their own before those told by folders alone."""


def detect(root: Path) -> Layout:
    """The first layout that the path looks like.

    Raises:
        DataError: none; the message lists what is known and what was found.
    """
    for layout in LAYOUTS:
        if layout.matches(root):
            return layout
    if root.is_dir():
        entries = [path.name + "/" * path.is_dir() for path in visible(root)]
        found = ", ".join(entries[:8]) + (f" and {len(entries) - 8} more" if len(entries) > 8 else "") or "nothing"
    else:
        found = "a file that is neither .csv nor .parquet"
    known = "; ".join(f"{layout.name}: {layout.looks}" for layout in LAYOUTS)
    raise DataError(
        f"{root} has an unknown layout, found {found}; arrange it as one of the known layouts, write a manifest, or "
        f"choose with --layout ({known})"
    )


def unwrapped(root: Path) -> Path:
    """The folder itself, or the one folder it holds with a known layout inside, as archives are often unpacked."""
    inside = subfolders(root) if root.is_dir() else []
    if len(inside) == 1 and not any(layout.matches(root) for layout in LAYOUTS):
        deeper = unwrapped(inside[0])
        return deeper if any(layout.matches(deeper) for layout in LAYOUTS) else root
    return root


def read(config: Source) -> DataSet:
    """The data set at ``config.data``, with its official splits only.

    Raises:
        DataError: nothing there, an unknown layout, or whatever the reader finds wrong.
    """
    root = Path(config.data)
    if not root.exists() and not hub.matches(root):
        raise DataError(f"{root} is not a folder or manifest; give the data set with --data")
    if config.layout == "auto":
        root = unwrapped(root)
        layout = detect(root)
    else:
        layout = next((layout for layout in LAYOUTS if layout.name == config.layout), None)
        if layout is None:
            raise DataError(f"--layout {config.layout} is none of {', '.join(layout.name for layout in LAYOUTS)}")
    data = layout.read(root, config)
    if config.without:
        data = leave_out(data, {canonical(name) for name in config.without})
    if not data.rows:
        raise DataError(f"{root} lists no image ({layout.name}); fetch it again, or leave out less")
    return data


def leave_out(data: DataSet, names: set[str]) -> DataSet:
    """The data set without some classes, as another subset: its split file is another too.

    Raises:
        DataError: a name that no image has.
    """
    unknown = names - {name for row in data.rows for name in row.emotions}
    if unknown:
        found = ", ".join(data.classes)
        raise DataError(f"{data.root} has no image of {', '.join(sorted(unknown))} for --without, only of {found}")
    rows = [row for row in data.rows if not names & set(row.emotions)]
    subset = "-".join(filter(None, (data.subset, "without", *sorted(names))))
    note = f"left out {len(data.rows) - len(rows):,} images of {', '.join(sorted(names))} (--without)"
    return replace(data, rows=rows, notes=[*data.notes, note], subset=subset)
