"""TIFFs that neither libvips nor Pillow decodes: samples of 9 to 15 bits, as scanners and microscopes write, and of 64."""

import struct
import zlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

WIDTH, HEIGHT, BITS, PACKING, PHOTOMETRIC, FILL_ORDER, OFFSETS = 256, 257, 258, 259, 262, 266, 273
SAMPLES, ROWS, COUNTS, PLANAR, PREDICTOR, FORMAT = 277, 278, 279, 284, 317, 339
DEFAULTS = {BITS: [1], PACKING: [1], FILL_ORDER: [1], SAMPLES: [1], ROWS: [2**32 - 1], PLANAR: [1], PREDICTOR: [1], FORMAT: [1]}
SIZES = {3: 2, 4: 4}
"""Bytes of the types of numbers that tags have here."""
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
BANDS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3}
UNPACKED: dict[int, Callable[[bytes, int], bytes]] = {
    1: lambda packed, most: packed[:most],
    **dict.fromkeys((8, 32946), lambda packed, most: zlib.decompressobj().decompress(packed, most)),
}
"""From a strip and how many bytes of it are wanted: a few kilobytes of deflate can hold gigabytes."""
FLOAT = 3
AT_ONCE = 64
"""Rows unpacked at once: each bit takes a byte for a moment."""


def odd_samples(data: bytes, check: Callable[[int, int], None]) -> np.ndarray | None:
    """Grey or RGB of 16 bits or float32, (h, w, 1 or 3), dark to bright; None where it is another kind of TIFF, or damaged.

    Raises:
        What ``check`` does, of the width and height.
    """
    try:
        order: Literal["<", ">"] = "<" if data.startswith(b"II") else ">"
        tags = DEFAULTS | tags_of(data, order)
        (width,), (height,), (photometric,), bits = tags[WIDTH], tags[HEIGHT], tags[PHOTOMETRIC], tags[BITS][0]
        bands = BANDS[photometric]
        plain = [tags[name] for name in (FILL_ORDER, PLANAR, PREDICTOR)] == [[1]] * 3
        real = bits == 64 and tags[FORMAT][0] == FLOAT
        if not plain or tags[SAMPLES] != [bands] or set(tags[BITS]) != {bits} or not (8 < bits < 16 or real):
            return None
        check(width, height)
        unpack = UNPACKED[tags[PACKING][0]]
        strips = zip(tags[OFFSETS], tags[COUNTS], strict=True)
        size, stored = -(-width * bands * bits // 8) * height, bytearray()
        for start, count in strips:
            if len(stored) >= size:
                break
            stored += unpack(data[start : start + count], size - len(stored))
        rows = np.frombuffer(stored, np.uint8, size).reshape(height, -1)
    except (KeyError, ValueError, IndexError, struct.error, zlib.error):
        return None
    values: Any = rows.view(f"{order}f8").astype(np.float32) if real else of_16_bits(rows, width * bands, bits)
    if photometric == WHITE_IS_ZERO:
        values = values.max() - values if real else 65535 - values
    return values.reshape(height, width, bands)


def tags_of(data: bytes, order: Literal["<", ">"]) -> dict[int, list[int]]:
    """The numbers of the first picture's tags."""
    magic, start = struct.unpack_from(f"{order}HI", data, 2)
    found: dict[int, list[int]] = {}
    for entry in range(struct.unpack_from(f"{order}H", data, start)[0] if magic == 42 else 0):
        at = start + 2 + 12 * entry
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, at)
        if kind in SIZES and count <= len(data):
            place = at + 8 if count * SIZES[kind] <= 4 else struct.unpack_from(f"{order}I", data, at + 8)[0]
            found[tag] = list(struct.unpack_from(f"{order}{count}{'H' if kind == 3 else 'I'}", data, place))
    return found


def of_16_bits(rows: np.ndarray, samples: int, bits: int) -> np.ndarray:
    """Rows of packed samples, the highest bit first, (h, bytes) -> (h, samples), scaled to 16 bits."""
    found = np.empty((len(rows), samples), np.uint16)
    weights = 2 ** np.arange(bits - 1, -1, -1, dtype=np.float32)
    for top in range(0, len(rows), AT_ONCE):
        each = np.unpackbits(rows[top : top + AT_ONCE], axis=1)[:, : samples * bits].reshape(-1, samples, bits)
        found[top : top + AT_ONCE] = each @ weights * np.float32(65535 / (2**bits - 1)) + 0.5
    return found
