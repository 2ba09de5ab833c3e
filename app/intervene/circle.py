"""The plane of valence and arousal with the emotions' words, and the prediction before and after a painting."""

from dataclasses import dataclass

from app.html import message, render
from cternet import Analysis
from cternet.circumplex import COORDINATES, HIGHEST, LOWEST, MIDDLE, SOURCE, Place, places, point

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


def words_of(labels: tuple[str, ...]) -> list[Word]:
    """Words beside their dots, moved down where they would lie over each other."""
    middle = at(Place(MIDDLE, MIDDLE))[0]
    used: dict[bool, list[float]] = {True: [0.0], False: [0.0]}  # heights at which words stand, on each side
    dots = sorted((at(place), label) for label, place in zip(labels, places(labels), strict=True))
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


def circle_view(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """The picture, or why there is none for this model's emotions."""
    if not all(label in COORDINATES for label in before.labels):
        return message("Valence and arousal are not known for this model's emotions.")
    first, second = point(before), point(after)
    (cx, cy), (left, bottom), (right, top) = (at(Place(value, value)) for value in (MIDDLE, LOWEST, HIGHEST))
    moved = f"after ■ {second.valence:.2f}, {second.arousal:.2f}" if painted else "after: paint something"
    return render(
        "intervene/circle.html",
        size=SIZE,
        said=f"before ◆ {first.valence:.2f}, {first.arousal:.2f}; {moved}",
        words=words_of(before.labels),
        painted=painted,
        before=at(first),
        after=at(second),
        source=SOURCE,
        **{"cx": cx, "cy": cy, "left": left, "bottom": bottom, "right": right, "top": top},
    )
