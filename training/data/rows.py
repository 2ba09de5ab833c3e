"""A data set as a manifest: one row an image, whatever its layout on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.data.labels import largest, ordered

SPLITS = ("train", "val", "test")


class DataError(Exception):
    """The data cannot be used as they are; the message names the path and how to fix it."""


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
    dominance: float | None = None
    """In the set's own units."""
    stimulus_map: Path | None = None
    """Picture of where the emotion is, by human marking."""
    box: tuple[int, int, int, int] | None = None
    """Left, top, right, bottom of the person it is about, in pixels; an image may then have several rows."""
    categories: tuple[str, ...] = ()
    """Names that hold together, where one label would not do."""

    @property
    def emotions(self) -> tuple[str, ...]:
        """What the image counts for: its label, else the largest share, else its categories."""
        if self.label is not None:
            return (self.label,)
        return (largest(self.distribution)[0],) if self.distribution else self.categories


@dataclass(frozen=True)
class DataSet:
    """What a reader found.

    root: folder or file that was read.  layout: the reader's name.  scale: lowest and highest rating that can be given.
    notes: what the reader left out or decided, in words.  subset: name of the part read, where a setting chooses one.
    """

    root: Path
    layout: str
    rows: list[Row]
    scale: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)
    subset: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that occur, in the table's order."""
        return ordered(name for row in self.rows for name in (*row.emotions, *(row.distribution or ())))
