"""A painted mask over the map's cells, and the map s' that takes the place of S: what if this had not been noticed?

A mask is uint8 (H, W), 0 to 255 for a share of 0 to 1 of each cell.  It is quantised before anything is computed from it,
so what is evaluated is exactly what a link holds.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.photos.load import Photo, open_photo
from cternet.results.analysis import Analysis
from cternet.results.result import Array

__all__ = [
    "MODES",
    "PRESETS",
    "Mask",
    "Shape",
    "centre",
    "decode",
    "empty",
    "encode",
    "from_image",
    "ignore",
    "look_elsewhere",
    "look_only",
    "paint",
    "share",
]

Mask = NDArray[np.uint8]
Shape = tuple[int, int]
LEAST_LEFT = 0.01
"""Share of S outside a painting under which nothing is moved there: a hundred times as much on a few cells says nothing."""


def checked(mask: NDArray[Any], shape: Shape) -> Mask:
    """The mask, if it is one over these cells.

    Raises:
        ValueError: it is not uint8 or has another shape.
    """
    mask = np.asarray(mask)
    if mask.dtype != np.uint8:
        raise ValueError(f"a painting must be whole numbers from 0 to 255 (uint8), not {mask.dtype}")
    if mask.shape != tuple(shape):
        made_for = "x".join(map(str, mask.shape))
        raise ValueError(f"the painting was made for {made_for} cells, this map has {shape[0]}x{shape[1]}")
    return mask


def share(mask: Mask) -> NDArray[np.float64]:
    """How much of each cell is painted, in [0, 1]."""
    return mask / 255.0


def ignore(s: Array, mask: Mask) -> Array:
    """s' = S (1 - share): the painted area is emptied, nothing else changes, so there is less attention in all.

    An empty mask gives S itself.

    Args:
        s: (H, W).
        mask: uint8 (H, W).

    Raises:
        ValueError: no mask of these cells, or nothing would be left.
    """
    painted = share(checked(mask, s.shape))
    if (painted == 1).all():
        raise ValueError("the painting covers the whole photo: nothing would be left to look at, so leave some of it free")
    return (s * (1 - painted)).astype(np.float32)


def look_elsewhere(s: Array, mask: Mask) -> Array:
    """s' = S (1 - share) * sum(S) / sum(S (1 - share)): what lay on the painted area moves to the rest, in proportion to S.

    Args:
        s: (H, W).
        mask: uint8 (H, W).

    Raises:
        ValueError: no mask of these cells, or nothing would be left to move it to.
    """
    rest = ignore(s, mask).astype(np.float64)
    amount, left = float(s.sum(dtype=np.float64)), float(rest.sum())
    if left <= LEAST_LEFT * amount:
        raise ValueError("there is almost no attention outside the painting to move it to, so leave more of the photo free")
    return (rest * (amount / left)).astype(np.float32)


def look_only(s: Array, mask: Mask) -> Array:
    """s' = share * sum(S) / sum(share): all that S amounts to, spread evenly over the painted area.

    Args:
        s: (H, W).
        mask: uint8 (H, W).

    Raises:
        ValueError: no mask of these cells, or an empty one.
    """
    painted = share(checked(mask, s.shape))
    if not painted.any():
        raise ValueError("the painting is empty: paint where the model should look")
    return (painted * (s.sum(dtype=np.float64) / painted.sum())).astype(np.float32)


MODES: dict[str, Callable[[Array, Mask], Array]] = {
    "ignore": ignore,
    "look-elsewhere": look_elsewhere,
    "look-only": look_only,
}
"""What a painting does to S: the first takes attention away, the others move all there is."""


def paint(analysis: Analysis, mask: Mask, mode: str = "ignore") -> Analysis:
    """The analysis with s' in the place of S; what that does is its ``change_by_painting``, Y(s') - Y(S).

    Raises:
        ValueError: an unknown mode, or a mask it cannot use.
    """
    if mode not in MODES:
        raise ValueError(f"unknown way of painting {mode!r}: choose one of {', '.join(MODES)}")
    return analysis.intervene(MODES[mode](analysis.s, mask))


# --- masks as text and from pictures


def encode(mask: Mask) -> str:
    """The mask as base64url text without padding, row by row: 262 characters for 14x14 cells."""
    return base64.urlsafe_b64encode(np.ascontiguousarray(mask, np.uint8).tobytes()).decode().rstrip("=")


def decode(text: str, shape: Shape) -> Mask:
    """The mask that ``encode`` made this text of; no two texts give the same mask.

    Raises:
        ValueError: the text holds no mask of these cells.
    """
    cells = shape[0] * shape[1]
    damaged = f"this text is not a painting of {shape[0]}x{shape[1]} cells: it was cut, changed or made for another map"
    if len(text) != -(-cells * 4 // 3) or not text.isascii():
        raise ValueError(damaged)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(damaged) from None
    mask = np.frombuffer(data, np.uint8)
    # "+" and "/" are read as well as "-" and "_", and the last character has spare bits: only the one true text counts.
    if mask.size != cells or encode(mask) != text:
        raise ValueError(damaged)
    return mask.reshape(shape).copy()


def from_image(image: Photo, shape: Shape) -> Mask:
    """A picture of any size as a mask: white is painted, black and transparent are not, each cell the average over its area.

    Args:
        image: a path, a PIL image, or an RGB uint8 array.
        shape: cells (H, W); the picture is stretched over them.

    Raises:
        ImageError: the picture cannot be read.
    """
    grey = np.asarray(open_photo(image, "black").convert("L"))
    for axis, cells in enumerate(shape):
        if grey.shape[axis] < cells:  # the area average below needs pixels no larger than cells
            grey = grey.repeat(cells, axis=axis)
    average = cv2.resize(grey.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.clip(np.round(average), 0, 255).astype(np.uint8)


def empty(shape: Shape) -> Mask:
    """Nothing painted."""
    return np.zeros(shape, np.uint8)


def centre(shape: Shape) -> Mask:
    """The middle half of each side, a quarter of the photo."""
    return rectangle(shape, 1 / 4)


def border(shape: Shape) -> Mask:
    """The outer eighth at each side, 44 % of the photo."""
    return 255 - rectangle(shape, 1 / 8)


PRESETS: dict[str, Callable[[Shape], Mask]] = {"centre": centre, "border": border}
"""Masks to start from."""


def rectangle(shape: Shape, margin: float) -> Mask:
    """What lies at least ``margin`` of each side away from the edge; cells on its outline by the share inside."""
    inside = []
    for cells in shape:
        edges = np.arange(cells + 1) / cells
        inside.append(np.diff(np.clip(edges, margin, 1 - margin)) * cells)
    return np.round(np.round(255 * np.outer(*inside), 6)).astype(np.uint8)  # halves must not fall by the last binary digit
