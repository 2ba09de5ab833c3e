"""From what a data set says to what a network learns: rows by name -> examples by class index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cternet.emotions import POLARITY, POLARITY_CLASSES
from training.data.config import DataConfig
from training.data.labels import canonical
from training.data.rows import DataError, DataSet, Row


@dataclass(frozen=True)
class Example:
    """One image to learn from or to be measured on.

    label: index into the network's classes, None where there are none.  shares: of the raters by class, where the set has them;
    they sum to 1.  The rest is what its row says, for tasks that learn it: box (left, top, right, bottom) in pixels of the
    person it is about, categories that hold together, valence and arousal in the set's own units, whose ends are ``scale``.
    """

    path: Path
    label: int | None
    split: str | None
    shares: tuple[float, ...] | None = None
    stimulus_map: Path | None = None
    box: tuple[int, int, int, int] | None = None
    categories: tuple[str, ...] = ()
    valence: float | None = None
    arousal: float | None = None
    scale: tuple[float, float] | None = None

    @classmethod
    def of(cls, row: Row, data: DataSet, label: int | None = None, shares: tuple[float, ...] | None = None) -> "Example":
        """What a row of a data set says, and what it counts for in terms of a network's classes."""
        kept = ("path", "split", "stimulus_map", "box", "categories", "valence", "arousal")
        return cls(label=label, shares=shares, scale=data.scale, **{name: getattr(row, name) for name in kept})


def examples(data: DataSet, classes: Sequence[str] | None, config: DataConfig) -> list[Example]:
    """The data set's rows in terms of ``classes``; all of them as they are, where there are none.

    A label or a share of votes counts for the class of its name, or, where the classes are the two polarities, for the
    side of its emotion.  Without a label, the class with the largest share counts (the first of ``classes`` among equals), else
    the side of the valence's middle.  What is left out is told in ``data.notes``.

    Raises:
        DataError: labels that are none of the classes, unless they are to be skipped.
    """
    if classes is None:
        return [Example.of(row, data) for row in data.rows]
    found: list[Example] = []
    others: dict[str, list[Row]] = {}
    for row in data.rows:
        shares = shares_of(row, classes, config)
        label = label_of(row, shares, data, classes, config)
        if label is None:
            others.setdefault(" + ".join(row.emotions) or "no label", []).append(row)
        else:
            found.append(Example.of(row, data, label, shares))
    if set(classes) == set(POLARITY_CLASSES) and config.surprise == "skip" and "surprise" in others:
        count = len(others.pop("surprise"))
        data.notes.append(f"left out {count:,} images of surprise, which has no polarity of its own (--surprise gives it one)")
    listing = "; ".join(f"{name}: {len(rows):,} (first: {rows[0].path})" for name, rows in others.items())
    if others and config.other_labels == "skip":
        data.notes.append(f"left out images that are none of the classes: {listing}")
    if others and config.other_labels == "fail":
        raise DataError(
            f"{data.root} has labels that are none of the classes {', '.join(classes)}: {listing}. "
            "Leave these images out with --other-labels skip, train on the classes you have with --model.classes, or evaluate "
            "polarity alone with --polarity"
        )
    return found


def require_images(found: Sequence[Example], classes: Sequence[str], root: Path | str, splits: Sequence[str]) -> None:
    """Every one of ``splits`` has images, and of all ``classes``.

    Raises:
        DataError: an empty split or class.
    """
    for split in splits:
        present = {example.label for example in found if example.split == split}
        if not present:
            raise DataError(
                f"{root} has no image in the split {split}; add some, or give it without official splits to have them made"
            )
        missing = [name for label, name in enumerate(classes) if label not in present]
        if missing:
            raise DataError(
                f"{root} has no image of {', '.join(missing)} in the split {split}; add some, "
                "or name the classes you have with --model.classes"
            )


def class_of(name: str, classes: Sequence[str], surprise: str) -> int | None:
    """Index of the class that ``name`` counts for."""
    name = canonical(name)
    if name not in classes and set(classes) == set(POLARITY_CLASSES):
        name = surprise if name == "surprise" else POLARITY.get(name, "")
    return list(classes).index(name) if name in classes else None


def shares_of(row: Row, classes: Sequence[str], config: DataConfig) -> tuple[float, ...] | None:
    """The row's distribution over ``classes``, without what is none of them."""
    if row.distribution is None:
        return None
    shares = [0.0] * len(classes)
    for name, share in row.distribution.items():
        index = class_of(name, classes, config.surprise)
        if index is not None:
            shares[index] += share
    total = sum(shares)
    return tuple(share / total for share in shares) if total > 0 else None


def label_of(
    row: Row, shares: tuple[float, ...] | None, data: DataSet, classes: Sequence[str], config: DataConfig
) -> int | None:
    if row.label is not None:
        return class_of(row.label, classes, config.surprise)
    if shares is not None:
        return shares.index(max(shares))
    if row.valence is not None and data.scale is not None and set(classes) == set(POLARITY_CLASSES):
        middle = sum(data.scale) / 2
        return None if row.valence == middle else list(classes).index("positive" if row.valence > middle else "negative")
    return None
