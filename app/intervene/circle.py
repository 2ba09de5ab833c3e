"""The prediction in the plane of valence and arousal, before and after a painting."""

from app.html import message, render
from app.plane import plane
from cternet import Analysis
from cternet.circumplex import COORDINATES, SOURCE, places, point


def circle_view(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """The picture, or why there is none for this model's emotions."""
    if not all(label in COORDINATES for label in before.labels):
        return message("Valence and arousal are not known for this model's emotions.")
    first, second = point(before), point(after)
    moved = f"after ■ {second.valence:.2f}, {second.arousal:.2f}" if painted else "after: paint something"
    said = f"before ◆ {first.valence:.2f}, {first.arousal:.2f}; {moved}"
    words = dict(zip(before.labels, places(before.labels), strict=True))
    picture = plane(words, said, first, second if painted else None)
    return render("intervene/circle.html", plane=picture, said=said, source=SOURCE)
