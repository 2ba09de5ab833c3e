"""What a network says of one photo.  Every view and export reads this and recomputes nothing.

``Result`` holds what any network has, ``Rated`` and ``Classified`` what one has that rates or that tells emotions apart, and
``cternet.results.analysis.Analysis`` what CTERNet adds.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cternet.emotions import POLARITY, positive_mask
from cternet.networks.reliability import Reliability

Array = NDArray[np.float32]
CERTAIN = 0.75
"""Probability that the emotions it hesitates between have together."""
END_IS_MISSING = "The end of this photo's file is missing: the rest was analyzed, with the missing part left blank."


@dataclass(frozen=True, eq=False)
class Context:
    """A confounder that CCIM weighed: a typical context of the training photos.

    Attributes:
        share: of what it set aside, lambda_i P(z_i) over the sum; all shares sum to 1.
        prior: P(z_i), the share of the training photos with such a context.
        examples: the nearest of these, by name; none where that is not told.
        thumbnail: the nearest one without its subject, (side, side, 3) uint8, or None.
    """

    share: float
    prior: float
    examples: tuple[str, ...] = ()
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """One photo as a network saw it.

    photo (h, w, 3): uint8, what a map covers, to draw it over.  seen (size, size, 3): uint8, the input as the network saw it.
    geometry: how the photo got there.  model: the checkpoint's name.  own_maps: the maps (H, W) the network has of the photo,
    by name, larger where it looks more.  contexts: the confounders that its CCIM weighed; none of a network
    without.
    """

    photo: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    geometry: dict[str, Any]
    model: str
    own_maps: dict[str, Array] = field(default_factory=dict, repr=False)
    contexts: tuple[Context, ...] = field(default=(), repr=False)

    @property
    def nbytes(self) -> int:
        """Memory that its own arrays take."""
        values = [*vars(self).values(), *self.own_maps.values()]
        arrays = {id(value): value.nbytes for value in values if isinstance(value, np.ndarray)}
        return sum(arrays.values())

    @property
    def note(self) -> str:
        """What a person should know of the photo, as a sentence; mostly empty."""
        return END_IS_MISSING if self.geometry.get("incomplete") else ""

    def numbers(self) -> dict[str, Any]:
        """Every number, by name, ready for JSON."""
        about: dict[str, Any] = {"model": self.model, "geometry": self.geometry}
        return about | ({"contexts": [context.share for context in self.contexts]} if self.contexts else {})

    def maps(self) -> dict[str, NDArray[Any]]:
        """Every array, by name, and the photo as the network saw it."""
        return {"photo": self.seen} | self.own_maps

    @property
    def headline(self) -> str:
        """What the network says, in a few words."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class Classified(Result):
    """Which emotion a photo evokes.

    labels: K class names.  scores (K,): the logits the prediction rests on.  reliability: what the checkpoint's own evaluation
    says of such answers; None where it was not measured.  strangeness: how unlike the training photos the picture is,
    above 0 where it is; None where it was not measured.  several: whether more than one emotion may hold, each with a
    probability of its own.
    """

    labels: tuple[str, ...]
    scores: NDArray[np.float64]
    reliability: Reliability | None = field(default=None, repr=False)
    strangeness: float | None = None
    several: bool = False

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Those of the prediction (K,); see ``as_probabilities``."""
        return self.as_probabilities(self.scores)

    def as_probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Softmax of logits (K,) over the checkpoint's temperature, or the sigmoid of each where ``several`` may hold."""
        scores = scores / (1.0 if self.reliability is None else self.reliability.temperature)
        if self.several:
            return 1 / (1 + np.exp(-scores))
        e = np.exp(scores - scores.max())
        return e / e.sum()

    @property
    def sure(self) -> bool | None:
        """Whether the first emotion is likely enough to be stated as the answer; None where that was not measured."""
        return None if self.reliability is None else bool(self.probabilities.max() >= self.reliability.sure_from)

    @property
    def candidates(self) -> tuple[str, ...]:
        """What it hesitates between: the likeliest emotions until they have ``CERTAIN`` together, two or three."""
        order = np.argsort(-self.probabilities, kind="stable")
        enough = int(np.searchsorted(self.probabilities[order].cumsum(), CERTAIN)) + 1
        return tuple(self.labels[i] for i in order[: min(max(enough, 2), 3)])

    @property
    def unlike(self) -> bool:
        """Whether the picture is unlike the photos the model learnt from; False where that was not measured."""
        return self.strangeness is not None and self.strangeness > 0

    @property
    def prediction(self) -> str:
        """The predicted emotion, argmax of ``scores``."""
        return self.labels[int(self.scores.argmax())]

    @property
    def polarity(self) -> str:
        """positive or negative: the side of the predicted emotion; unknown for classes ``cternet.emotions`` does not know."""
        return POLARITY.get(self.prediction, "unknown")

    @property
    def polarity_by_sum(self) -> str:
        """positive or negative: the side with the larger summed probability; unknown as for ``polarity``."""
        if not all(label in POLARITY for label in self.labels):
            return "unknown"
        return "positive" if self.probabilities[list(positive_mask(self.labels))].sum() > 0.5 else "negative"

    @property
    def predicted_with(self) -> dict[str, str]:
        """Which logits the prediction rests on."""
        return {"answer": "logits"}

    def by_label(self, values: NDArray[Any]) -> dict[str, float]:
        """Values (K,) by their class."""
        return {label: float(value) for label, value in zip(self.labels, values, strict=True)}

    def numbers(self) -> dict[str, Any]:
        return super().numbers() | {
            "prediction": self.prediction,
            "polarity": self.polarity,
            "polarity_by_summed_probability": self.polarity_by_sum,
            "predicted_with": self.predicted_with,
            "probabilities": self.by_label(self.probabilities),
            "sure": self.sure,
            "candidates": list(self.candidates),
            "strangeness": self.strangeness,
        }

    def maps(self) -> dict[str, NDArray[Any]]:
        return {"labels": np.array(self.labels)} | super().maps() | {"scores": self.scores}

    @property
    def headline(self) -> str:
        if self.sure is False:
            likely = self.by_label(self.probabilities)
            *others, last = [f"{label} ({100 * likely[label]:.0f} %)" for label in self.candidates]
            return f"unsure: {', '.join(others)} or {last}"
        return f"{self.prediction} ({self.polarity}), {100 * self.probabilities.max():.0f} %"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.prediction}, {self.probabilities.max():.0%}, {self.model})"


@dataclass(frozen=True, eq=False, kw_only=True)
class Rated(Result):
    """How pleasant and how exciting a photo is: valence and arousal, from 1 to 9.

    labels: K words, and places: the valence and arousal of each, that the network learnt with; none where it did without.
    """

    valence: float
    arousal: float
    labels: tuple[str, ...] = ()
    places: tuple[tuple[float, float], ...] = ()

    @property
    def nearest(self) -> str | None:
        """The word whose place is nearest; None where no places are known."""
        here = (self.valence, self.arousal)
        found = zip(self.labels, self.places, strict=False)
        return min(found, key=lambda word: math.dist(here, word[1]))[0] if self.places else None

    @property
    def headline(self) -> str:
        return f"valence {self.valence:.1f}, arousal {self.arousal:.1f}"

    def numbers(self) -> dict[str, Any]:
        return super().numbers() | {"valence": self.valence, "arousal": self.arousal, "nearest": self.nearest}

    def __repr__(self) -> str:
        return f"Rated({self.headline}, {self.model})"
