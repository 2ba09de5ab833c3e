"""One call from settings to examples, for training, evaluation and ablations alike."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.data.config import DataConfig
from training.data.inspection import groups_of, inspect_all
from training.data.layouts import read
from training.data.rows import DataError, DataSet
from training.data.splits import with_splits
from training.data.targets import Example, examples, require_images


def load_examples(
    config: DataConfig, classes: Sequence[str] | None, splits: Sequence[str] | None, *, every_class: bool = False
) -> list[Example]:
    """The examples of ``splits``, or all, in the data set's order; unreadable images are still among them.

    A set without official splits gets them on first use, in a file that is reused (``training.data.splits``).  What the reader
    decided or left out is said on stderr.

    Args:
        config: which data.
        classes: of the network; None for a task that learns something else of the rows, which are then all there.
        splits: some of train, val, test; None takes every image and makes no splits.
        every_class: demand images of every class in each split, as training does.

    Raises:
        DataError: the data cannot be used as they are.
    """
    data = read(config)
    found = examples(data, classes, config)  # first: wrong labels are refused at once, the search for duplicates takes minutes
    if config.several_labels == "skip":
        found, data = without_contradictions(found, data)
    if splits is not None:
        data = with_splits(data, config)
        split_of = {row.path: row.split for row in data.rows}
        found = [replace(example, split=split_of[example.path]) for example in found if split_of[example.path] in splits]
        require_images(found, (classes or ()) if every_class else (), data.root, splits)
    if not found:
        raise DataError(f"{data.root} has no image with a label to use; give a folder with labelled images with --data")
    for note in data.notes:
        print(f"{data.root}: {note}", file=sys.stderr)
    return found


def without_contradictions(found: Sequence[Example], data: DataSet) -> tuple[list[Example], DataSet]:
    """The examples without the near-duplicates that have different labels, and the data set with a note of them."""
    labels: dict[Path, set[int | None]] = {}
    for example in found:
        labels.setdefault(example.path, set()).add(example.label)
    groups = groups_of(list(labels), inspect_all(list(labels), "looking for pictures under several labels"))
    several = [group for group in groups if any(labels[path] != labels[group[0]] for path in group)]
    out = {path for group in several for path in group}
    note = f"left out {len(out):,} images that are {len(several):,} pictures under several labels"
    note += f" (the largest is found {len(several[0]):,} times: {several[0][0]})" if several else ""
    return [example for example in found if example.path not in out], replace(data, notes=[*data.notes, note])
