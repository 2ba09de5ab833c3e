"""The figure of one analysis, for people and papers: photo, S, S*, effect map and the logits with their spread."""

import threading
from collections.abc import Sequence
from typing import Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cternet.results.analysis import Analysis
from cternet.show.colours import (
    DIVERGING,
    GAIN,
    LOSS,
    SEQUENTIAL,
    Scale,
    colour_map,
    shared_scale,
    signed_scale,
)
from cternet.show.overlay import overlay
from cternet.show.words import counterfactual_title, significant

__all__ = [
    "DRAWING",
    "analysis_figure",
    "colour_bar",
    "logits_chart",
    "save",
]

matplotlib.rcParams["svg.hashsalt"] = "cternet"  # the same analysis gives the same file

DRAWING = threading.Lock()
"""Held while a figure is drawn: matplotlib's settings belong to the whole process, and visitors draw at once."""
UNDATED: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""Metadata that would make every file differ, by picture format."""


def logits_chart(
    axes: Axes, analysis: Analysis, between: Sequence[float] | None = None, *, legend: bool = True, plain: bool = False
) -> None:
    """Every emotion's Y(S) and E[Y(S*)] as a dumbbell, the change at its right; whiskers: one standard deviation over S*.

    The emotion the model answers with is the first row.

    Args:
        between: Y of a map on the way from S to S* (K,), drawn as diamonds.
        plain: name what is shown in words instead of symbols.
    """
    order = np.argsort(-analysis.scores, kind="stable")
    places = np.arange(len(order))
    before, after = analysis.y_counterfactual[order], analysis.y_factual[order]
    change, std = analysis.total_effect[order], analysis.total_effect_std[order]
    ink = axes.spines["bottom"].get_edgecolor()
    axes.hlines(places, before, after, colors=[GAIN if value >= 0 else LOSS for value in change], linewidth=3, zorder=2)
    names = ("with other attention", "with its attention") if plain else ("E[Y(S*)], counterfactual", "Y(S), factual")
    spread: dict[str, Any] = {"xerr": std, "ecolor": ink, "elinewidth": 0.8, "capsize": 2} if std.max() > 0 else {}
    hollow: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": ink, "color": ink, "markersize": 6, "zorder": 3}
    axes.errorbar(before, places, fmt="o", label=names[0], **hollow, **spread)
    axes.plot(after, places, "o", color=ink, markersize=6.5, label=names[1], zorder=4)
    if between is not None:
        axes.plot(np.asarray(between)[order], places, "D", color=ink, markersize=4, label="on the way", zorder=4)
    axes.axvline(0, color=ink, linewidth=0.8, alpha=0.5)
    axes.set_yticks(places, [analysis.labels[i] for i in order])
    axes.invert_yaxis()
    column: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": "small"}
    for place, value in zip(places, change, strict=True):
        axes.annotate(significant(value), (1.02, place), **column)
    axes.annotate("change" if plain else "Y_TE", (1.02, -0.9), **column)
    axes.set_xlabel("score" if plain else "logit")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if legend:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.04), ncols=3, frameon=False, fontsize="small", handletextpad=0.3)


def analysis_figure(
    analysis: Analysis,
    *,
    label: str | None = None,
    cmap: str = SEQUENTIAL[0],
    opacity: float = 0.6,
    shared: bool = True,
    smooth: bool = True,
) -> Figure:
    """One figure of everything: photo, S, S*, effect map of ``label`` (by default the prediction), and the logits.

    Args:
        cmap, opacity, smooth: as in ``overlay``.
        shared: one colour scale for S and S*.

    Raises:
        ValueError: an unknown label or colour map.
    """
    label = label or analysis.prediction
    if label not in analysis.labels:
        raise ValueError(f"unknown emotion {label!r}: choose one of {', '.join(analysis.labels)}")
    index = analysis.labels.index(label)
    s, s_star = analysis.attended, analysis.counterfactual.shown
    effect = analysis.effect_map[index]
    scales = [shared_scale(s, s_star)] * 2 if shared else [shared_scale(s), shared_scale(s_star)]
    figure = Figure(figsize=(13, 8), dpi=120)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 0.96))  # room for the titles of panels that keep their aspect ratio
    axes = figure.subplot_mosaic([["photo", "s", "s_star"], ["effect", "chart", "chart"]])
    axes["photo"].imshow(analysis.photo)
    axes["photo"].set_title(f"{analysis.prediction}, {analysis.probabilities.max():.0%}\n{analysis.polarity}", fontsize=11)
    style: dict[str, Any] = {"opacity": opacity, "smooth": smooth}
    panels = [
        ("s", "Factual attention S\nwhere the model looked", s, scales[0], cmap),
        ("s_star", f"Counterfactual S*\n{counterfactual_title(analysis)}", s_star, scales[1], cmap),
        (
            "effect",
            f"Total effect on {label}\ncells sum to {significant(analysis.total_effect[index])}",
            effect,
            signed_scale(effect),
            DIVERGING,
        ),
    ]
    for key, title, values, scale, name in panels:
        axes[key].imshow(overlay(analysis.photo, values, scale, cmap=name, **style))
        axes[key].set_title(title, fontsize=11)
        colour_bar(figure, axes[key], scale, name)
    for key in ("photo", "s", "s_star", "effect"):
        axes[key].set_axis_off()
    logits_chart(axes["chart"], analysis)
    figure.supxlabel(
        f"{analysis.model} · whiskers: one standard deviation over draws of S*, not the model's doubt", fontsize=8, ha="center"
    )
    return figure


def save(figure: Figure, file: BinaryIO, picture_format: str, *, dpi: float | None = None) -> None:
    """Write a figure: the same figure gives the same bytes; text stays text in SVG and PDF.  Hold ``DRAWING``.

    Raises:
        ValueError: a format matplotlib does not know.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):  # 42: TrueType, embedded
        figure.savefig(file, format=picture_format, dpi=dpi or "figure", metadata=UNDATED.get(picture_format))


def colour_bar(figure: Figure, axes: Axes, scale: Scale, name: str) -> None:
    """A colour bar under a panel, with one value where the scale is flat."""
    pad = max(abs(scale.low), 1e-6) * 1e-3 if scale.flat else 0.0
    norm = matplotlib.colors.Normalize(scale.low - pad, scale.high + pad)
    mappable = matplotlib.cm.ScalarMappable(norm, colour_map(name))
    bar = figure.colorbar(mappable, ax=axes, location="bottom", fraction=0.05, pad=0.03, aspect=30)
    if scale.flat:
        bar.set_ticks([scale.low])
    bar.ax.xaxis.set_major_formatter(lambda value, _: scale.text(value))
