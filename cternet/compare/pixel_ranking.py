"""The order in which a map ranks the places of a photo, and the random map that is the control of every other."""

import hashlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.show.overlay import resize_map

SMOOTH = 1 / 10
"""Deviation of a smooth random map's blur, in sides of its grid."""
LEVELS = 1_000_000
"""Values closer than a millionth of a map's range are a tie: resizing a plateau leaves such differences, which mean nothing."""


def generator(photo: NDArray[np.uint8], purpose: str) -> np.random.Generator:
    """Random numbers that are the same wherever and whenever the same photo is looked at, others for another ``purpose``."""
    digest = hashlib.sha256(purpose.encode() + np.ascontiguousarray(photo).tobytes()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def random_map(shape: tuple[int, int], photo: NDArray[np.uint8], number: int = 0) -> NDArray[np.float32]:
    """A control on the grid ``shape``, seeded by what is in the photo: even ``number`` cell by cell, odd ones smooth.

    Cell by cell: independent uniform values in [0, 1).  Smooth: the same, blurred over ``SMOOTH`` of the grid, for maps of real
    methods are smooth, and removing one patch is not removing many.
    """
    values = generator(photo, f"map {number}" if number else "map").random(shape, np.float32)
    return values if number % 2 == 0 else np.asarray(cv2.GaussianBlur(values, (0, 0), SMOOTH * max(shape)), np.float32)


def stretched(values: NDArray[Any]) -> NDArray[np.float32]:
    """A map from its lowest value, 0, to its highest, 1, so that a resize rounds little beside the range; flat is 0."""
    above = np.asarray(values, np.float64) - values.min()
    return (above / (above.max() or 1)).astype(np.float32)


def levels(values: NDArray[Any]) -> NDArray[np.int64]:
    """Values in [0, 1] to whole numbers of the same order; those that differ by rounding become equal."""
    return np.rint(np.asarray(values, np.float64) * LEVELS).astype(np.int64)


def ranks(values: NDArray[Any], size: tuple[int, int], ties: NDArray[Any]) -> NDArray[np.int64]:
    """Each pixel's place in the descending order of a map: 0 for the pixel it ranks highest.

    Ties are common, since a map cut off at 0 is 0 on half of the photo.  Pixel order would favour the top of the photo, and
    pixels drawn one by one would be removed as salt and pepper, which disturbs a network in its own way; so tied pixels take
    the order the random map gives them, in patches as large as those of any other map.  A map that is the same everywhere
    thereby scores what the random map scores.

    Args:
        values: (H, W), resized to ``size`` (height, width) like every map that is drawn; signed maps by value.
        ties: (H', W'), a random map.
    """
    ranked, tied = (levels(resize_map(stretched(one), size)).ravel() for one in (values, ties))
    found = np.empty(ranked.size, np.int64)
    found[np.lexsort((-tied, -ranked))] = np.arange(ranked.size)
    return found.reshape(size)
