"""Boxes of people in photos."""

import torch
from torch import Tensor

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def inside(box: Box, size: tuple[int, int], on: tuple[int, int]) -> Tensor:
    """Which pixels a box covers, as far as it lies in the photo.

    Args:
        box: in pixels of the photo.
        size: width and height of the photo.
        on: width and height of what is asked about, which shows the whole photo.

    Returns:
        (height, width) of bool; all False for a box outside the photo.
    """
    (width, height), (across, down) = size, on
    left, right = (round(across * min(max(edge, 0), width) / width) for edge in box[::2])
    top, bottom = (round(down * min(max(edge, 0), height) / height) for edge in box[1::2])
    found = torch.zeros(down, across, dtype=torch.bool)
    found[top:bottom, left:right] = True
    return found
