"""Where a GIF's first picture lies on its screen."""

import struct


def first_frame(data: bytes) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom in pixels of the screen; None where the file ends before."""
    table = 3 << (data[10] & 7) + 1 if len(data) > 10 and data[10] & 0x80 else 0
    at = 13 + table
    while data[at : at + 1] == b"!":  # extensions: a label, then blocks up to an empty one
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    if data[at : at + 1] != b"," or len(data) < at + 9:
        return None
    left, top, width, height = struct.unpack("<4H", data[at + 1 : at + 9])
    return left, top, left + width, top + height
