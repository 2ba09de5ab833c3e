"""Colours of maps and charts, and the scale that says what they mean."""

from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import Colormap
from numpy.typing import NDArray

__all__ = [
    "COUNTERFACTUAL",
    "DIVERGING",
    "EFFECT",
    "FACTUAL",
    "GAIN",
    "LOSS",
    "SEQUENTIAL",
    "Scale",
    "colour_map",
    "shared_scale",
    "signed_scale",
]

SEQUENTIAL: tuple[str, ...] = ("magma", "viridis", "cividis", "gray")
"""Perceptually uniform colour maps for attention; gray as in the paper's Figure 4."""
DIVERGING = "RdBu_r"
"""Colour map of signed effects, neutral at 0."""
FACTUAL, COUNTERFACTUAL, EFFECT = "#3a87ad", "#e8824a", "#5d8a60"
GAIN, LOSS = "#c0392b", "#2c6fb0"
"""What attention added to an emotion, and what it took: the two ends of ``DIVERGING``."""
"""Blue, orange and green, as in the paper's Figure 1."""


@dataclass(frozen=True)
class Scale:
    """The values at the two ends of a colour bar."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            raise ValueError("the map has non-finite values")

    @property
    def flat(self) -> bool:
        """Whether there is nothing to tell apart: the values differ by no more than rounding."""
        return self.high - self.low <= 1e-6 * max(abs(self.low), abs(self.high), 1e-12)

    def text(self, value: float) -> str:
        """A value on this scale in three significant digits; 0 for what cannot be told from it here."""
        return f"{value:.3g}" if abs(value) > 1e-4 * max(abs(self.low), abs(self.high)) else "0"

    def normalise(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values to [0, 1]; 0.5 everywhere on a flat scale."""
        if self.flat:
            return np.full(np.shape(values), 0.5)
        return np.clip((values - self.low) / (self.high - self.low), 0, 1)


def shared_scale(*maps: NDArray[Any]) -> Scale:
    """One scale over several maps, so that colours compare."""
    return Scale(float(min(m.min() for m in maps)), float(max(m.max() for m in maps)))


def signed_scale(values: NDArray[Any]) -> Scale:
    """A scale centred on 0."""
    top = float(np.abs(values).max())
    return Scale(-top, top)


def colour_map(name: str) -> Colormap:
    """The matplotlib colour map of that name, among those offered.

    Raises:
        ValueError: another name.
    """
    if name not in (*SEQUENTIAL, DIVERGING):
        raise ValueError(f"unknown colour map {name!r}: choose one of {', '.join(SEQUENTIAL)}")
    return matplotlib.colormaps[name]
