"""Photos as tensors: decoding checks, transforms, and augmentation that can be repeated."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2
from torchvision.tv_tensors import Mask
from tqdm.auto import tqdm

from cternet.photos.load import ImageError, incomplete, load_image
from cternet.photos.preprocess import Input, geometry_transform, to_input
from training.data.boxes import inside
from training.data.rows import DataError
from training.data.targets import Example

lacking_end: set[Path] = set()
"""Photos that were found to lack their end; they are used as far as they go, as everywhere."""
SHOWN = 20
"""Unreadable images that a message names."""


def unreadable(examples: Sequence[Example]) -> dict[Path, str]:
    """Decode every image once; returns the ones that fail with what is wrong with each."""

    def check(example: Example) -> str | None:
        stat = example.path.stat() if example.path.exists() else None
        return problem(example.path, stat and (stat.st_size, stat.st_mtime_ns))

    with ThreadPoolExecutor() as pool:
        found = tqdm(pool.map(check, examples), total=len(examples), desc="checking images", unit="img", leave=False)
        return {example.path: why for example, why in zip(examples, found, strict=True) if why}


@cache
def problem(path: Path, _state: tuple[int, int] | None) -> str | None:
    """Why a file cannot be decoded; remembered while its size and time stay, so that a table of runs looks once."""
    try:
        if incomplete(load_image(path)):
            lacking_end.add(path)
    except ImageError as error:
        return str(error)
    return None


def leave_out_unreadable(examples: Sequence[Example], on_bad_image: str) -> tuple[list[Example], dict[Path, str]]:
    """The readable examples, and what was left out and why.

    Raises:
        DataError: an image is unreadable and ``on_bad_image`` is ``fail``.
    """
    bad = unreadable(examples)
    if short := sorted({example.path for example in examples} & lacking_end):
        listing = ", ".join(map(str, short[:SHOWN])) + (", …" if len(short) > SHOWN else "")
        print(f"{len(short)} images lack their end and are used as far as they go: {listing}", file=sys.stderr)
    if bad:
        listing = "; ".join(f"{path}: {why}" for path, why in islice(bad.items(), SHOWN))
        if len(bad) > SHOWN:
            listing += f"; and {len(bad) - SHOWN:,} more"
        if on_bad_image == "fail":
            raise DataError(f"{len(bad)} unreadable images (leave them out with --on-bad-image skip): {listing}")
        print(f"left out {len(bad)} unreadable images: {listing}", file=sys.stderr)
    return [example for example in examples if example.path not in bad], bad


def train_transform(config: Input, scale: tuple[float, float]) -> v2.Transform:
    """PIL RGB -> augmented, normalised tensor (3, size, size)."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(config.image_size, scale=scale, antialias=True),
            v2.RandomHorizontalFlip(),
            to_input(config),
        ]
    )


def eval_transform(config: Input) -> v2.Transform:
    """PIL RGB -> normalised tensor (3, size, size), as the predictor does it."""
    return v2.Compose([geometry_transform(config), to_input(config)])


def seed_of(*parts: int) -> int:
    """One 63-bit seed from several numbers, the same on every machine."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = ((value ^ (part + 0x632BE59BD9B4E019)) * 0xD6E8FEB86659FD93) & (2**64 - 1)
        value ^= value >> 32
    return value >> 1


@contextmanager
def draws_of(*parts: int) -> Iterator[None]:
    """Within, random transforms draw what these numbers determine; the draws of the rest go on as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[]):
        # Transforms draw from this one; torch.manual_seed notes a whole stack for GPUs that are not in use yet.
        torch.default_generator.manual_seed(seed_of(*parts))
        yield


Target = Callable[[Example], Any]
"""What is to be learnt of an example, as it goes into a batch."""
LABEL: Target = attrgetter("label")


class Photos(Dataset):
    """(index, view) -> (tensor, target, index); the augmentation is a function of (seed, view, index) alone.

    With ``subjects``, where any example has a box, tensors have a fourth channel: 1 in the box and 0 around it, or -1 all over
    for an example without one.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        transform: v2.Transform,
        seed: int = 0,
        target: Target = LABEL,
        *,
        subjects: bool = False,
    ) -> None:
        self.examples, self.transform, self.seed, self.target = list(examples), transform, seed, target
        self.subjects = subjects and any(example.box for example in self.examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Any, int]:
        index, view = key
        example = self.examples[index]
        image = load_image(example.path)
        with draws_of(self.seed, view, index):
            if not self.subjects:
                return self.transform(image), self.target(example), index
            there = inside(example.box, image.size, image.size) if example.box else torch.zeros(image.size[::-1])
            seen, subject = self.transform(image, Mask(there.float()[None]))
        return torch.cat([seen, subject if example.box else subject - 1]), self.target(example), index
