"""The histogram of many draws, with what is known exactly without drawing."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cternet.emotions import COLOURS
from cternet.results.draws import Draws
from cternet.show.words import significant

__all__ = [
    "draws_figure",
]


def draws_figure(draws: Draws, label: str | None = None) -> Figure:
    """Y_TE of one emotion over the draws; lines: the exact mean and one standard deviation to each side.

    Hold ``cternet.show.figure.DRAWING`` from here until the figure is saved.

    Args:
        label: by default the prediction.

    Raises:
        ValueError: an unknown label.
    """
    label = label or draws.prediction
    if label not in draws.labels:
        raise ValueError(f"unknown emotion {label!r}: choose one of {', '.join(draws.labels)}")
    index = draws.labels.index(label)
    samples, mean, std = draws.samples[:, index], draws.mean[index], draws.std[index]
    figure = Figure(figsize=(6, 3.4), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    if np.ptp(samples) <= 1e-9 * max(1.0, abs(mean)):
        axes.bar([mean], [len(samples)], width=0.1, color=COLOURS.get(label, "#666666"), alpha=0.6)
    else:
        axes.hist(samples, bins=min(40, max(8, round(len(samples) ** 0.5))), color=COLOURS.get(label, "#666666"), alpha=0.6)
    ink = axes.spines["bottom"].get_edgecolor()
    axes.axvline(mean, color=ink, linewidth=1.5, label=f"exact mean {significant(mean)}")
    spread = f"exact mean ± one standard deviation ({std:.3g})"
    axes.axvline(mean - std, color=ink, linewidth=1, linestyle="--", label=spread)
    axes.axvline(mean + std, color=ink, linewidth=1, linestyle="--")
    axes.set_xlabel(f"Y_TE of {label}, logit")
    axes.set_ylabel("draws of S*")
    axes.yaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 2.5, 5, 10], integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    other = f"an emotion other than {draws.prediction} leads in {draws.disagreement:.0%} of {len(draws.samples)} draws"
    figure.supxlabel(f"{other} · {draws.level} level, seed {draws.seed}", fontsize=8)
    return figure
