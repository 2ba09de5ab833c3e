"""The plane of valence and arousal with the emotions' words, and a point in it, or two."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from app.html import render
from cternet.circumplex import HIGHEST, LOWEST, MIDDLE, Place

SIZE, PADDING = 320, 28
LINE = 11.0
"""Least distance of two words above each other."""


@dataclass(frozen=True)
class Word:
    """A word beside its dot: the dot at x, y, the text from ``edge`` at ``height``, to the right of the dot or to its left."""

    label: str
    x: float
    y: float
    edge: float
    height: float
    right: bool


def at(place: Place) -> tuple[float, float]:
    """Where ratings lie in the picture."""
    x, y = ((value - LOWEST) / (HIGHEST - LOWEST) for value in place)
    return PADDING + x * (SIZE - 2 * PADDING), SIZE - PADDING - y * (SIZE - 2 * PADDING)


def words_of(found: Mapping[str, Place]) -> list[Word]:
    """Words beside their dots, moved down where they would lie over each other."""
    middle = at(Place(MIDDLE, MIDDLE))[0]
    used: dict[bool, list[float]] = {True: [0.0], False: [0.0]}  # heights at which words stand, on each side
    dots = sorted((at(place), label) for label, place in found.items())
    words = []
    for (x, y), label in dots:
        right = x > middle
        height = y + 3.5
        while any(abs(height - other) < LINE for other in used[right]):
            height += 1
        used[right].append(height)
        nearby = [px for (px, py), _ in dots if abs(py - height + 3) < 8 and (px >= x if right else px <= x)]
        edge = max(nearby, default=x) + 8 if right else min(nearby, default=x) - 8
        words.append(Word(label, x, y, edge, height, right))
    return words


def plane(words: Mapping[str, Place], said: str, start: Place, end: Place | None = None) -> Markup:
    """The plane as SVG.

    Args:
        words: by their label.
        said: what the picture shows, for those who do not see it.
        start: a point in it, and ``end`` one to which a line leads.
    """
    (cx, cy), (left, bottom), (right, top) = (at(Place(value, value)) for value in (MIDDLE, LOWEST, HIGHEST))
    return render(
        "plane.html",
        size=SIZE,
        said=said,
        words=words_of(words),
        start=at(start),
        end=None if end is None else at(end),
        **{"cx": cx, "cy": cy, "left": left, "bottom": bottom, "right": right, "top": top},
    )
