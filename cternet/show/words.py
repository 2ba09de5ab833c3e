"""How results are put into words and numbers: no drawing, so that anything may read it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cternet.networks.allocations import ALLOCATIONS
from cternet.results.analysis import Analysis

__all__ = [
    "counterfactual_title",
    "place",
    "significant",
    "third",
    "where",
]


def significant(value: float) -> str:
    """Three significant digits with sign."""
    return "0" if value == 0 else f"{value:+#.3g}".rstrip(".")


def counterfactual_title(analysis: Analysis) -> str:
    """What S* is, in a few words."""
    c = analysis.counterfactual
    seed = "" if c.seed is None else f", seed {c.seed}"
    return f"{ALLOCATIONS[c.allocation].words} {c.level.replace('-', ' ')}{seed}"


def where(values: NDArray[Any]) -> str:
    """In words, where a map (H, W) is strongest: for those who do not see it."""
    row, column = np.unravel_index(int(np.argmax(values)), values.shape)
    return third((int(row), int(column)), values.shape)


PLACES = {
    "upper left": "the upper left",
    "upper centre": "the top",
    "upper right": "the upper right",
    "middle left": "the left side",
    "middle centre": "the middle",
    "middle right": "the right side",
    "lower left": "the lower left",
    "lower centre": "the bottom",
    "lower right": "the lower right",
}


def place(values: NDArray[Any]) -> str:
    """As in ``where``, for the middle of a sentence: "the upper left of the photo"."""
    return f"{PLACES[where(values)]} of the photo"


def third(cell: Sequence[float], shape: tuple[int, ...]) -> str:
    """Which ninth of the photo a cell's centre lies in."""
    row, column = (int(3 * (index + 0.5) / length) for index, length in zip(cell, shape, strict=True))
    return f"{('upper', 'middle', 'lower')[row]} {('left', 'centre', 'right')[column]}"
