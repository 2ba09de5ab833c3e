"""What a task says of its runs: what is learnt from what."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.batches import Batch
from training.engine.sampler import EpochSampler


class Learning(ABC):
    """The examples, the network, the batches, the loss, and the figures on val; ``training.engine.run.Run`` does the rest."""

    @abstractmethod
    def read_examples(self) -> tuple[dict[str, list[Any]], dict[Path, str]]:
        """The examples of train and val, each with a ``path``, and what was left out and why.

        Raises:
            DataError: they cannot be used.
        """

    @abstractmethod
    def identity(self, example: Any) -> str:
        """What must be the same for a run to go on with an example, wherever the data lie."""

    @abstractmethod
    def make_network(self) -> nn.Module:
        """The network with its start weights; its backbone, a ``cternet.networks.backbone.Backbone``, is called so.

        Raises:
            DataError, ValueError: it cannot be made, or the start weights are not for it.
        """

    @abstractmethod
    def open_data(self) -> None:
        """Ready what feeds the network, which stands by now."""

    @abstractmethod
    def batches(self, sampler: EpochSampler, *, from_start: bool) -> Iterator[Batch]:
        """The batches of an epoch, on the device."""

    @abstractmethod
    def loss(self, inputs: Any, targets: Any, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and its terms by name."""

    @abstractmethod
    def validate(self) -> tuple[dict[str, Any], dict[str, float | None]]:
        """Figures of ``weights`` on val: all of them, for the checkpoint, and those of ``metrics.jsonl``."""

    @abstractmethod
    def score(self, val: dict[str, float | None]) -> float:
        """By what an epoch's figures are compared; the best is the largest."""

    @abstractmethod
    def pictures(self, examples: Sequence[Any]) -> list[NDArray[np.uint8]]:
        """What ``weights`` make of a few photos, (h, w, 3) each, for the tracker."""
