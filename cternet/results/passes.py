"""Passes of a network that several threads ask for: one at a time, and those that wait together go through as one batch."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cternet.networks.classifier import Outputs
from cternet.networks.network import Ratings
from cternet.stopping import Stop, Stopped, never

__all__ = ["Inputs", "Passed", "Passes"]

Inputs = dict[str, Tensor]
"""Batches of what goes in, by the arguments of ``forward_features``."""


@dataclass
class Passed:
    """What a network made of a batch.

    x: the features (B, C, H, W), on the network's device.  outputs: as float32, on the CPU.  maps (B, H, W): likewise.
    """

    x: Tensor
    outputs: Outputs | Ratings
    maps: dict[str, Tensor]

    def part(self, start: int, count: int) -> "Passed":
        """What was made of some images of the batch; it does not keep the others in memory."""

        def of(batch: Tensor | None) -> Any:
            return None if batch is None else batch[start : start + count].clone()

        outputs = type(self.outputs)(**{name: of(one) for name, one in vars(self.outputs).items()})
        return Passed(of(self.x), outputs, {name: of(one) for name, one in self.maps.items()})


Run = Callable[[Inputs], Passed]


@dataclass(eq=False)
class Waiting:
    """A batch that waits for its pass."""

    inputs: Inputs
    stop: Stop
    found: Passed | None = None
    error: BaseException | None = None

    @property
    def count(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def over(self) -> bool:
        return self.found is not None or self.error is not None

    def fits(self, other: "Waiting") -> bool:
        """Whether both can be one batch."""
        return {name: one.shape[1:] for name, one in self.inputs.items()} == {
            name: one.shape[1:] for name, one in other.inputs.items()
        }


class Passes:
    """Runs a network for many threads.

    A pass that is asked for while another runs waits; the next takes everything that waits by then, in the order of asking.
    Two passes at once would only take cores and memory from each other, and one of four photos takes less than four of one.

    Args:
        run: one pass of the network.
        most: images that are put together in a pass; 1 for each alone.  A batch that is larger itself is not divided.
    """

    def __init__(self, run: Run, most: int = 1) -> None:
        self.run, self.most = run, most
        self.turn, self.waiting = threading.Lock(), deque[Waiting]()

    def __call__(self, inputs: Inputs, stop: Stop = never) -> Passed:
        """What the network makes of a batch, as if it were alone, but for the last digits of float32.

        Raises:
            Stopped: ``stop()`` said so before its turn came.
        """
        mine = Waiting(inputs, stop)
        self.waiting.append(mine)
        with self.turn:  # whoever has it may do the work of those who come after
            while not mine.over:
                self.pass_together(self.next())
        if mine.error is not None:
            raise mine.error
        assert mine.found is not None
        return mine.found

    def next(self) -> list[Waiting]:
        """The first of those who wait, and those after it that fit into its pass."""
        chosen = [self.waiting.popleft()]
        for other in list(self.waiting):
            if other.fits(chosen[0]) and sum(one.count for one in (*chosen, other)) <= self.most:
                chosen.append(other)
                self.waiting.remove(other)
        return chosen

    def pass_together(self, chosen: Sequence[Waiting]) -> None:
        """One pass for all of them; each alone if that fails, so that nobody fails for another's photo."""
        wanted = []
        for one in chosen:
            if one.stop():
                one.error = Stopped()
            else:
                wanted.append(one)
        if not wanted:
            return
        try:
            found = self.run({name: torch.cat([one.inputs[name] for one in wanted]) for name in wanted[0].inputs})
        except Exception as error:
            if len(wanted) == 1:
                wanted[0].error = error
            for one in wanted if len(wanted) > 1 else ():
                self.pass_together([one])
            return
        if len(wanted) == 1:
            wanted[0].found = found
            return
        start = 0
        for one in wanted:
            one.found = found.part(start, one.count)
            start += one.count
