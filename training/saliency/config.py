"""Settings of a run that learns saliency."""

from dataclasses import dataclass, field
from typing import ClassVar

from cternet.networks.ras import RASConfig
from training.engine.config import RunConfig
from training.saliency.pairs import PairSource


@dataclass(kw_only=True)
class SaliencyConfig(RunConfig, PairSource):
    """A run that learns saliency."""

    model: RASConfig = field(default_factory=RASConfig)
    """The network."""
    frozen_sections: int = 4
    """Leading backbone sections kept fixed (an EfficientNet's first is its stem)."""
    epochs: int = 10
    batch_size: int = 16
    """Images a forward pass on each process."""
    lr: float = 2e-4
    """Peak learning rate of the backbone."""
    head_lr: float = 2e-3
    """Peak learning rate of everything after it."""

    FREE_TO_CHANGE: ClassVar[frozenset[str]] = RunConfig.FREE_TO_CHANGE | {"data", "masks"}

    def __post_init__(self) -> None:
        PairSource.__post_init__(self)
        RunConfig.__post_init__(self)
