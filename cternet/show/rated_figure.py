"""The figure of a photo that was rated: photo, and its place between unpleasant and pleasant, calm and excited."""

from matplotlib.figure import Figure

from cternet.results.result import Rated
from cternet.show.colours import FACTUAL

LOWEST, HIGHEST = 1, 9
"""Of the scale."""


def rated_figure(result: Rated) -> Figure:
    """The photo beside the plane of valence and arousal."""
    figure = Figure(figsize=(9, 4.5), layout="constrained", dpi=120)
    photo, plane = figure.subplots(1, 2)
    photo.imshow(result.photo)
    photo.set_title(result.headline, fontsize=11)
    photo.set_axis_off()
    plane.plot(result.valence, result.arousal, "o", color=FACTUAL, markersize=10)
    middle = (LOWEST + HIGHEST) / 2
    plane.axhline(middle, color="#bbbbbb", linewidth=0.8, zorder=0)
    plane.axvline(middle, color="#bbbbbb", linewidth=0.8, zorder=0)
    plane.set(xlim=(LOWEST, HIGHEST), ylim=(LOWEST, HIGHEST), aspect="equal")
    plane.set_xlabel("valence: unpleasant to pleasant")
    plane.set_ylabel("arousal: calm to excited")
    figure.supxlabel(result.model, fontsize=8)
    return figure
