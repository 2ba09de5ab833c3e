"""Targets as distributions: how the raters' votes fell, where a data set says it."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data import Example


def target_table(examples: Sequence[Example], classes: int) -> Tensor:
    """The target of each example (M, classes): its raters' shares, or all of it on its label."""
    table = F.one_hot(torch.tensor([example.label for example in examples]), classes).float()
    for index, example in enumerate(examples):
        if example.shares is not None:
            table[index] = torch.tensor(example.shares)
    return table
