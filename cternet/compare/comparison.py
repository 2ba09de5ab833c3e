"""One photo's maps side by side, with the numbers under them: what pages, figures, tables and reports read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cternet.compare.agreement import agreement
from cternet.compare.errors import MapError, never
from cternet.compare.faithfulness import faithfulness
from cternet.compare.methods import METHODS, make_map
from cternet.compare.metrics import Faithfulness
from cternet.compare.pixel_ranking import random_map
from cternet.compare.sample import Sample

Array = NDArray[np.float32]


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
        controls: by classifier, how faithful a random map is to it; the line a method must beat.  Empty until measured.
    """

    name: str
    label: str
    prediction: str
    photo: NDArray[np.uint8]
    panels: tuple[Panel, ...]
    controls: dict[str, Faithfulness] = field(default_factory=dict)

    @cached_property
    def agreement(self) -> NDArray[np.float64]:
        """Rank correlation of every two panels (M, M) in [-1, 1]; NaN where one has no map."""
        return agreement([panel.values for panel in self.panels])

    def agreement_with_others(self, method: str) -> float:
        """Mean rank correlation of a method's map with those of the other panels; NaN where there is none."""
        index = [panel.method for panel in self.panels].index(method)
        others = np.delete(self.agreement[index], index)
        return float(np.nanmean(others)) if np.isfinite(others).any() else float("nan")

    def control(self, method: str) -> Faithfulness | None:
        """The random map's numbers on the classifier a method explains; None until measured."""
        return self.controls.get(METHODS[method].explains)


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


def measure(sample: Sample, comparison: Comparison, *, stop: Callable[[], bool] = never) -> Iterator[Comparison]:
    """The comparison with more and more numbers: first the random controls, then panel after panel.

    What was measured before is kept by the sample and not measured again.

    Raises:
        Stopped: ``stop()`` said so; what was yielded stays valid.
    """
    there = [(panel, panel.values) for panel in comparison.panels if panel.values is not None]
    shown = [(panel, values) for panel, values in there if METHODS[panel.method].explains in sample.networks]
    for classifier in dict.fromkeys(METHODS[panel.method].explains for panel, _ in shown):
        key = ("random", classifier, comparison.label)
        if key not in sample.measured:
            control = random_map(sample.grid, sample.analysis.seen)
            sample.measured[key] = faithfulness(sample, classifier, comparison.label, control, stop=stop)
        comparison = replace(comparison, controls=comparison.controls | {classifier: sample.measured[key]})
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
