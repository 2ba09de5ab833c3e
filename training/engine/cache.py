"""What the frozen sections of the backbone put out, kept on disk between epochs and runs.

An image's augmentation depends on (view seed, view, index) alone, so the output of frozen sections does too: computed
once, it serves every later epoch and run with the same views.  Stored as the values themselves (bfloat16 under bf16
autocast), so a cached run equals an uncached one.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from torchvision.transforms import v2

from training.data import LABEL, Example, Target
from training.files import saving


class FeatureCache:
    """One folder per combination of images, views, frozen weights and precision; in it one file a view.

    Args:
        root: folder of all caches.
        examples: the split's images, in order.
        sections: the frozen sections.
        transform: of the images.
        view_seed: seed of the augmentations.
        shape: of one output, (C, H, W).
        dtype: of the outputs, ``torch.bfloat16`` or ``torch.float32``.
        owner: name of the run, so that two runs never fill the same unfinished file.
    """

    def __init__(
        self,
        root: Path,
        examples: Sequence[Example],
        sections: Sequence[nn.Module],
        *,
        transform: v2.Transform,
        view_seed: int,
        shape: tuple[int, int, int],
        dtype: torch.dtype,
        owner: str,
    ) -> None:
        key = hashlib.sha256(repr((sections, transform, view_seed, shape, dtype)).encode())
        for section in sections:
            for name, tensor in section.state_dict().items():
                key.update(name.encode())
                key.update(tensor.cpu().numpy().tobytes())
        for example in examples:
            stat = example.path.stat()
            key.update(f"{example.path.resolve()} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        self.examples = list(examples)
        self.folder = root / key.hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shape = (len(self.examples), *shape)
        self.dtype = dtype
        self.owner = hashlib.sha256(owner.encode()).hexdigest()[:8]
        self.numpy_dtype = {torch.bfloat16: np.uint16, torch.float32: np.float32}[dtype]

    def path(self, view: int) -> Path:
        return self.folder / f"view-{view}.npy"

    def partial(self, view: int) -> Path:
        return self.folder / f"view-{view}.{self.owner}.partial"

    def has(self, view: int) -> bool:
        return self.path(view).exists()

    def create(self, view: int) -> None:
        """Make the file that ``write`` fills; call on one process.

        Raises:
            SaveError: the disk has no room for it.
        """
        partial = self.partial(view)
        with saving(self.path(view), partial):
            np.lib.format.open_memmap(partial, "w+", self.numpy_dtype, self.shape).flush()
            if hasattr(os, "posix_fallocate"):  # a disk that fills up later, under a memory map, kills the process
                with partial.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, partial.stat().st_size)

    def open_partial(self, view: int) -> np.memmap:
        return np.lib.format.open_memmap(self.partial(view), "r+")

    def write(self, memory: np.memmap, indices: Tensor, features: Tensor) -> None:
        """Store features (B, C, H, W) of the images ``indices`` (B,)."""
        features = features.detach().to(self.dtype).contiguous().cpu()
        raw = features.view(torch.uint16) if self.dtype == torch.bfloat16 else features
        memory[indices.numpy()] = raw.numpy()

    def finish(self, view: int) -> None:
        """Every image was written: the view may be read from now on; call on one process."""
        self.partial(view).replace(self.path(view))

    def dataset(self, target: Target = LABEL) -> "CachedFeatures":
        return CachedFeatures(self, target)


class CachedFeatures(Dataset):
    """(index, view) -> (features, target, index) from a finished view."""

    def __init__(self, cache: FeatureCache, target: Target) -> None:
        self.cache, self.target = cache, target
        self.open: dict[int, np.memmap] = {}

    def __len__(self) -> int:
        return len(self.cache.examples)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Any, int]:
        index, view = key
        if view not in self.open:
            self.open = {view: np.load(self.cache.path(view), mmap_mode="r")}
        features = torch.from_numpy(self.open[view][index].copy())
        if self.cache.dtype == torch.bfloat16:
            features = features.view(torch.bfloat16)
        return features, self.target(self.cache.examples[index]), index
