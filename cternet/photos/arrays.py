"""Arrays and tensors as photos."""

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

SHAPES = "an array must have the shape (h, w, 3) or (h, w), a torch tensor (3, h, w) or (1, h, w)"


def from_array(values: Any) -> Image.Image:
    """An RGB picture of samples that are sRGB already.

    Args:
        values: a numpy array (h, w, 3), (h, w, 1) or (h, w), or a torch tensor on the CPU (3, h, w), (1, h, w) or (h, w):
            RGB or grey, uint8, or floats in [0, 1].

    Raises:
        ValueError: of another type, shape or range.
    """
    shape = tuple(getattr(values, "shape", ()))  # as it was handed over
    if isinstance(values, Tensor):
        values = (values.float() if values.is_floating_point() else values).numpy()
        values = np.moveaxis(values, 0, -1) if values.ndim == 3 else values
    if not isinstance(values, np.ndarray):
        raise ValueError(f"a photo is a path, a PIL image, a numpy array or a torch tensor, not {type(values).__name__}")
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if not (values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 3)):
        raise ValueError(f"{SHAPES}, not {shape}: give one photo with three colours")
    if 0 in values.shape:
        raise ValueError(f"{SHAPES}; this one has no pixels ({shape})")
    if np.issubdtype(values.dtype, np.floating):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("an array of floats must lie in [0, 1], without NaN; divide by its largest value, or give uint8")
        values = np.round(values * 255).astype(np.uint8)
    if values.dtype != np.uint8:
        raise ValueError(f"an array must be uint8, or floats in [0, 1], not {values.dtype}; convert it with .astype(np.uint8)")
    return Image.fromarray(np.ascontiguousarray(values)).convert("RGB")
