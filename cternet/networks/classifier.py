"""What every network that classifies photos offers, so that it can be run, explained and compared."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


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


class Classifier(nn.Module):
    """Features X of a photo, and a head that classifies by them.

    Attributes:
        family: what ``config.json`` calls networks of this class.
        answers: the logits it has, keys of ``ANSWERS`` and fields of its outputs.
        has_evidence: whether Y is linear in a map S, with ``evidence`` (B, K, H, W) among its outputs on
            request, and ``bias`` (K,) beside it.
        has_counterfactual: whether there is an S* beside S, and with it a total effect.
        config: ``classes`` and how it sees photos: ``image_size``, ``geometry``, ``mean``, ``std``.
    """

    family: ClassVar[str]
    answers: ClassVar[tuple[str, ...]] = ("y",)
    has_evidence: ClassVar[bool] = False
    has_counterfactual: ClassVar[bool] = False
    config: Any

    @property
    def predicts_with(self) -> str:
        """The one of ``answers`` that is the prediction."""
        return "y"

    def inputs(self, image: Tensor) -> dict[str, Tensor]:
        """What ``forward_features`` takes of a normalised photo (3, h, w), by its arguments."""
        return {"images": image}

    def forward_features(self, images: Tensor) -> Tensor:
        """Images (B, 3, h, w) -> X, the last features that still have places; ``on_grid`` says where."""
        raise NotImplementedError

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Outputs:
        """X -> ``Outputs``.

        Args:
            evidence: have it among the outputs, in families that have it.
            generator: of what a head draws in training.
        """
        raise NotImplementedError

    def forward(self, images: Tensor) -> Outputs:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> ``Outputs``."""
        return self.forward_head(self.forward_features(images))

    def on_grid(self, x: Tensor) -> Tensor:
        """X, or what is of its shape, as (B, C, H, W)."""
        return x

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """The maps (B, H, W) the network has of images, larger where it looks more, from X and its outputs."""
        return {}

    @property
    def plain_classifier(self) -> nn.Linear | None:
        """The linear layer (C to K) on pooled X that is the whole head, where it is."""
        return None
