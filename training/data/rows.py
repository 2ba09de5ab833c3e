"""A data set as a manifest: one row an image, whatever its layout on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SPLITS = ("train", "val", "test")
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


class DataError(Exception):
    """The data cannot be used as they are; the message names the path and the mend."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One image and what its data set says of it; None where it says nothing."""

    path: Path
    split: str | None = None
    """train, val or test; None in a set without official splits."""
    label: str | None = None
    """Emotion or polarity, by name."""
    distribution: Mapping[str, float] | None = None
    """Shares of the raters by emotion; they sum to 1."""
    valence: float | None = None
    """In the set's own units (``DataSet.scale``)."""
    arousal: float | None = None
    """In the set's own units."""
    stimulus_map: Path | None = None
    """Picture of where the emotion is, by human marking."""


@dataclass(frozen=True)
class DataSet:
    """What a reader found.

    root: folder or file that was read.  layout: the reader's name.  classes: label names, in the table's order.
    scale: lowest and highest valence that can be given.  notes: what the reader left out or decided, in words.
    """

    root: Path
    layout: str
    rows: list[Row]
    classes: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)
