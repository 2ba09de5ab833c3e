"""Looking at every image once: whether it decodes, its size, and which are nearly the same."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm.auto import tqdm

from cternet.photos.load import ImageError, load_image

HASH_SIDE = 16
NEAR = 20
"""Largest distance of near-duplicates, of 256 bits.  On FI copies, recoloured and retouched ones are up to 11 apart, while
different photos of sky, sea or dusk start at 25; the usual 64 bits do not tell these apart."""
FLAT = 32
"""Fewer bits set, or unset, are a flat image: a few words on black have 3 to 11, and all look alike; photos have 85 or more."""


@dataclass(frozen=True)
class Inspection:
    """One image.  width, height: pixels, upright.  hash: its ``fingerprint``, (32,) uint8.  problem: why it is
    unreadable; then the rest is empty."""

    size_bytes: int = 0
    width: int = 0
    height: int = 0
    hash: np.ndarray | None = None
    problem: str | None = None


def inspect(path: Path) -> Inspection:
    try:
        image = load_image(path)
    except ImageError as error:
        return Inspection(problem=str(error))
    return Inspection(path.stat().st_size, *image.size, fingerprint(image))


def fingerprint(image: Image.Image) -> np.ndarray:
    """The difference hash; of a flat image, where that says next to nothing, a digest of its pixels: (32,) uint8."""
    bits = imagehash.dhash(image, HASH_SIDE).hash
    if min(bits.sum(), bits.size - bits.sum()) < FLAT:
        return np.frombuffer(blake2b(image.tobytes(), digest_size=bits.size // 8).digest(), np.uint8)
    return np.packbits(bits)


def inspect_all(paths: Sequence[Path], title: str = "looking at images") -> list[Inspection]:
    """Decode every image, several at a time."""
    with ThreadPoolExecutor() as pool:
        return list(tqdm(pool.map(inspect, paths), total=len(paths), desc=title, unit="img", leave=False))


def near_duplicates(found: Sequence[Inspection], *, block: int = 128) -> np.ndarray:
    """Number of its group for each image, (N,): images are in one group where a chain of near-duplicates joins them.

    Unreadable images are each alone.  N^2 comparisons, in blocks: a second for ten thousand images.
    """
    readable = np.array([index for index, one in enumerate(found) if one.hash is not None], dtype=int)
    hashes = [one.hash for one in found if one.hash is not None]
    left, right = [np.zeros(0, dtype=int)], [np.zeros(0, dtype=int)]
    if hashes:
        words = np.stack(hashes).view(np.uint64)  # (n, 4)
        for start in range(0, len(words), block):
            distance = np.zeros((min(block, len(words) - start), len(words) - start), dtype=np.uint16)
            for word in words.T:
                distance += np.bitwise_count(word[start : start + block, None] ^ word[None, start:])
            rows, columns = np.nonzero(distance <= NEAR)
            left.append(readable[start + rows])
            right.append(readable[start + columns])
    pairs = np.concatenate(left), np.concatenate(right)
    graph = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(len(found), len(found)))
    return connected_components(graph, directed=False)[1]


def groups_of(paths: Sequence[Path], found: Sequence[Inspection]) -> list[list[Path]]:
    """The groups of near-duplicates that have more than one image, the largest first."""
    members: dict[int, list[Path]] = defaultdict(list)
    for path, group in zip(paths, near_duplicates(found), strict=True):
        members[int(group)].append(path)
    return sorted((group for group in members.values() if len(group) > 1), key=len, reverse=True)
