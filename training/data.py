"""Data sets as manifests, and photos as tensors.

A reader turns a layout on disk into rows; everything after it sees rows only, so a new data set is a new reader.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2
from tqdm.auto import tqdm

from cternet.images import ImageError, load_image
from cternet.model import CTERNetConfig
from cternet.preprocess import geometry_transform, to_input

SPLITS = ("train", "val", "test")
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


class DataError(Exception):
    """The data cannot be used as they are; the message names the path and the mend."""


@dataclass(frozen=True)
class Row:
    """One image: its file, its class index and its split."""

    path: Path
    label: int
    split: str


def read_class_folders(root: Path, classes: Sequence[str]) -> list[Row]:
    """Rows of ``{train,val,test}/<class>/*`` (FI's layout); classes are pinned by name, splits found on disk.

    Raises:
        DataError: no such folder, no split, a class folder missing or without images.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; give the data set's folder with --data")
    splits = [split for split in SPLITS if (root / split).is_dir()]
    if not splits:
        raise DataError(f"{root} has none of the folders train, val, test; expected {{train,val,test}}/<class>/*.jpg")
    rows = []
    for split in splits:
        for label, name in enumerate(classes):
            folder = root / split / name
            if not folder.is_dir():
                raise DataError(
                    f"the class folder {folder} is missing; create it, or name the classes you have with --model.classes"
                )
            files = sorted(path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS)
            if not files:
                raise DataError(f"the class folder {folder} holds no image ({', '.join(sorted(EXTENSIONS))})")
            rows += [Row(path, label, split) for path in files]
    return rows


def unreadable(rows: Sequence[Row]) -> dict[Path, str]:
    """Decode every image once; returns the ones that fail with what is wrong with each."""

    def check(row: Row) -> str | None:
        try:
            load_image(row.path)
        except ImageError as error:
            return str(error)
        return None

    with ThreadPoolExecutor() as pool:
        found = tqdm(pool.map(check, rows), total=len(rows), desc="checking images", unit="img", leave=False)
        return {row.path: why for row, why in zip(rows, found, strict=True) if why}


def leave_out_unreadable(rows: Sequence[Row], on_bad_image: str) -> tuple[list[Row], dict[Path, str]]:
    """The readable rows, and what was left out and why.

    Raises:
        DataError: an image is unreadable and ``on_bad_image`` is ``fail``.
    """
    bad = unreadable(rows)
    if bad:
        listing = "; ".join(f"{path}: {why}" for path, why in bad.items())
        if on_bad_image == "fail":
            raise DataError(f"{len(bad)} unreadable images (leave them out with --on-bad-image skip): {listing}")
        print(f"left out {len(bad)} unreadable images: {listing}", file=sys.stderr)
    return [row for row in rows if row.path not in bad], bad


def train_transform(config: CTERNetConfig, scale: tuple[float, float]) -> v2.Transform:
    """PIL RGB -> augmented, normalised tensor (3, size, size)."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(config.image_size, scale=scale, antialias=True),
            v2.RandomHorizontalFlip(),
            to_input(config),
        ]
    )


def eval_transform(config: CTERNetConfig) -> v2.Transform:
    """PIL RGB -> normalised tensor (3, size, size), as the predictor does it."""
    return v2.Compose([geometry_transform(config), to_input(config)])


def seed_of(*parts: int) -> int:
    """One 63-bit seed from several numbers, the same on every machine."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = ((value ^ (part + 0x632BE59BD9B4E019)) * 0xD6E8FEB86659FD93) & (2**64 - 1)
        value ^= value >> 32
    return value >> 1


class Photos(Dataset):
    """(index, view) -> (tensor, label, index); the augmentation is a function of (seed, view, index) alone."""

    def __init__(self, rows: Sequence[Row], transform: v2.Transform, seed: int = 0) -> None:
        self.rows, self.transform, self.seed = list(rows), transform, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, int, int]:
        index, view = key
        row = self.rows[index]
        image = load_image(row.path)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self.seed, view, index))
            return self.transform(image), row.label, index
