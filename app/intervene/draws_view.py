"""Many draws of S* beside the exact numbers, as the HTML of the Intervene page."""

import math
from collections.abc import Sequence
from typing import Any

from app.figures import inline_svg
from app.html import message, render
from app.intervene.thumbs import aspect, thumb
from cternet import ALLOCATIONS, Analysis
from cternet.results.draws import Draws
from cternet.show.colours import Scale, shared_scale
from cternet.show.draws_figure import draws_figure
from cternet.show.words import significant

STEADY = 0.01
"""Standard deviation of the draws, in shares of their mean, under which they are called alike."""


def draws_view(draws: Draws, looked: Sequence[Analysis], label: str, *, painted: bool) -> str:
    """The histogram with the exact mean and spread, quantiles, and every allocation beside each other."""
    index = draws.labels.index(label)
    std = draws.std[index]
    sampled, spread = draws.samples[:, index].mean(), draws.samples[:, index].std()
    scale = shared_scale(*(analysis.counterfactual.shown for analysis in looked))
    return render(
        "intervene/draws.html",
        draws=draws,
        label=label,
        painted=painted,
        chart=inline_svg(lambda: draws_figure(draws, label)),
        words=(
            f"{len(draws.samples)} draws: mean {beside(sampled, std)}, exact {beside(draws.mean[index], std)}; "
            f"standard deviation {spread:.3g}, expected {std:.3g}"
        ),
        quantiles=", ".join(beside(quantile, std) for quantile in draws.quantiles(0.05, 0.5, 0.95)[:, index]),
        steady=std < STEADY * abs(draws.mean[index]),
        ratio=aspect(looked[0]),
        sides=[side(analysis, index, scale) for analysis in looked],
    )


def beside(value: float, std: float) -> str:
    """With sign, in three significant digits or as many as it takes to see the spread."""
    decimals = 1 - math.floor(math.log10(std)) if std > 0 else 0
    return f"{value:+.{decimals}f}" if decimals > 2 - math.floor(math.log10(max(abs(value), 1e-9))) else significant(value)


def side(analysis: Analysis, index: int, scale: Scale) -> dict[str, Any]:
    """One S*: its map, and the effect of the emotion looked at."""
    counterfactual = analysis.counterfactual
    name = ALLOCATIONS[counterfactual.allocation].words
    shown = thumb(counterfactual.shown, scale, f"{name} S*")
    return {
        "uri": shown.uri,
        "alt": shown.alt,
        "name": name,
        "effect": analysis.total_effect[index],
        "std": analysis.total_effect_std[index],
        "leads": analysis.labels[int(analysis.total_effect.argmax())],
    }


def empty_draws() -> str:
    return message("Many single draws of S*, beside the exact mean and spread.")
