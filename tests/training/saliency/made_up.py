"""Photos with a bright disc somewhere on dull noise, and masks that mark the disc."""

from pathlib import Path

import numpy as np
from PIL import Image

COUNTS = {"train": 16, "val": 6, "test": 4}


def write_pair(photo: Path, mask: Path, seed: int, *, side: int = 60, mask_side: int = 30) -> None:
    noise = np.random.default_rng(seed)
    x, y = noise.uniform(0.3, 0.7, 2)
    radius = noise.uniform(0.15, 0.3)

    def disc(size: int) -> np.ndarray:
        rows, columns = np.mgrid[:size, :size] / size
        return (rows - y) ** 2 + (columns - x) ** 2 < radius**2

    pixels = noise.integers(0, 100, (side, side, 3))
    pixels[disc(side)] += (150, 120, 20)
    for path in (photo, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(photo)
    Image.fromarray((255 * disc(mask_side)).astype(np.uint8)).save(mask)


def write_trees(root: Path, counts: dict[str, int] = COUNTS) -> Path:
    """``root/images`` and ``root/masks``; masks have half the photos' size."""
    for number, split in enumerate(counts):
        for index in range(counts[split]):
            name = f"{split}/{'odd' if index % 2 else 'even'}/{index}"
            write_pair(root / "images" / f"{name}.jpg", root / "masks" / f"{name}.png", 100 * number + index)
    return root


def write_duts(root: Path, train: int = 20, test: int = 3) -> Path:
    for part, count in (("DUTS-TR", train), ("DUTS-TE", test)):
        for index in range(count):
            folder = root / part
            write_pair(folder / f"{part}-Image" / f"{index}.jpg", folder / f"{part}-Mask" / f"{index}.png", index)
    return root
