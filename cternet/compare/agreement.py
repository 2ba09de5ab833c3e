"""How alike two maps order the places of a photo: Spearman's rank correlation, which no scale or unit of a map changes."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.compare.pixel_ranking import levels, stretched


def agreement(maps: Sequence[NDArray[Any] | None]) -> NDArray[np.float64]:
    """Spearman's rank correlation of every two maps (H, W), each on its own grid or None, as (M, M) in [-1, 1].

    Two maps are compared on the coarser of their grids, the finer one averaged over its cells: so their number does not depend
    on which other maps are there.  NaN where one is missing, or the same everywhere on that grid; 1 of a map with itself.
    """
    from scipy.stats import spearmanr  # a quarter of a second for all who compare nothing

    found = np.full((len(maps), len(maps)), np.nan)
    present = {index: values for index, values in enumerate(maps) if values is not None}
    found[list(present), list(present)] = 1
    for one, other in combinations(present, 2):
        height, width = np.minimum(present[one].shape, present[other].shape).tolist()
        ordered = [averaged(present[index], (height, width)) for index in (one, other)]
        if all(np.ptp(values) for values in ordered):
            found[one, other] = found[other, one] = spearmanr(*ordered).statistic
    return found


def averaged(values: NDArray[Any], grid: tuple[int, int]) -> NDArray[np.int64]:
    """The order of a map's means over the cells of a coarser grid, flat; ties where they differ by rounding."""
    return levels(cv2.resize(stretched(values), grid[::-1], interpolation=cv2.INTER_AREA)).ravel()
