"""Maps as pictures: colour, overlay, colour scale."""

from dataclasses import dataclass

import cv2
import matplotlib
import numpy as np
from matplotlib.colors import Colormap
from numpy.typing import NDArray

SEQUENTIAL: tuple[str, ...] = ("magma", "viridis", "cividis", "gray")
"""Perceptually uniform colour maps for attention; gray as in the paper's Figure 4."""
DIVERGING = "RdBu_r"
"""Colour map of signed effects, neutral at 0."""


@dataclass(frozen=True)
class Scale:
    """The values at the two ends of a colour bar."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            raise ValueError("the map has values that are not finite numbers")

    @property
    def flat(self) -> bool:
        """Whether there is nothing to tell apart: the values differ by no more than rounding."""
        return self.high - self.low <= 1e-6 * max(abs(self.low), abs(self.high), 1e-12)

    def text(self, value: float) -> str:
        """A value on this scale in three significant digits; 0 for what cannot be told from it here."""
        return f"{value:.3g}" if abs(value) > 1e-4 * max(abs(self.low), abs(self.high)) else "0"

    def normalise(self, values: NDArray) -> NDArray:
        """Values to [0, 1]; 0.5 everywhere on a flat scale."""
        if self.flat:
            return np.full(np.shape(values), 0.5)
        return np.clip((values - self.low) / (self.high - self.low), 0, 1)


def shared_scale(*maps: NDArray) -> Scale:
    """One scale over several maps, so that colours compare."""
    return Scale(float(min(m.min() for m in maps)), float(max(m.max() for m in maps)))


def signed_scale(values: NDArray) -> Scale:
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


def resize_map(values: NDArray, size: tuple[int, int], *, smooth: bool = True) -> NDArray[np.float32]:
    """A map (H, W) at (height, width) pixels: bilinear, or with its cells visible."""
    method = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cv2.resize(np.asarray(values, np.float32), size[::-1], interpolation=method)


def overlay(
    photo: NDArray[np.uint8],
    values: NDArray,
    scale: Scale,
    *,
    cmap: str = SEQUENTIAL[0],
    opacity: float = 0.6,
    smooth: bool = True,
) -> NDArray[np.uint8]:
    """A coloured map over the photo's grey values.

    Args:
        photo: (h, w, 3) uint8 RGB.
        values: (H, W), stretched over the photo.
        scale: what the colours' ends mean.
        opacity: 0 shows the photo alone, 1 the map alone.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    enlarged = resize_map(values, photo.shape[:2], smooth=smooth)
    coloured = colour_map(cmap)(scale.normalise(enlarged))[..., :3] * 255.0
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    # Colour carries the map, so the photo fades to grey as the map gets opaque.
    base = photo * (1 - opacity) + grey * opacity
    return np.round(base * (1 - opacity) + coloured * opacity).astype(np.uint8)
