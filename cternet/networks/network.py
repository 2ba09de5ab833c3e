"""What every network that says something of a photo offers, whatever it says, so that one predictor runs them all."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Features X of a photo, and a head that reads them.

    Attributes:
        family: what ``config.json`` calls networks of this class.
        has_evidence: whether it classifies by a map S in which Y is linear, with ``evidence`` (B, K, H, W) among its outputs
            on request, and ``bias`` (K,) beside it.
        has_counterfactual: whether there is an S* beside S, and with it a total effect.
        sees_subjects: whether images may have a fourth channel: 1 where the subject is, or -1 all over where it is to be found.
        config: how it sees photos: ``image_size``, ``geometry``, ``mean``, ``std``.
    """

    family: ClassVar[str]
    has_evidence: ClassVar[bool] = False
    has_counterfactual: ClassVar[bool] = False
    sees_subjects: ClassVar[bool] = False
    config: Any

    def inputs(self, image: Tensor) -> dict[str, Tensor]:
        """What ``forward_features`` takes of a normalised photo (3, h, w), by its arguments."""
        return {"images": image}

    def forward_features(self, images: Tensor) -> Tensor:
        """Images (B, 3, h, w) -> X, the last features that still have places; ``on_grid`` says where."""
        raise NotImplementedError

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Any:
        """X -> what the network says: ``cternet.networks.classifier.Outputs``, or ``Ratings``.

        Args:
            evidence: have it among the outputs, in families that have it.
            generator: of what a head draws in training.
        """
        raise NotImplementedError

    def forward(self, images: Tensor) -> Any:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> what the network says."""
        return self.forward_head(self.forward_features(images))

    def on_grid(self, x: Tensor) -> Tensor:
        """X, or what is of its shape, as (B, C, H, W)."""
        return x

    def maps(self, x: Tensor, outputs: Any) -> dict[str, Tensor]:
        """The maps (B, H, W) the network has of images, larger where it looks more, from X and its outputs."""
        return {}


@dataclass
class Ratings:
    """What a network says that rates: valence and arousal (B,), from 1, unpleasant and calm, to 9, pleasant and excited.

    logits (B, K): of the classes, where it tells them apart as well.
    """

    valence: Tensor
    arousal: Tensor
    logits: Tensor | None = None


class Rater(Network):
    """A network whose head gives ``Ratings``."""
