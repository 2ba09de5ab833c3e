"""Small files that would take very long to decode: their parts are counted before anything is decoded.

Decoders work through every scan, strip and block a file lists, and a few bytes are enough to list one more.  The limits are
several times what cameras and editors write.
"""

import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Literal

MAX_SCANS = 40
"""Of a JPEG.  Each goes over all pixels; progressive files have about ten."""
MAX_STRIPS = 20_000
"""Strips or tiles of a TIFF.  Cameras and editors write one for every few rows, or one for 128 x 128 pixels and more."""
MAX_BLOCKS = 10_000
"""Segments of a JPEG, chunks of a PNG or WebP, blocks before the first picture of a GIF."""
MAX_FILLING = 100_000
"""Bytes of a JPEG that belong to no segment before its first scan: Pillow goes through them one by one."""
JPEG_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""Not stuffed bytes and restart markers, which are within a scan.  Of a row of 0xff the last one counts: an expression for all
of them would look at each row once for every byte in it."""
JPEG_SCAN, JPEG_END, JPEG_WITHOUT_LENGTH = 0xDA, 0xD9, (0x01, 0xD8, 0xD9)
TIFF_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
TIFF_STRIPS = (273, 324)
"""The tags StripOffsets and TileOffsets."""


def excess(file: BinaryIO) -> str:
    """What the file has too many of, for a sentence that begins "it has"; empty if it can be decoded in good time.

    Args:
        file: opened for reading, at any position, which it is left at.  BMP, AVIF and HEIC are not looked into.
    """
    position = file.tell()
    try:
        file.seek(0)
        start = file.read(8)
        file.seek(0)
        if start.startswith(b"\xff\xd8"):
            return too_many_scans(file.read())
        if start.startswith(b"\x89PNG"):
            return too_many(png_chunks(file), "chunks")
        if start.startswith(b"GIF8"):
            return too_many(gif_blocks(file.read()), "blocks before its first picture")
        if start.startswith(b"RIFF"):
            return too_many(webp_chunks(file), "frames and other chunks")
        if start[:2] in TIFF_BYTE_ORDERS:
            return too_many_strips(file)
        return ""
    finally:
        file.seek(position)


def too_many(parts: Iterator[None], words: str) -> str:
    """Counts no further than it has to."""
    found = sum(1 for _ in islice(parts, MAX_BLOCKS + 1))
    return f"more than {MAX_BLOCKS:,} {words}" if found > MAX_BLOCKS else ""


def too_many_scans(data: bytes) -> str:
    position, scans, filling = 2, 0, 0
    for _ in range(MAX_BLOCKS):
        found = JPEG_MARKER.search(data, position)
        if scans == 0:
            filling += (found.start() if found else len(data)) - position
        if filling > MAX_FILLING:
            return f"more than {MAX_FILLING:,} bytes that mean nothing"
        if found is None or (found[1][0] == JPEG_END and scans):
            return ""
        position = found.end()
        if found[1][0] not in JPEG_WITHOUT_LENGTH:
            position += int.from_bytes(data[position : position + 2], "big")
        scans += found[1][0] == JPEG_SCAN
        if scans > MAX_SCANS:
            return f"more than {MAX_SCANS} scans"
    return f"more than {MAX_BLOCKS:,} segments"


def png_chunks(file: BinaryIO) -> Iterator[None]:
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        yield
        file.seek(int.from_bytes(head[:4], "big") + 4, 1)


def webp_chunks(file: BinaryIO) -> Iterator[None]:
    """libwebp goes through all frames before it decodes the first, and for each through those before it."""
    file.seek(12)
    while len(head := file.read(8)) == 8:
        yield
        size = int.from_bytes(head[4:], "little")
        file.seek(size + size % 2, 1)


def gif_blocks(data: bytes) -> Iterator[None]:
    flags = data[10] if len(data) > 10 else 0
    position = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    while data[position : position + 1] == b"!":  # an extension: its kind, then blocks of a length each, the last of length 0
        yield
        position += 2
        while position < len(data) and data[position]:
            yield
            position += data[position] + 1
        position += 1


def too_many_strips(file: BinaryIO) -> str:
    """Checks the first picture, the only one that is read."""
    order = TIFF_BYTE_ORDERS[file.read(2)]

    def number(size: int) -> int:
        found = file.read(size)
        return int.from_bytes(found, order) if len(found) == size else 0  # the file is cut short, as its decoder will say

    big = number(2) == 43  # BigTIFF has wider numbers
    wide = 8 if big else 4
    file.seek(8 if big else 4)
    tags = number(wide)
    if not 0 < tags < file.seek(0, os.SEEK_END):  # beyond the file, and perhaps beyond what can be sought
        return ""
    file.seek(tags)
    entries = number(8 if big else 2)
    if entries > MAX_BLOCKS:
        return f"more than {MAX_BLOCKS:,} tags"
    for _ in range(entries):
        tag, _type, count = number(2), number(2), number(wide)
        file.seek(wide, 1)
        if tag in TIFF_STRIPS and count > MAX_STRIPS:
            return f"more than {MAX_STRIPS:,} strips"
    return ""
