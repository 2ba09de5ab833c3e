"""A prediction as a point in the plane of valence and arousal, before and after an intervention.

The plane is Russell's, "A circumplex model of affect", https://doi.org/10.1037/h0077714.  The places of the emotion words are
people's mean ratings of those words, 1 to 9: Warriner, Kuperman & Brysbaert, "Norms of valence, arousal, and dominance for
13,915 English lemmas", https://doi.org/10.3758/s13428-012-0314-x (``warriner.csv`` beside this file says where the rows are
from and under which terms).  Words are
rated alone, not photos: the point says where the words of a prediction lie, and is no measurement of a photo.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from cternet.emotions import COLOURS
from cternet.results.analysis import Analysis

__all__ = [
    "COORDINATES",
    "HIGHEST",
    "LOWEST",
    "MIDDLE",
    "SOURCE",
    "Place",
    "circumplex_figure",
    "places",
    "point",
]

SOURCE = "Warriner, Kuperman & Brysbaert (2013), CC BY-NC-ND 3.0"
"""Whose ratings the coordinates are, to be shown wherever they are."""
LOWEST, MIDDLE, HIGHEST = 1.0, 5.0, 9.0
"""The rating scale's ends and middle."""


class Place(NamedTuple):
    """Ratings from 1 to 9: unhappy to happy, calm to excited."""

    valence: float
    arousal: float


def read(path: Path) -> dict[str, Place]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["word"]: Place(float(row["valence"]), float(row["arousal"])) for row in rows}


COORDINATES: dict[str, Place] = read(Path(__file__).with_name("warriner.csv"))
"""The place of each emotion word."""


def places(labels: Sequence[str]) -> tuple[Place, ...]:
    """The place of each label.

    Raises:
        ValueError: a label without ratings.
    """
    unknown = [label for label in labels if label not in COORDINATES]
    if unknown:
        raise ValueError(f"valence and arousal are not known for {', '.join(unknown)}, only for {', '.join(COORDINATES)}")
    return tuple(COORDINATES[label] for label in labels)


def point(analysis: Analysis) -> Place:
    """The mean of the emotions' places, weighted by their predicted probabilities.

    Raises:
        ValueError: a class without ratings.
    """
    return Place(*map(float, analysis.probabilities @ np.array(places(analysis.labels))))


def circumplex_figure(before: Analysis, after: Analysis | None = None) -> Figure:
    """The plane with the emotions' places, and the prediction as a point; an arrow leads to the one after an intervention.

    Hold ``cternet.show.figure.DRAWING`` from here until the figure is saved.

    Raises:
        ValueError: a class without ratings.
    """
    figure = Figure(figsize=(4.8, 4.9), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    ink = axes.spines["bottom"].get_edgecolor()
    for label, place in zip(before.labels, places(before.labels), strict=True):
        axes.plot(*place, "o", color=COLOURS.get(label, "#666666"), markersize=7)
        side = -1 if crowded(place, before.labels) else 1
        style: dict[str, Any] = {"ha": "right" if side < 0 else "left", "va": "center", "fontsize": 8}
        axes.annotate(label, place, xytext=(8 * side, 0), textcoords="offset points", **style)
    start = point(before)
    axes.plot(*start, "D", markersize=8, markerfacecolor="none", markeredgecolor=ink, label="the prediction")
    if after is not None:
        end = point(after)
        axes.plot(*end, "D", markersize=8, color=ink, label="after the intervention")
        if np.hypot(end.valence - start.valence, end.arousal - start.arousal) > 0.02:
            axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": ink, "shrinkA": 5, "shrinkB": 5})
    axes.axvline(MIDDLE, color=ink, linewidth=0.6, alpha=0.4)
    axes.axhline(MIDDLE, color=ink, linewidth=0.6, alpha=0.4)
    axes.set(xlim=(LOWEST, HIGHEST), ylim=(LOWEST, HIGHEST), aspect="equal", xticks=range(1, 10), yticks=range(1, 10))
    axes.set_xlabel("valence: 1 unhappy … 9 happy")
    axes.set_ylabel("arousal: 1 calm … 9 excited")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    figure.supxlabel(f"places of the words: {SOURCE}", fontsize=7)
    return figure


def crowded(place: Place, labels: Sequence[str]) -> bool:
    """Whether another label's place is so near on the right that the name has to stand on the left."""
    return any(0 < other.valence - place.valence < 0.8 and abs(other.arousal - place.arousal) < 0.4 for other in places(labels))
