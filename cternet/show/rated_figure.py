"""The figure of a photo that was rated: photo, the maps of valence and arousal, and the place in their plane."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cternet.emotions import COLOURS
from cternet.results.result import Rated
from cternet.show.colours import DIVERGING, FACTUAL, signed_scale
from cternet.show.figure import colour_bar
from cternet.show.overlay import overlay

__all__ = ["rated_figure", "rating_plane"]

LOWEST, HIGHEST = 1, 9
"""Of the scale."""
TITLES = {"valence": "Valence\nred: more pleasant, blue: less", "arousal": "Arousal\nred: more exciting, blue: calmer"}
"""By the name of a map."""


def rated_figure(result: Rated, *, opacity: float = 0.6, smooth: bool = True) -> Figure:
    """The photo, each map over it, and the plane of valence and arousal.

    Args:
        opacity, smooth: as in ``overlay``.
    """
    figure = Figure(figsize=(4 * (2 + len(result.own_maps)), 5), dpi=120)
    figure.set_layout_engine("constrained", rect=(0, 0.03, 1, 0.94))
    photo, *others, plane = figure.subplots(1, 2 + len(result.own_maps))
    photo.imshow(result.photo)
    photo.set_title(f"{result.headline}\n", fontsize=11)
    for axes, (name, values) in zip(others, result.own_maps.items(), strict=True):
        scale = signed_scale(values)
        axes.imshow(overlay(result.photo, values, scale, cmap=DIVERGING, opacity=opacity, smooth=smooth))
        axes.set_title(TITLES.get(name, name), fontsize=11)
        colour_bar(figure, axes, scale, DIVERGING)
    for axes in (photo, *others):
        axes.set_axis_off()
        axes.set_anchor("N")
    rating_plane(plane, result)
    figure.supxlabel(result.model, fontsize=8)
    return figure


def rating_plane(axes: Axes, result: Rated) -> None:
    """Valence and arousal as a point, among the words the network learnt with."""
    ink = axes.spines["bottom"].get_edgecolor()
    axes.plot(result.valence, result.arousal, "D", color=FACTUAL, markersize=9, zorder=3)
    for label, (valence, arousal) in zip(result.labels, result.places, strict=False):
        axes.plot(valence, arousal, "o", color=COLOURS.get(label, "#666666"), markersize=6)
        axes.annotate(label, (valence, arousal), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8)
    middle = (LOWEST + HIGHEST) / 2
    axes.axhline(middle, color=ink, linewidth=0.6, alpha=0.4, zorder=0)
    axes.axvline(middle, color=ink, linewidth=0.6, alpha=0.4, zorder=0)
    axes.set(xlim=(LOWEST, HIGHEST), ylim=(LOWEST, HIGHEST), aspect="equal")
    axes.set_xlabel("valence: 1 unpleasant … 9 pleasant")
    axes.set_ylabel("arousal: 1 calm … 9 exciting")
    axes.spines[["top", "right"]].set_visible(False)
