"""BMPs of all kinds that browsers show: Pillow refuses many depths, and does not know transparency or profiles of them."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PLAIN, RLE8, RLE4, MASKS, MASKS_AND_ALPHA = 0, 1, 2, 3, 6
"""How pixels are packed."""
SHORT, OLD, WITH_ALPHA, WITH_PROFILE = 12, 40, 56, 124
"""Bytes of the headers that matter: OS/2's first one, the usual one, and those that say more."""
DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 24: (0xFF0000, 0xFF00, 0xFF, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True)
class Header:
    """What stands before the pixels.  masks: of red, green, blue and alpha."""

    width: int
    height: int
    upwards: bool
    depth: int
    packing: int
    start: int
    masks: tuple[int, ...]
    palette: np.ndarray
    profile: bytes


@dataclass(frozen=True)
class Bitmap:
    """pixels: RGBA, (h, w, 4) uint8; what is missing is transparent.  profile: empty where there is none."""

    pixels: np.ndarray
    profile: bytes
    complete: bool


def read_bmp(data: bytes, check: Callable[[int, int], None]) -> Bitmap:
    """Decode a BMP.

    Args:
        data: the file.
        check: raises where a picture of this width and height is not to be decoded.

    Raises:
        ValueError, struct.error: it is none, or packed as JPEG or PNG, which no browser shows either.
    """
    head = header_of(data)
    check(head.width, head.height)
    if head.packing in (RLE8, RLE4):
        indices, there = run_lengths(data[head.start :], head)
        pixels = np.where(there[..., None], head.palette[indices], 0).astype(np.uint8)
        return Bitmap(pixels[::-1] if head.upwards else pixels, head.profile, complete=bool(there[-1].any()))
    stride = (head.width * head.depth + 31) // 32 * 4
    rows = min(head.height, max(len(data) - head.start, 0) // stride)
    if not rows:
        raise ValueError("it has no row")
    stored = np.frombuffer(data, np.uint8, rows * stride, head.start).reshape(rows, stride)
    pixels = np.zeros((head.height, head.width, 4), np.uint8)
    pixels[:rows] = by_palette(stored, head) if head.depth <= 8 else by_masks(stored, head)
    return Bitmap(pixels[::-1] if head.upwards else pixels, head.profile, complete=rows == head.height)


def header_of(data: bytes) -> Header:
    start, size = struct.unpack_from("<II", data, 10)
    width, height, _, depth = struct.unpack_from("<HHHH" if size == SHORT else "<iiHH", data, 18)
    packing = struct.unpack_from("<I", data, 30)[0] if size >= OLD else PLAIN
    used = struct.unpack_from("<I", data, 46)[0] if size >= OLD else 0
    known = {PLAIN: (1, 2, 4, 8, 16, 24, 32), RLE8: (8,), RLE4: (4,), MASKS: (16, 32), MASKS_AND_ALPHA: (16, 32)}
    if width <= 0 or not height or depth not in known.get(packing, ()):
        raise ValueError("it is of another kind")
    masks, palette = DEFAULT_MASKS.get(depth, ()), 14 + size
    alpha = size >= WITH_ALPHA or packing == MASKS_AND_ALPHA
    if packing in (MASKS, MASKS_AND_ALPHA):
        masks = (*struct.unpack_from("<III", data, 54), struct.unpack_from("<I", data, 66)[0] if alpha else 0)
        palette += 0 if size > OLD else 12 + 4 * alpha
    elif alpha and depth == 32:
        masks = (*masks[:3], struct.unpack_from("<I", data, 66)[0])
    entry = 3 if size == SHORT else 4
    colours = np.zeros((256, 4), np.uint8)
    colours[:, 3] = 255
    if depth <= 8:
        count = min(used or 2**depth, 2**depth, max(start - palette, 0) // entry, max(len(data) - palette, 0) // entry)
        found = np.frombuffer(data, np.uint8, count * entry, palette).reshape(count, entry)
        colours[:count, :3] = found[:, 2::-1]
    profile = b""
    if size >= WITH_PROFILE and data[70:74] == b"DEBM":
        place, length = struct.unpack_from("<II", data, 126)
        profile = data[14 + place : 14 + place + length]
    return Header(width, abs(height), height > 0, depth, packing, start, masks, colours, profile)


def by_palette(stored: np.ndarray, head: Header) -> np.ndarray:
    each = 8 // head.depth
    shifts = np.arange(8 - head.depth, -1, -head.depth, dtype=np.uint8)
    indices = stored if each == 1 else ((stored[..., None] >> shifts) & (2**head.depth - 1)).reshape(len(stored), -1)
    return np.asarray(head.palette[indices[:, : head.width]])


def by_masks(stored: np.ndarray, head: Header) -> np.ndarray:
    """Where alpha is 0 all over, it is not meant."""
    size = head.depth // 8
    found = np.full((len(stored), head.width, 4), 255, np.uint8)
    parts = np.ascontiguousarray(stored[:, : head.width * size]).reshape(len(stored), head.width, size)
    if size == 3:
        found[..., :3] = parts[..., ::-1]
        return found
    values = parts.view("<u2" if size == 2 else "<u4")[..., 0]
    for band, mask in enumerate(head.masks):
        if mask:
            lowest = mask & -mask
            share = (values & mask) // lowest * (255 / (mask // lowest))
            if band < 3 or share.any():
                found[..., band] = share + 0.5
        elif band < 3:
            found[..., band] = 0
    return found


def run_lengths(data: bytes, head: Header) -> tuple[np.ndarray, np.ndarray]:
    """Indices (h, w) and which of them are there, from the first row that is stored."""
    found = np.zeros((head.height, head.width), np.uint8)
    there = np.zeros(found.shape, bool)
    nibbles, x, y, at = head.packing == RLE4, 0, 0, 0

    def put(values: np.ndarray) -> int:
        room = values[: head.width - x]
        found[y, x : x + len(room)], there[y, x : x + len(room)] = room, True
        return x + len(room)

    while at + 1 < len(data) and y < head.height:
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            pair = np.array([value >> 4, value & 15] if nibbles else [value, value], np.uint8)
            x = put(np.resize(pair, count))
        elif value == 0:  # the end of the row
            x, y = 0, y + 1
        elif value == 1:  # the end of the picture
            break
        elif value == 2:  # so far to the right and on
            x, y = x + (data[at] if at < len(data) else 0), y + (data[at + 1] if at + 1 < len(data) else 0)
            at += 2
        else:
            size = (value + 1) // 2 if nibbles else value
            packed = np.frombuffer(data[at : at + size], np.uint8)
            x = put((np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1) if nibbles else packed)[:value])
            at += size + size % 2
    return found, there
