"""Filling removed pixels from their surroundings: noisy linear imputation.

Rong et al., "A Consistent and Efficient Evaluation Strategy for Attribution Methods", ICML 2022, https://arxiv.org/abs/2202.00449.

Each removed pixel is the weighted mean of its eight neighbours, removed ones included: a sparse linear system.  The equations
are those of the grad-cam package's ``NoisyLinearImputer``.  Its assembly and general solver take two to three times as long as
the rows of one Laplacian and a solver for symmetric matrices, and its noise is of torch's global generator; here it is given.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

NEIGHBOURS = (((0, 1), 1 / 6), ((1, 0), 1 / 6), ((1, 1), 1 / 12), ((1, -1), 1 / 12))
"""Offset (down, right) and weight of one neighbour of each opposite pair."""


@lru_cache(maxsize=4)
def laplacian(height: int, width: int) -> sparse.csc_array:
    """(N, N) with N = height * width: a pixel's sum of weights on the diagonal, minus its neighbours' weights beside it."""
    index = np.arange(height * width).reshape(height, width)
    weights = sparse.csc_array((height * width, height * width))
    for (down, right), weight in NEIGHBOURS:
        here = index[: height - down, max(-right, 0) : width - max(right, 0)].ravel()
        there = index[down:, max(right, 0) : width + min(right, 0)].ravel()
        weights += sparse.csc_array((np.full(here.size, weight), (here, there)), weights.shape)
    weights = weights + weights.T
    return (sparse.diags_array(weights.sum(axis=0)) - weights).tocsc()


def impute(image: NDArray[Any], removed: NDArray[np.bool_], noise: NDArray[Any]) -> NDArray[np.float32]:
    """The image with its removed pixels filled.

    Args:
        image: (C, H, W).
        removed: (H, W), not all of them.
        noise: (C, H, W), added to removed pixels, so that what was removed cannot be told by its smoothness.
    """
    pixels, gone = image.reshape(len(image), -1), removed.ravel()
    columns = laplacian(*removed.shape)[:, gone]
    system = splu(columns[gone].tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    filled = np.array(pixels, np.float32)
    filled[:, gone] = system.solve(-(columns[~gone].T @ pixels[:, ~gone].T.astype(np.float64))).T
    filled[:, gone] += noise.reshape(pixels.shape)[:, gone]
    return filled.reshape(image.shape)
