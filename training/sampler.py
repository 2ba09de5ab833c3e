"""The order of images in an epoch, so that a run can be resumed at any step."""

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

from training.data import seed_of


class EpochSampler(Sampler):
    """Yields (index, view): a permutation that depends on (seed, epoch) alone, sliced by rank.

    Args:
        size: images in the split.
        seed: of the run.
        epoch: from 0.
        view: which augmentation of each image.
        rank, world: this process and their number.
        batch_size: a process.
        start_step: steps of this epoch already taken.
    """

    def __init__(
        self, size: int, *, seed: int, epoch: int, view: int, rank: int, world: int, batch_size: int, start_step: int = 0
    ) -> None:
        order = torch.randperm(size, generator=torch.Generator().manual_seed(seed_of(seed, epoch))).tolist()
        self.steps = size // (batch_size * world)  # the last, incomplete global batch is left out
        if self.steps == 0:
            raise ValueError(
                f"{size} training images do not fill one batch of {batch_size} on each of {world} processes; "
                "use a smaller --batch-size"
            )
        first = start_step * batch_size
        self.keys = [(index, view) for index in order[rank::world][first : self.steps * batch_size]]
        self.left_out = [(index, view) for index in order[self.steps * batch_size * world :]]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.keys)
