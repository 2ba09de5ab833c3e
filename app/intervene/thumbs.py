"""Pictures small enough to travel with every stroke."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.html import data_uri
from cternet import Analysis
from cternet.compare import shrunk
from cternet.show.colours import Scale, colour_map
from cternet.show.words import where


@dataclass(frozen=True)
class Thumb:
    """A map's cells, which the browser smooths over the photo, and what they show."""

    uri: str
    alt: str


def map_picture(values: NDArray, scale: Scale, cmap: str = "magma") -> str:
    """A map (H, W) as a picture of one pixel a cell."""
    return data_uri(np.round(colour_map(cmap)(scale.normalise(values))[..., :3] * 255).astype(np.uint8))


def thumb(values: NDArray, scale: Scale, title: str, cmap: str = "magma") -> Thumb:
    return Thumb(map_picture(values, scale, cmap), f"{title}, strongest in the {where(values)}")


def photo_picture(pixels: NDArray[np.uint8], side: int = 640) -> str:
    """A photo (h, w, 3), its longer side at most ``side`` pixels."""
    return data_uri(shrunk(pixels, side), "jpeg")


def aspect(analysis: Analysis) -> str:
    """The photo's aspect ratio, as CSS takes it."""
    height, width = analysis.photo.shape[:2]
    return f"{width} / {height}"
