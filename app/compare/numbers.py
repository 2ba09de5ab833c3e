"""The numbers of a map beside those of a random map."""

import math
from dataclasses import dataclass

from cternet.compare import METRICS, Comparison, Metric, Panel

AGREEMENT = Metric(
    "Agreement",
    True,
    "mean of Spearman's rank correlation between this map and each other map of the photo, from -1 to 1",
    "Whether the other maps rank the photo's places in the same order. Agreeing does not prove a map right.",
    "Spearman 1904",
    "https://doi.org/10.2307/1412159",
)
RANDOM_AGREEMENT = 0.0
"""What a random map has on average."""


@dataclass(frozen=True)
class Number:
    """One number of a panel beside those of random maps.

    Attributes:
        control: their mean.
        chance: between what values another random map's would lie; None where that is not known yet, or not asked.
    """

    metric: Metric
    value: float
    control: float | None
    chance: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """In a word: whether it lies outside of what random maps have."""
        if self.chance is None:
            return ""
        low, high = self.chance
        if low <= self.value <= high:
            return "like random"
        return "better" if (self.value > high) == self.metric.higher_is_better else "worse"

    def place(self, value: float) -> float:
        """Where a value stands on the scale of the summary, in per cent."""
        low, high = (-0.5, 0.5) if self.metric.title == "ROAD" else (0.0, 1.0)
        return 100 * min(max((value - low) / (high - low), 0), 1)


def numbers_of(comparison: Comparison, panel: Panel) -> list[Number]:
    """What was measured of a panel; empty before."""
    if panel.numbers is None:
        return []
    control, chance = comparison.control(panel.method), comparison.beyond_chance(panel.method)

    def number(name: str, metric: Metric) -> Number:
        between = None if chance is None else (getattr(chance[0], name), getattr(chance[1], name))
        return Number(metric, getattr(panel.numbers, name), None if control is None else getattr(control, name), between)

    found = [number(name, metric) for name, metric in METRICS.items()]
    agreement = comparison.agreement_with_others(panel.method)
    return found if math.isnan(agreement) else [*found, Number(AGREEMENT, agreement, RANDOM_AGREEMENT)]
