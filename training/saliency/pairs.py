"""Photos and their masks: DUTS as it is published, or any two trees with the same names.

DUTS (Wang et al., CVPR 2017; http://saliencydetection.net/duts/) is given by ``data`` alone::

    DUTS/DUTS-TR/DUTS-TR-Image/*.jpg   DUTS/DUTS-TR/DUTS-TR-Mask/*.png     to train, and a share of it for val
    DUTS/DUTS-TE/DUTS-TE-Image/*.jpg   DUTS/DUTS-TE/DUTS-TE-Mask/*.png     to test

Anything else by ``data`` and ``masks``, where IMAGES/train/**/name.jpg has its mask in MASKS/train/**/name.png, and so for val
and test.  A set without val gets it from train.
"""

import random
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PIL import Image

from cternet.photos.load import EXTENSIONS, load_image
from training.data import SPLITS, DataError, leave_out_unreadable

DUTS = {"train": "DUTS-TR", "test": "DUTS-TE"}


@dataclass(kw_only=True)
class PairSource:
    """Where photos and masks are."""

    data: Path
    """Folder of the photos, with train, val and test in it; or DUTS, with its own folders."""
    masks: Path | None = None
    """Folder of the masks, with the same folders and names; DUTS needs none."""
    val_share: float = 0.05
    """Share of train that is kept for val where the set has none, the same photos every time."""
    on_bad_image: Literal["fail", "skip"] = "fail"
    """What to do about a photo or mask that cannot be read."""

    def __post_init__(self) -> None:
        if not 0 < self.val_share < 1:
            raise ValueError(f"--val-share must lie between 0 and 1, not {self.val_share}")


@dataclass(frozen=True)
class Pair:
    """A photo, and the grey picture of the same scene that is white where it is salient; of any size."""

    path: Path
    mask: Path
    split: str


def read_pairs(source: PairSource, splits: Sequence[str]) -> tuple[dict[str, list[Pair]], dict[Path, str]]:
    """The readable pairs of ``splits``, sorted by name, and what was left out and why.

    Photos without a mask and masks without a photo are left out; their number is said on stderr.

    Raises:
        DataError: no such folder, an empty split, an unreadable file that may not be skipped, or masks that mark nothing.
    """
    found = [pair for pair in list_pairs(source) if pair.split in splits]
    for split in splits:
        if not any(pair.split == split for pair in found):
            raise DataError(
                f"{source.data} has no photo with a mask in the split {split}; add some there and the masks of the same names "
                f"in {source.masks or source.data}"
            )
    kept, left_out = leave_out_unreadable(found, source.on_bad_image)
    readable, bad_masks = leave_out_unreadable([replace(pair, path=pair.mask) for pair in kept], source.on_bad_image)
    masks = {pair.mask for pair in readable}
    pairs = {split: [pair for pair in kept if pair.split == split and pair.mask in masks] for split in splits}
    for split, members in pairs.items():
        check_masks(members, split, source)
    return pairs, left_out | bad_masks


def list_pairs(source: PairSource) -> list[Pair]:
    """Every photo that has a mask, with its split."""
    pairs: list[Pair] = []
    alone: list[Path] = []
    unused = 0
    for split, images, masks in folders(source):
        mask_of = by_name(masks)
        photos = by_name(images)
        pairs += [Pair(path, mask_of[name], split) for name, path in photos.items() if name in mask_of]
        alone += [path for name, path in photos.items() if name not in mask_of]
        unused += len(set(mask_of) - set(photos))
    if alone:
        print(f"{source.data}: left out {len(alone):,} photos without a mask (first: {alone[0]})", file=sys.stderr)
    if unused:
        print(f"{source.masks or source.data}: {unused:,} masks belong to no photo", file=sys.stderr)
    if not any(pair.split == "val" for pair in pairs):
        pairs = with_val(pairs, source)
    return pairs


def folders(source: PairSource) -> list[tuple[str, Path, Path]]:
    """(split, folder of photos, folder of masks) of the layout that is there."""
    for name, folder in (("--data", source.data), ("--masks", source.masks)):
        if folder is not None and not folder.is_dir():
            raise DataError(
                f"{folder} is no folder; give the folder of the {'masks' if folder == source.masks else 'photos'} with {name}"
            )
    if source.masks is None:
        found = [
            (split, source.data / part / f"{part}-Image", source.data / part / f"{part}-Mask") for split, part in DUTS.items()
        ]
        mend = f"give the folder that holds {DUTS['train']}, or name the folder of the masks with --masks"
    else:
        found = [(split, source.data / split, source.masks / split) for split in SPLITS]
        mend = f"both need folders called {', '.join(SPLITS)}, with photos and masks of the same names"
    there = [row for row in found if row[1].is_dir() and row[2].is_dir()]
    if not there:
        raise DataError(f"{source.data} has no photos with masks in a known layout; {mend}")
    return there


def by_name(folder: Path) -> dict[str, Path]:
    """Pictures below a folder by their path in it without its ending, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def with_val(pairs: Sequence[Pair], source: PairSource) -> list[Pair]:
    """The same pairs, a seeded share of train being val."""
    train = [pair for pair in pairs if pair.split == "train"]
    chosen = set(random.Random(0).sample(train, round(source.val_share * len(train))))
    return [replace(pair, split="val") if pair in chosen else pair for pair in pairs]


def load_mask(path: Path) -> Image.Image:
    """A mask as 8 bit grey.

    Raises:
        ImageError: see ``cternet.photos.load.load_image``.
    """
    return load_image(path).convert("L")


def check_masks(pairs: Sequence[Pair], split: str, source: PairSource) -> None:
    """Masks of one single value are photos without a salient object, and fine; but not all of a split's.

    Raises:
        DataError: no pair is left, or no mask marks anything.
    """
    where = source.masks or source.data
    if not pairs:
        raise DataError(f"{source.data} has no readable photo and mask in the split {split}; fetch the files again")
    with ThreadPoolExecutor() as pool:
        ranges = list(pool.map(lambda pair: load_mask(pair.mask).getextrema(), pairs))
    if all(low == high for low, high in ranges):
        raise DataError(
            f"each of the {len(pairs):,} masks of {split} in {where} is one single value (first: {pairs[0].mask}); "
            "masks are grey pictures, white where the photo is salient and black elsewhere"
        )
    if all(high < 128 for _, high in ranges):
        raise DataError(
            f"none of the {len(pairs):,} masks of {split} in {where} is anywhere brighter than middle grey (the brightest: "
            f"{max(high for _, high in ranges)} of 255); masks are 255 where the photo is salient and 0 elsewhere"
        )
