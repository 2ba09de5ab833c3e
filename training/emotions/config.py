"""Settings of a run that learns emotions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from cternet.networks.checkpoint import SHIPPED
from cternet.networks.config import CTERNetConfig, EmotionConfig
from training.data import DataConfig
from training.engine.config import RunConfig

NETWORK = CTERNetConfig(budget="equal")
"""What is trained where nothing else is said."""


@dataclass(kw_only=True)
class TrainConfig(RunConfig, DataConfig):
    """A run that learns emotions."""

    model: EmotionConfig = field(default_factory=lambda: NETWORK)
    """The network."""

    eq7_alone: bool = False
    """Train on CE(v) + CE(Y_TE) only, as Eq. 7 is printed."""
    effect_weight: float = 1.0
    """Of CE(Y_TE) in the loss; on an equal budget it is what asks S to look somewhere."""
    effect_warmup: int = 0
    """Epochs over which that weight rises from 0."""
    label_smoothing: float = 0.1
    soft_labels: bool = False
    """Learn the shares of the raters where the data set has them, instead of the commonest label."""
    teachers: tuple[Path, ...] = ()
    """Checkpoints whose mean answer softens the labels (distillation); they must share the frozen sections."""
    teaching: float = 0.7
    """Share of the teachers' answer in the target; the rest is the label."""
    mixup: float = 0.0
    """Beta parameter of mixup (Zhang et al., 2018), applied to what the frozen sections put out (manifold mixup); 0 is off."""
    balance: float = 0.0
    """Draw images by (class size)^-balance: 0 as they are, 1 all classes equally often."""
    cache: Path | None = None
    """Folder in which to keep what the frozen sections put out; later epochs and runs with the same views read it."""

    saliency: str = str(SHIPPED / "ras")
    """Saliency network that finds the subject of photos without a box, for networks that need it (clef)."""

    FRACTIONS: ClassVar[tuple[str, ...]] = (*RunConfig.FRACTIONS, "teaching", "label_smoothing")
    FREE_TO_CHANGE: ClassVar[frozenset[str]] = RunConfig.FREE_TO_CHANGE | {"cache", "data", "splits"}
