"""Figures of an evaluation for papers and model cards: confusion matrices and reliability diagrams."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cternet.show.colours import COUNTERFACTUAL, EFFECT, FACTUAL

COLOURS: dict[str, str] = {"v": COUNTERFACTUAL, "y": FACTUAL, "y_te": EFFECT}
OTHER = "#777777"
"""Of an answer that only some family has."""


def confusion_figure(figures: dict[str, Any], classes: tuple[str, ...], title: str) -> Figure:
    """The confusion matrix in shares of the labelled class, as the paper's Figures 2 (FI) and 3 (Emotion6).

    Args:
        figures: of one answer, with ``confusion_matrix``: counts, rows are labels.
    """
    counts = np.array(figures["confusion_matrix"], dtype=float)
    images = counts.sum(axis=1)
    shares = counts / np.maximum(images, 1)[:, None]
    side = 2.6 + 0.55 * len(classes)
    figure = Figure(figsize=(side, side - 0.6), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        ink = "white" if share > 0.5 else "#777777" if share < 0.005 else "black"
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), [f"{name} ({int(n)})" for name, n in zip(classes, images, strict=True)])
    axes.set_xticks(np.arange(len(classes) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(classes) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("labelled (images)")
    axes.set_title(title, fontsize=11)
    return figure


def reliability_figure(calibrations: Mapping[str, dict[str, Any]], names: Mapping[str, str], title: str) -> Figure:
    """Reliability diagrams, one panel an answer: accuracy by confidence, and how many images each bin has.

    Args:
        calibrations: what ``training.evaluation.calibration.calibration`` found, by answer.
        names: what to call each answer.
    """
    count = len(calibrations)
    figure = Figure(figsize=(1.2 + 3.0 * count, 5.2), layout="constrained", dpi=150)
    figure.get_layout_engine().set(wspace=0.04)
    grid = figure.subplots(2, count, sharex=True, sharey="row", squeeze=False, height_ratios=(3, 1))
    for column, (key, found) in enumerate(calibrations.items()):
        diagram(grid[0, column], found, COLOURS.get(key, OTHER))
        histogram(grid[1, column], found, COLOURS.get(key, OTHER))
        grid[0, column].set_title(f"{names[key]}\ncalibration error {found['error']:.1%}", fontsize=10)
        grid[1, column].set_xlabel("confidence")
    grid[0, 0].set_ylabel("accuracy")
    grid[1, 0].set_ylabel("images")
    figure.suptitle(title, fontsize=11)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def diagram(axes: Axes, found: dict[str, Any], colour: str) -> None:
    """Bars of accuracy; a dot at the mean confidence of each bin, on the diagonal where the bin is calibrated."""
    filled = [entry for entry in found["bins"] if entry["images"]]
    lows = [entry["low"] for entry in filled]
    width = found["bins"][0]["high"]
    accuracies = [entry["accuracy"] for entry in filled]
    confidences = [entry["confidence"] for entry in filled]
    axes.plot([0, 1], [0, 1], color="#777777", linewidth=1, linestyle="--", zorder=3, label="perfect calibration")
    axes.bar(lows, accuracies, width, align="edge", color=colour, alpha=0.75, edgecolor="white", zorder=2)
    axes.vlines(confidences, confidences, accuracies, color="black", linewidth=1, zorder=4)
    axes.plot(confidences, accuracies, "ok", markersize=3.5, zorder=4, clip_on=False, label="accuracy at the mean confidence")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)


def histogram(axes: Axes, found: dict[str, Any], colour: str) -> None:
    entries = found["bins"]
    counts = [entry["images"] for entry in entries]
    axes.bar([entry["low"] for entry in entries], counts, entries[0]["high"], align="edge", color=colour, alpha=0.75)
    for entry in entries:
        if entry["images"]:
            middle = (entry["low"] + entry["high"]) / 2
            axes.annotate(
                str(entry["images"]),
                (middle, entry["images"]),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=6,
                rotation=90,
            )
    axes.margins(y=0.45)
    axes.spines[["top", "right"]].set_visible(False)
