"""Passes of a network that several threads ask for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from cternet.networks.classifier import Outputs
from cternet.results.passes import Passed, Passes
from cternet.stopping import Stopped, never


class Doubling:
    """A network that doubles numbers; ``go`` holds its first pass."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, inputs):
        images = inputs["images"]
        self.sizes.append(len(images))
        self.begun.set()
        assert self.go.wait(10)
        if (images < 0).any():
            raise ValueError("a bad photo")
        return Passed(images, Outputs(images * 2), {"cam": images[:, None] + 1})


def asked_together(passes, network, batches, stops=None):
    """The first batch runs while the others come; futures of all."""
    with ThreadPoolExecutor(len(batches)) as threads:
        stops = stops or [never] * len(batches)
        found = [threads.submit(passes, {"images": batches[0]}, stops[0])]
        assert network.begun.wait(10)
        for number, (batch, stop) in enumerate(zip(batches[1:], stops[1:], strict=True), start=1):
            found.append(threads.submit(passes, {"images": batch}, stop))
            until = time.monotonic() + 10
            while len(passes.waiting) < number:
                assert time.monotonic() < until
                time.sleep(0.001)
        network.go.set()
    return found


def numbers(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None]


def test_those_who_wait_go_through_together_and_each_gets_their_own():
    network = Doubling()
    found = asked_together(Passes(network, 4), network, [numbers(one) for one in range(7)])
    assert network.sizes == [1, 4, 2]
    assert [one.result().outputs.y.item() for one in found] == [0, 2, 4, 6, 8, 10, 12]
    assert [one.result().maps["cam"].item() for one in found] == [1, 2, 3, 4, 5, 6, 7]


def test_alone_where_only_one_is_allowed():
    network = Doubling()
    asked_together(Passes(network, 1), network, [numbers(one) for one in range(3)])
    assert network.sizes == [1, 1, 1]


def test_only_what_has_the_same_shape_goes_together_and_a_large_batch_stays_whole():
    network = Doubling()
    batches = [numbers(0), numbers(*range(6)), numbers(1), torch.ones(1, 3), numbers(2)]
    found = asked_together(Passes(network, 4), network, batches)
    assert network.sizes == [1, 6, 2, 1]
    assert [one.result().outputs.y.shape[0] for one in found] == [1, 6, 1, 1, 1]


def test_nobody_fails_for_the_photo_of_another():
    network = Doubling()
    found = asked_together(Passes(network, 4), network, [numbers(0), numbers(1), numbers(-1), numbers(3)])
    assert [one.result().outputs.y.item() for one in (found[0], found[1], found[3])] == [0, 2, 6]
    with pytest.raises(ValueError, match="a bad photo"):
        found[2].result()


def test_what_nobody_waits_for_is_left_out():
    network = Doubling()
    stops = [never, never, lambda: True, never]
    found = asked_together(Passes(network, 4), network, [numbers(one) for one in range(4)], stops)
    assert network.sizes == [1, 2]
    with pytest.raises(Stopped):
        found[2].result()


def test_a_part_does_not_keep_the_others_in_memory():
    whole = Passed(torch.zeros(4, 100), Outputs(torch.zeros(4, 100)), {})
    part = whole.part(1, 1)
    assert part.x.untyped_storage().nbytes() == part.outputs.y.untyped_storage().nbytes() == 400
