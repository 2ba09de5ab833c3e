"""What every network that classifies photos offers beside ``Network``, so that it can be explained and compared."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from cternet.networks.network import Network


@dataclass(frozen=True)
class Answer:
    """One of the logits (K,) a network has for a photo.

    Attributes:
        symbol: how the paper writes it.
        words: what it is.
        effect: whether it is the difference that a counterfactual makes; training can weigh it apart.
    """

    symbol: str
    words: str
    effect: bool = False

    def __str__(self) -> str:
        return f"{self.symbol} ({self.words})"


ANSWERS: dict[str, Answer] = {
    "v": Answer("v", "scores of the map"),
    "y": Answer("Y(S)", "factual"),
    "y_te": Answer("Y_TE", "total effect", effect=True),
    "y_c": Answer("Y_c", "context alone"),
    "y_ce": Answer("Y_c,e", "factual, with its context"),
    "tie": Answer("TIE", "total indirect effect"),
}
"""By the field of ``Outputs`` that holds it, in the order of reports; a family with another answer adds it here."""


@dataclass
class Outputs:
    """What a forward pass computed; a family with more has a subclass.

    y (B, K): logits.  prediction (B, K): the logits the network answers with; ``y`` where none are named.
    """

    y: Tensor
    prediction: Tensor = None  # type: ignore[assignment]  # never None after __post_init__

    def __post_init__(self) -> None:
        if self.prediction is None:
            self.prediction = self.y


class Classifier(Network):
    """A network whose head gives ``Outputs``.

    Attributes:
        answers: the logits it has, keys of ``ANSWERS`` and fields of its outputs.
        config: also has ``classes``, in the order of the logits.
    """

    answers: ClassVar[tuple[str, ...]] = ("y",)

    @property
    def predicts_with(self) -> str:
        """The one of ``answers`` that is the prediction."""
        return "y"

    @property
    def plain_classifier(self) -> nn.Linear | None:
        """The linear layer (C to K) on pooled X that is the whole head, where it is."""
        return None
