"""Panels as pixels, and what their colours mean: one way for figures, pages and reports."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.compare.comparison import Comparison
from cternet.compare.methods import METHODS
from cternet.show.colours import DIVERGING, SEQUENTIAL, Scale, shared_scale, signed_scale
from cternet.show.overlay import overlay

Style = Literal["grey", "overlay"]
ScaleOf = Literal["own", "shared"]
STYLES: tuple[str, ...] = get_args(Style)
"""Grey maps as in the paper's Figure 4, or colours over the photo."""
SCALES: tuple[str, ...] = get_args(ScaleOf)
"""Every map from its own smallest to its own largest value, or one scale a method over all photos."""
SAME_UNIT: dict[str, str] = {"s-star": "s"}
"""Maps of one unit share a shared scale; all others have units of their own, so no scale spans two methods."""


def scales(comparisons: Sequence[Comparison], scale: ScaleOf = "own", *, style: Style = "grey") -> dict[tuple[int, str], Scale]:
    """What black and white, or the two end colours, stand for in every panel that has a map.

    A signed map in colours is centred on 0; in grey, bright speaks for the class, and 0 has no grey of its own.

    Returns:
        by row (place in ``comparisons``) and method.

    Raises:
        ValueError: a scale or style nobody knows.
    """
    offered(scale, SCALES, "scale")
    offered(style, STYLES, "style")
    groups: dict[tuple[int | None, str], list[tuple[int, str, NDArray[Any]]]] = {}
    for row, comparison in enumerate(comparisons):
        for panel in comparison.panels:
            if panel.values is not None:
                key = (row, panel.method) if scale == "own" else (None, SAME_UNIT.get(panel.method, panel.method))
                groups.setdefault(key, []).append((row, panel.method, panel.values))
    found: dict[tuple[int, str], Scale] = {}
    for (_, unit), members in groups.items():
        span = shared_scale(*(values for _, _, values in members))
        if METHODS[unit].signed and style == "overlay":
            span = signed_scale(np.array([span.low, span.high]))
        found |= {(row, method): span for row, method, _ in members}
    return found


def colours(signed: bool, style: Style, cmap: str = SEQUENTIAL[0]) -> str:
    """Name of the colour map a panel is drawn in."""
    if style == "grey":
        return "gray"
    return DIVERGING if signed else cmap


def picture(
    photo: NDArray[np.uint8],
    values: NDArray[Any],
    scale: Scale,
    *,
    signed: bool = False,
    style: Style = "grey",
    cmap: str = SEQUENTIAL[0],
    opacity: float = 0.6,
    smooth: bool = True,
) -> NDArray[np.uint8]:
    """A panel's pixels, as large as the photo.

    Args:
        photo: (h, w, 3) uint8 RGB that the map covers; ``shrunk`` first where the picture is to be small.
        values: (H, W), stretched over it.
        scale: what the two end colours stand for, from ``scales``.
        signed: ``Method.signed``.
        style: grey: the map alone, the largest value white; overlay: colours over the photo.
        cmap, opacity, smooth: as in ``cternet.show.overlay.overlay``; the grey style has no use for the first two.

    Returns:
        (h, w, 3) uint8 RGB.

    Raises:
        ValueError: a style or colour map nobody knows.
    """
    offered(style, STYLES, "style")
    opacity = 1.0 if style == "grey" else opacity
    return overlay(photo, values, scale, cmap=colours(signed, style, cmap), opacity=opacity, smooth=smooth)


def shrunk(photo: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The photo with its longer side at ``side`` pixels, or as it is where it is smaller."""
    height, width = photo.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return photo
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def offered(choice: str, choices: Sequence[str], what: str) -> None:
    """Raises ValueError, listing the choices, unless ``choice`` is among them."""
    if choice not in choices:
        raise ValueError(f"unknown {what} {choice!r}: choose one of {', '.join(choices)}")
