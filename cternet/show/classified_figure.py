"""The figure of a photo that was classified without a counterfactual: photo, the network's own maps, and the probabilities."""

import numpy as np
from matplotlib.figure import Figure

from cternet.results.result import Classified
from cternet.show.colours import FACTUAL, SEQUENTIAL, shared_scale
from cternet.show.figure import colour_bar
from cternet.show.overlay import overlay

TITLES = {"s": "Sentiment map S\nwhere the model looked", "cam": "CAM\nof the predicted emotion"}
"""By the name of a map; others have their name."""
MOST_BARS = 12
"""Classes in the chart, the likeliest: a classifier may know a thousand."""


def classified_figure(result: Classified, *, cmap: str = SEQUENTIAL[0], opacity: float = 0.6, smooth: bool = True) -> Figure:
    """The photo, each map over it, and the probability of every emotion.

    Args:
        cmap, opacity, smooth: as in ``overlay``.
    """
    figure = Figure(figsize=(4 + 4 * (1 + len(result.own_maps)), 5), dpi=120)
    # With room for the titles of panels that keep their aspect ratio.
    figure.set_layout_engine("constrained", rect=(0, 0.03, 1, 0.94))
    first, *others, chart = figure.subplots(1, 2 + len(result.own_maps))
    first.imshow(result.photo)
    first.set_title(f"{result.prediction}, {result.probabilities.max():.0%}\n{result.polarity}", fontsize=11)
    for axes, (name, values) in zip(others, result.own_maps.items(), strict=True):
        scale = shared_scale(values)
        axes.imshow(overlay(result.photo, values, scale, cmap=cmap, opacity=opacity, smooth=smooth))
        axes.set_title(TITLES.get(name, name), fontsize=11)
        colour_bar(figure, axes, scale, cmap)
    for axes in (first, *others):
        axes.set_axis_off()
        axes.set_anchor("N")  # side by side, although a colour bar is under the maps alone
    likeliest = np.argsort(result.probabilities, kind="stable")[::-1][:MOST_BARS]
    chart.barh(np.arange(len(likeliest)), result.probabilities[likeliest], color=FACTUAL)
    chart.set_yticks(np.arange(len(likeliest)), [result.labels[index] for index in likeliest])
    chart.invert_yaxis()
    chart.set_xlabel("probability")
    chart.spines[["top", "right", "left"]].set_visible(False)
    figure.supxlabel(result.model, fontsize=8)
    return figure
