"""BMPs of all kinds that browsers show: Pillow refuses many depths, and does not know transparency or profiles of them."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

PLAIN, RLE8, RLE4, MASKS, MASKS_AND_ALPHA = 0, 1, 2, 3, 6
"""How pixels are packed."""
SHORT, OLD, WITH_ALPHA, WITH_PROFILE = 12, 40, 56, 124
"""Bytes of the headers that matter: OS/2's first one, the usual one, and those that say more."""
DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 24: (0xFF0000, 0xFF00, 0xFF, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}

BLACK = np.array([0, 0, 0, 255], np.uint8).view(np.uint32)[0]
ONES = b"\1" * 255
MAX_RUNS = 4_000_000
"""Of a BMP in run lengths; what comes after them is missing.  They take five seconds."""


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
    """pixels: RGBA, or RGB where nothing is transparent, (h, w, 4 or 3) uint8; what is missing is transparent.

    profile: empty where there is none.
    """

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
        pixels, rows = run_lengths(data[head.start :], head)
    else:
        pixels, rows = plain(data, head)
    if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
        pixels = pixels[..., :3]
    return Bitmap(pixels[::-1] if head.upwards else pixels, head.profile, complete=rows == head.height)


def plain(data: bytes, head: Header) -> tuple[np.ndarray, int]:
    """Pixels (h, w, 4 or 3) from the first row that is stored, and how many rows are there.

    Raises:
        ValueError: none is.
    """
    stride = (head.width * head.depth + 31) // 32 * 4
    rows = min(head.height, max(len(data) - head.start, 0) // stride)
    if not rows:
        raise ValueError("it has no row")
    stored = np.frombuffer(data, np.uint8, rows * stride, head.start).reshape(rows, stride)
    pixels = by_palette(stored, head) if head.depth <= 8 else by_masks(stored, head)
    if rows < head.height:
        pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 4 - pixels.shape[2])), constant_values=255)
        pixels = np.pad(pixels, ((0, head.height - rows), (0, 0), (0, 0)))
    return pixels, rows


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
    start = start or palette + (entry * min(used or 2**depth, 2**depth) if depth <= 8 else 0)
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
    return coloured(indices[:, : head.width], head.palette).view(np.uint8).reshape(len(stored), head.width, 4)


def by_masks(stored: np.ndarray, head: Header) -> np.ndarray:
    """Where alpha is 0 all over, it is not meant."""
    size = head.depth // 8
    parts = np.ascontiguousarray(stored[:, : head.width * size]).reshape(len(stored), head.width, size)
    if size == 3:
        return parts[..., ::-1]
    found = np.full((len(stored), head.width, 4), 255, np.uint8)
    values = parts.view("<u2" if size == 2 else "<u4")[..., 0]
    for band, mask in enumerate(head.masks):
        if mask:
            lowest = mask & -mask
            share: Any = (values & mask) >> (lowest.bit_length() - 1)
            if mask // lowest != 255:
                share = share * (255 / (mask // lowest)) + 0.5
            if band < 3 or (values & mask).any():
                found[..., band] = share
        elif band < 3:
            found[..., band] = 0
    return found


def run_lengths(data: bytes, head: Header) -> tuple[np.ndarray, int]:
    """Pixels (h, w, 4) from the first row that is stored, and how many rows are there; in these, what is left out is black."""
    indices, there = bytearray(head.height * head.width), bytearray(head.height * head.width)
    nibbles, x, y, at, rows = head.packing == RLE4, 0, 0, 0, 0
    for _ in range(MAX_RUNS):
        if at + 1 >= len(data) or y >= head.height:
            break
        count, value = data[at], data[at + 1]
        at += 2
        run = b""
        if count:
            run = (bytes([value >> 4, value & 15]) * (count // 2 + 1))[:count] if nibbles else bytes([value]) * count
        elif value == 0:  # the end of the row
            x, y = 0, y + 1
        elif value == 1:  # the end of the picture
            rows = head.height
            break
        elif value == 2:  # so far to the right and on
            x, y = x + sum(data[at : at + 1]), y + sum(data[at + 1 : at + 2])
            at += 2
        else:
            size = (value + 1) // 2 if nibbles else value
            run = data[at : at + size]
            run = bytes(half for byte in run for half in (byte >> 4, byte & 15))[:value] if nibbles else run
            at += size + size % 2
        count = max(min(len(run), head.width - x), 0)
        place = y * head.width + x
        indices[place : place + count], there[place : place + count] = run[:count], ONES[:count]
        x += count
    rows = max(rows, min(y, head.height))
    found = coloured(np.frombuffer(indices, np.uint8), head.palette)
    found[np.frombuffer(there, np.uint8) == 0] = BLACK
    found[rows * head.width :] = 0
    return found.view(np.uint8).reshape(head.height, head.width, 4), rows


def coloured(indices: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Colours of the palette as whole numbers of 32 bits, which takes a tenth of the time of four bytes."""
    return np.asarray(palette.view(np.uint32)[:, 0][indices])
