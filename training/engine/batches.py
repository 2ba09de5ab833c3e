"""Batches of a data set, in the order of training and of evaluation."""

from typing import Any

from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from training.engine.sampler import EpochSampler

Batch = tuple[Any, Any, Tensor]
"""What goes into the network and what is to come out, as the task's ``loss`` takes them, and indices of the examples (B,)."""


def training_loader(data: Dataset, sampler: EpochSampler, *, batch_size: int, workers: int) -> DataLoader:
    """Batches in the sampler's order."""
    return DataLoader(
        data,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        generator=Generator(),  # its own, so that the network's draws do not depend on the number of workers
    )


def evaluation_loader(data: Dataset, *, batch_size: int, workers: int) -> DataLoader:
    """Every example of ``data`` once, in order; to be prepared by an ``Accelerator``."""
    keys = [(index, 0) for index in range(len(data))]
    return DataLoader(data, batch_size=batch_size, sampler=keys, num_workers=workers)
