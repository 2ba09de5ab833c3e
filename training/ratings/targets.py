"""What is learnt of a photo: its valence and arousal from 1 to 9, and its label."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from cternet.circumplex import HIGHEST, LOWEST
from training.data import DataConfig, DataError, Example, load_examples
from training.ratings.config import Truth

NO_LABEL = -1


@dataclass(frozen=True)
class RatingTarget:
    """An example to (3,): valence, arousal, and the index of its label, ``NO_LABEL`` where it has none.

    Attributes:
        truth: where valence and arousal come from.
        places: those of the classes.
    """

    truth: Truth
    places: Sequence[tuple[float, float]] = field(default=())

    def __call__(self, example: Example) -> Tensor:
        label = NO_LABEL if example.label is None else example.label
        rated = self.places[label] if self.truth == "labels" else scaled(example)
        return torch.tensor([*rated, label], dtype=torch.float32)


def scaled(example: Example) -> tuple[float, float]:
    """The example's ratings on the scale from 1 to 9."""
    assert example.scale is not None and example.valence is not None and example.arousal is not None
    low, high = example.scale
    valence, arousal = (
        LOWEST + (HIGHEST - LOWEST) * (value - low) / (high - low) for value in (example.valence, example.arousal)
    )
    return valence, arousal


def load_rated(config: DataConfig, classes: Sequence[str], truth: Truth, splits: Sequence[str]) -> list[Example]:
    """The examples of the splits.

    Raises:
        DataError: see ``load_examples``; or there are photos without the ratings they are to be learnt from.
    """
    found = load_examples(config, classes if truth == "labels" else None, splits)
    if truth == "ratings":
        bare = [example.path for example in found if None in (example.valence, example.arousal, example.scale)]
        if bare:
            raise DataError(
                f"{config.data} has {len(bare):,} photos without ratings of valence and arousal, or their scale (first: "
                f"{bare[0]}); learn from their emotion labels with --truth labels, or say --valence-scale LOWEST HIGHEST"
            )
    return found
