"""What a PNG says before its pixels, and what there is of one without its end."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples a pixel, by the colour type of the header."""
LAST_FILTER = 4
"""Highest number that a row may begin with."""
PIECE = 4096
"""Bytes unpacked at once: of zeros they make four megabytes."""
MAX_PROFILE = 2**24
"""Bytes of the largest profile that is unpacked."""


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's kind, and where its content begins and ends (by its length, even where the file ends before)."""
    position = 8
    while len(head := data[position : position + 8]) == 8:
        end = position + 8 + int.from_bytes(head[:4], "big")
        yield head[4:], position + 8, end
        position = end + 4


def png_chunks(data: bytes) -> dict[bytes, bytes]:
    """What stands before a PNG's pixels, by its kind: the first of each, and none with a wrong checksum, as in browsers."""
    found: dict[bytes, bytes] = {}
    for kind, start, end in chunks(data):
        if kind == b"IDAT":
            break
        if zlib.crc32(data[start - 4 : end]) == int.from_bytes(data[end : end + 4], "big"):
            found.setdefault(kind, data[start:end])
    return found


def has_hidden_picture(data: bytes) -> bool:
    """Whether an animated PNG's first picture is not part of the animation."""
    chunks = png_chunks(data)
    return b"acTL" in chunks and b"fcTL" not in chunks


def profile_of(chunks: dict[bytes, bytes]) -> bytes:
    """The embedded colour profile; empty where there is none, or none that can be unpacked."""
    _, _, packed = chunks.get(b"iCCP", b"").partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], MAX_PROFILE)
    except zlib.error:
        return b""


def without_its_end(data: bytes) -> bytes:
    """What there is of a damaged or shortened PNG, as a whole one of fewer rows: those before the first error.

    Empty where there is not one row, and of an interlaced one, whose rows are not in order.
    """
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29].ljust(13, b"\1"))
    if interlaced or colour not in BANDS:
        return b""
    stride = 1 + (width * BANDS[colour] * depth + 7) // 8
    raw = unpacked(b"".join(data[start:end] for kind, start, end in chunks(data) if kind == b"IDAT"), stride * height)
    rows = min(len(raw) // stride, height)
    wrong = np.flatnonzero(np.frombuffer(raw, np.uint8)[: rows * stride : stride] > LAST_FILTER)
    rows = int(wrong[0]) if len(wrong) else rows
    if not rows:
        return b""
    before = [chunk(kind, body) for kind, body in png_chunks(data).items() if kind != b"IHDR"]
    head = chunk(b"IHDR", data[16:20] + struct.pack(">I", rows) + data[24:29])
    return b"".join([data[:8], head, *before, chunk(b"IDAT", zlib.compress(raw[: rows * stride], 1)), chunk(b"IEND", b"")])


def unpacked(packed: bytes, most: int) -> bytes:
    """As far as it goes without an error."""
    unpacker, found, at, piece = zlib.decompressobj(), bytearray(), 0, PIECE
    while at < len(packed) and len(found) < most and not unpacker.eof:
        before = unpacker.copy()
        try:
            found += unpacker.decompress(packed[at : at + piece])
        except zlib.error:
            if piece == 1:
                break
            unpacker, piece = before, 1  # byte by byte to where it breaks
            continue
        at += piece
    return bytes(found)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
