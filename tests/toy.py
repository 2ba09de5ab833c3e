"""A family of its own, as someone who adds one would write it: what the rest of the project must take without being told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cternet.networks.classifier import ANSWERS, Answer, Outputs
from cternet.networks.config import EmotionConfig
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import FAMILIES, Family, register


@dataclass
class ToyConfig(EmotionConfig):
    """A setting that no other family has."""

    family: str = "toy"
    width: int = 8
    """Channels of the head."""


@dataclass(kw_only=True)
class ToyOutputs(Outputs):
    """y_second (B, K): of the second opinion."""

    y_second: Tensor


class Toy(EmotionNetwork):
    """A narrow head with a batch norm, a second opinion, and the answer that is their mean."""

    family = "toy"
    answers = ("y", "y_second")

    def __init__(self, config: ToyConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        self.narrow = nn.Conv2d(self.backbone.channels, config.width, 1)
        self.norm = nn.BatchNorm2d(config.width)
        self.first = nn.Linear(config.width, len(config.classes))
        self.second = nn.Linear(self.backbone.channels, len(config.classes))

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> ToyOutputs:
        x = self.ready(x)
        y = self.first(self.norm(self.narrow(x)).mean(dim=(2, 3)))
        y_second = self.second(x.mean(dim=(2, 3)))
        return ToyOutputs(y=y, y_second=y_second, prediction=y)

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        return {"strength": x.float().norm(dim=1)}


@contextmanager
def toy_family() -> Iterator[None]:
    """The toy is known as long as this lasts; a real one would be a line in ``families.py``, its answer one in its own file."""
    ANSWERS["y_second"] = Answer("Y2", "second opinion")
    register(Family("a toy for tests", ToyConfig, Toy))
    try:
        yield
    finally:
        del ANSWERS["y_second"], FAMILIES["toy"]
