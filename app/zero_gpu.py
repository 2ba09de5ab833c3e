"""ZeroGPU: a Space that has no GPU of its own, and is lent one for the length of a call.

The models stay on the CPU, where one photo takes less time than a wait for a GPU.  A batch of several goes to the GPU: the
package ``spaces`` runs the call in a process that it forks from this one.  https://huggingface.co/docs/hub/spaces-zerogpu
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cternet import Predictor
from cternet.results.passes import Inputs, Passed

Arrays = dict[str, np.ndarray | None]

LEAST = 8
"""Photos of a batch from which on a GPU is asked for: a choice, not measured on ZeroGPU."""
BATCH = 32
"""Photos of a zip that go through the network together, where a GPU is lent for them."""
START, PHOTO = 10.0, 0.1
"""Seconds that a process with the GPU takes until it is ready, and that each photo takes, at most: choices as well."""
AGAIN = 60.0
"""Seconds until a GPU is asked for again, after none was lent."""
log = logging.getLogger(__name__)


def seconds(_name: str, inputs: Arrays) -> float:
    """How long a GPU is asked for; those who ask for less wait less."""
    return START + PHOTO * len(next(iter(inputs.values())))


def arrays(tensors: dict[str, Tensor | None]) -> Arrays:
    """Tensors as they go from process to process: torch would put them in shared memory, of which containers have little."""
    return {name: None if one is None else one.cpu().numpy() for name, one in tensors.items()}


def tensors(arrays: Arrays) -> dict[str, Any]:
    """The tensors again."""
    return {name: None if one is None else torch.from_numpy(one) for name, one in arrays.items()}


class Loans:
    """Has the larger batches of predictors run on lent GPUs, and on the CPU where none is lent.

    Args:
        gpu: ``spaces.GPU``.
        predictors: on the CPU, with different names.
    """

    def __init__(self, gpu: Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]], predictors: Sequence[Predictor]):
        self.predictors = {predictor.name: predictor for predictor in predictors}
        self.lender = os.getpid()
        self.not_before = 0.0
        self.on_gpu = gpu(duration=seconds)(self.there)
        for predictor in predictors:
            predictor.elsewhere = partial(self.ask, predictor.name)

    def ask(self, name: str, inputs: Inputs) -> Passed | None:
        """A pass on a GPU, all of it on the CPU again; None where the batch is small or no GPU is lent."""
        count = len(next(iter(inputs.values())))
        if count < LEAST or time.monotonic() < self.not_before:
            return None
        try:
            x, kind, outputs, maps = self.on_gpu(name, arrays(inputs))
        except Exception as error:  # no GPU is free, the visitor has no quota left, the process died: the CPU can do it
            log.warning("no GPU for %d photos, so they run on the CPU: %s", count, error)
            self.not_before = time.monotonic() + AGAIN
            return None
        return Passed(torch.from_numpy(x), kind(**tensors(outputs)), tensors(maps))

    def there(self, name: str, inputs: Arrays) -> tuple[np.ndarray, type, Arrays, Arrays]:
        """The forward pass, where the GPU is; the network stays there: X, the outputs' class and values, and the maps."""
        if os.getpid() != self.lender:
            torch.set_num_threads(1)  # the threads of OpenMP were not forked, and waiting for them would never end
        predictor = self.predictors[name]
        predictor.move("cuda" if torch.cuda.is_available() else "cpu")
        found = predictor.run(tensors(inputs))
        return found.x.cpu().numpy(), type(found.outputs), arrays(vars(found.outputs)), arrays(found.maps)
