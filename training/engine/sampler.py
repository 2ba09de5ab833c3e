"""The order of images in an epoch, so that a run can be resumed at any step."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

from training.data import seed_of


class EpochSampler(Sampler):
    """Yields (index, view): an order that depends on (seed, epoch) alone, sliced by rank.

    Args:
        labels: class index of each image of the split.
        seed: of the run.
        epoch: from 0.
        view: which augmentation of each image.
        rank, world: this process and their number.
        batch_size: images a step on each process.
        balance: images are drawn, with replacement, by (size of their class)^-balance; 0 is each image once.
        start_step: steps of this epoch already taken.
    """

    def __init__(
        self,
        labels: Sequence[int],
        *,
        seed: int,
        epoch: int,
        view: int,
        rank: int,
        world: int,
        batch_size: int,
        balance: float = 0.0,
        start_step: int = 0,
    ) -> None:
        size, generator = len(labels), torch.Generator().manual_seed(seed_of(seed, epoch))
        if balance:
            classes = torch.tensor(labels)
            weights = classes.bincount().double()[classes] ** -balance
            order = torch.multinomial(weights, size, replacement=True, generator=generator).tolist()
        else:
            order = torch.randperm(size, generator=generator).tolist()
        self.view = view
        self.steps = size // (batch_size * world)  # the last, incomplete global batch is left out
        if self.steps == 0:
            raise ValueError(
                f"{size} training images do not fill one step of {batch_size} on each of {world} processes; "
                "use a smaller --batch-size or --accumulate"
            )
        used = order[: self.steps * batch_size * world]
        self.keys = [(index, view) for index in used[rank::world][start_step * batch_size :]]
        self.left_out = [(index, view) for index in sorted(set(range(size)) - set(used))]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.keys)
