"""The numbers of a map beside those of a random map."""

import math
from dataclasses import dataclass

from cternet.compare import METRICS, Comparison, Metric, Panel

AGREEMENT = Metric(
    "Agreement",
    True,
    "mean of Spearman's rank correlation between this map and each other map of the photo, from -1 to 1",
    "Whether the other maps put the places of the photo in the same order. Agreeing is no proof of being right.",
    "Spearman 1904",
    "https://doi.org/10.2307/1412159",
)
RANDOM_AGREEMENT = 0.0
"""What a random map has on average."""


@dataclass(frozen=True)
class Number:
    """One number of a panel beside that of a random map."""

    metric: Metric
    value: float
    control: float | None

    @property
    def verdict(self) -> str:
        """In a word, as precise as the digits shown."""
        if self.control is None or self.metric is AGREEMENT:  # to agree is neither good nor bad
            return ""
        ahead = round(self.value, 3) - round(self.control, 3)
        if ahead == 0:
            return "equal"
        return "better" if (ahead > 0) == self.metric.higher_is_better else "worse"


def numbers_of(comparison: Comparison, panel: Panel) -> list[Number]:
    """What was measured of a panel; empty before."""
    if panel.numbers is None:
        return []
    control = comparison.control(panel.method)
    found = [
        Number(metric, getattr(panel.numbers, name), None if control is None else getattr(control, name))
        for name, metric in METRICS.items()
    ]
    agreement = comparison.agreement_with_others(panel.method)
    return found if math.isnan(agreement) else [*found, Number(AGREEMENT, agreement, RANDOM_AGREEMENT)]
