"""Settings of a run that learns valence and arousal."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from cternet.networks.config import ValenceArousalConfig
from training.data import DataConfig
from training.engine.config import RunConfig

Truth = Literal["ratings", "labels"]
"""What the valence and arousal of a photo are taken from: its own ratings, or those of its label's word."""


@dataclass(kw_only=True)
class RatingConfig(RunConfig, DataConfig):
    """A run that learns valence and arousal."""

    model: ValenceArousalConfig = field(default_factory=ValenceArousalConfig)
    """The network."""
    truth: Truth = "ratings"
    """ratings: the photos are rated; labels: they have emotion labels, whose words the lexicon rates."""
    lexicon: Path | None = None
    """File in the format of the NRC VAD lexicon; by default the few words that come with the project."""
    share: float = 1.0
    """Of the training photos, drawn by --seed: how far few ratings go."""
    category_weight: float = 0.5
    """Of the cross-entropy of the labels, with --model.categories."""
    cache: Path | None = None
    """Folder in which to keep what the frozen sections put out; later epochs and runs with the same views read it."""

    FRACTIONS: ClassVar[tuple[str, ...]] = (*RunConfig.FRACTIONS, "share")
    FREE_TO_CHANGE: ClassVar[frozenset[str]] = RunConfig.FREE_TO_CHANGE | {"cache", "data", "splits"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model.categories and self.truth == "ratings" and not self.start_head:
            raise ValueError(
                "--model.categories needs labels to learn from; take them with --truth labels, or go on from such a run with "
                "--start and --start-head"
            )
