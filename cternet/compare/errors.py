"""What can go wrong with a map."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Values = TypeVar("Values", bound=NDArray[Any])


class MapError(ValueError):
    """A map cannot be had or says nothing; the message says why, for the person who asked for it."""


def require_contrast(values: Values) -> Values:
    """A map (H, W) that tells places apart.

    Raises:
        MapError: it does not.
    """
    if not np.isfinite(values).all():
        raise MapError("this map has non-finite values, so it cannot be shown")
    if np.ptp(values) <= 1e-6 * max(float(np.abs(values).max()), 1e-12):
        raise MapError(f"this map is the same everywhere ({values.flat[0]:.3g}), so it singles out no place")
    return values
