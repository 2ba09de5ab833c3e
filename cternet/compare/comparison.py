"""One photo's maps side by side, with the numbers under them: what pages, figures, tables and reports read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cternet.compare.agreement import agreement
from cternet.compare.errors import MapError
from cternet.compare.faithfulness import faithfulness
from cternet.compare.methods import METHODS, make_map
from cternet.compare.metrics import Faithfulness
from cternet.compare.pixel_ranking import random_map
from cternet.compare.sample import Sample
from cternet.stopping import never

Array = NDArray[np.float32]
FEWEST = 3
"""Random maps measured, below which nothing is said of chance."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One method's map.

    Attributes:
        values: (H, W) on the method's own grid and scale, or None where there is nothing to see.
        problem: why there is nothing to see.
        numbers: how faithful the map is to the classifier it explains; None until measured.
    """

    method: str
    values: Array | None = None
    problem: str = ""
    numbers: Faithfulness | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """The panels of one photo.

    Attributes:
        name: of the photo.
        label: the class looked at.
        prediction: the predictor's.
        photo: (h, w, 3) uint8 RGB, what every map covers.
        panels: in the order asked for.
        random: by classifier, how faithful the random maps are that were measured; what a method must beat.
    """

    name: str
    label: str
    prediction: str
    photo: NDArray[np.uint8]
    panels: tuple[Panel, ...]
    random: dict[str, tuple[Faithfulness, ...]] = field(default_factory=dict)

    @cached_property
    def agreement(self) -> NDArray[np.float64]:
        """Rank correlation of every two panels (M, M) in [-1, 1]; NaN where one has no map."""
        return agreement([panel.values for panel in self.panels])

    def agreement_with_others(self, method: str) -> float:
        """Mean rank correlation of a method's map with those of the other panels; NaN where there is none."""
        index = [panel.method for panel in self.panels].index(method)
        others = np.delete(self.agreement[index], index)
        return float(np.nanmean(others)) if np.isfinite(others).any() else float("nan")

    @property
    def controls(self) -> dict[str, Faithfulness]:
        """By classifier, the mean numbers of the random maps, and of their inverses where there is an interval of them."""
        return {classifier: mean(with_inverses(maps)) for classifier, maps in self.random.items()}

    def control(self, method: str) -> Faithfulness | None:
        """The random maps' mean numbers on the classifier a method explains; None until measured."""
        return self.controls.get(METHODS[method].explains)

    def beyond_chance(self, method: str) -> tuple[Faithfulness, Faithfulness] | None:
        """Between what two values each number of another random map would lie, 19 times of 20.

        None for a method that is a control itself, and with fewer random maps than ``FEWEST``.
        """
        maps = self.random.get(METHODS[method].explains, ())
        return None if len(maps) < FEWEST or METHODS[method].control else prediction_interval(maps)


def compare(
    sample: Sample, methods: Sequence[str], label: str | None = None, *, stop: Callable[[], bool] = never
) -> Comparison:
    """The maps of ``methods`` for a class, by default the predicted one; measures nothing.

    Raises:
        ValueError: a class the predictor does not know.
        Stopped: ``stop()`` said so within a slow method.
    """
    label = label or sample.analysis.prediction
    if label not in sample.analysis.labels:
        raise ValueError(f"unknown emotion {label!r}: choose one of {', '.join(sample.analysis.labels)}")

    def panel(method: str) -> Panel:
        try:
            return Panel(method, make_map(sample, method, label, stop=stop))
        except MapError as error:
            return Panel(method, problem=str(error))

    return Comparison(
        name=sample.name,
        label=label,
        prediction=sample.analysis.prediction,
        photo=sample.analysis.photo,
        panels=tuple(panel(method) for method in methods),
    )


def mean(maps: Sequence[Faithfulness]) -> Faithfulness:
    return Faithfulness(*np.mean([astuple(one) for one in maps], axis=0).tolist())


def with_inverses(maps: Sequence[Faithfulness]) -> tuple[Faithfulness, ...]:
    """Random maps and their inverses, which are random maps too and cost nothing; too few maps as they are."""
    return tuple(maps) if len(maps) < FEWEST else (*maps, *(one.of_inverse for one in maps))


def prediction_interval(maps: Sequence[Faithfulness], share: float = 0.95) -> tuple[Faithfulness, Faithfulness]:
    """The lower and the upper end, number by number: m +- t s sqrt(1 + 1/n) over n maps and inverses.

    t has as many degrees of freedom as maps were measured: a map and its inverse are not independent.
    """
    from scipy import stats  # a quarter of a second for all who measure nothing

    values = np.array([astuple(one) for one in with_inverses(maps)])
    reach = stats.t.ppf((1 + share) / 2, len(maps)) * values.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(values))
    middle = values.mean(axis=0)
    return Faithfulness(*(middle - reach).tolist()), Faithfulness(*(middle + reach).tolist())


def measure(
    sample: Sample, comparison: Comparison, *, random_maps: int = 1, stop: Callable[[], bool] = never
) -> Iterator[Comparison]:
    """The comparison with more and more numbers: a random map of each classifier, panel after panel, then more random maps.

    Args:
        random_maps: how many random maps are measured on each classifier.

    What was measured before is kept by the sample and not measured again.

    Raises:
        Stopped: ``stop()`` said so; what was yielded stays valid.
    """
    there = [(panel, panel.values) for panel in comparison.panels if panel.values is not None]
    shown = [(panel, values) for panel, values in there if METHODS[panel.method].explains in sample.networks]
    classifiers = tuple(dict.fromkeys(METHODS[panel.method].explains for panel, _ in shown))

    def control(classifier: str, number: int) -> Comparison:
        key = (f"random {number}" if number else "random", classifier, comparison.label)
        if key not in sample.measured:
            values = random_map(sample.grid, sample.analysis.seen, number)
            sample.measured[key] = faithfulness(sample, classifier, comparison.label, values, stop=stop)
        before = comparison.random.get(classifier, ())[:number]
        return replace(comparison, random=comparison.random | {classifier: (*before, sample.measured[key])})

    for classifier in classifiers:
        comparison = control(classifier, 0)
        yield comparison
    for panel, values in shown:
        classifier = METHODS[panel.method].explains
        key = (panel.method, classifier, comparison.label)
        if key not in sample.measured:
            sample.measured[key] = faithfulness(sample, classifier, comparison.label, values, stop=stop)
        numbered = replace(panel, numbers=sample.measured[key])
        panels = tuple(numbered if old.method == panel.method else old for old in comparison.panels)
        comparison = replace(comparison, panels=panels)
        yield comparison
    for number in range(1, random_maps):
        for classifier in classifiers:
            comparison = control(classifier, number)
            yield comparison
