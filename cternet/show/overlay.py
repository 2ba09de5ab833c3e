"""A map over its photo."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.show.colours import SEQUENTIAL, Scale, colour_map

__all__ = [
    "overlay",
    "resize_map",
]


def resize_map(values: NDArray[Any], size: tuple[int, int], *, smooth: bool = True) -> NDArray[np.float32]:
    """A map (H, W) at (height, width) pixels: bilinear, or with its cells visible."""
    method = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    resized: NDArray[Any] = cv2.resize(np.asarray(values, np.float32), size[::-1], interpolation=method)
    return resized


def overlay(
    photo: NDArray[np.uint8],
    values: NDArray[Any],
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
