"""BMPs as Chromium shows them; each test writes its own."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from cternet.photos.load import ImageError, incomplete, load_image
from tests.cternet.photos.test_like_a_browser import swapped

PALETTE = bytes([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 30, 20, 10, 0])
"""Red, green, blue and (10, 20, 30), in BMP's order."""
RED, GREEN, BLUE, DARK, WHITE, BLACK = [255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30], [255] * 3, [0] * 3


def bmp(width: int, height: int, depth: int, packing: int, body: bytes, *, before: bytes = b"", extra: bytes = b"") -> bytes:
    """before: masks or palette after the header.  extra: the rest of a longer header."""
    head = struct.pack("<IiiHHIIiiII", 40 + len(extra), width, height, 1, depth, packing, len(body), 0, 0, len(before) // 4, 0)
    start = 14 + len(head) + len(extra) + len(before)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + extra + before + body


def rows(data: bytes) -> list[list[list[int]]]:
    return np.asarray(load_image(io.BytesIO(data))).tolist()


def test_masks_of_any_width():
    for masks, value in (
        ((0x3FF << 20, 0x3FF << 10, 0x3FF), 1023 << 20 | 512 << 10),
        ((0xFF00, 0xFF0000, 0xFF000000), 0x80FF00),
    ):
        red, green, blue = rows(bmp(1, 1, 32, 3, struct.pack("<I", value), before=struct.pack("<3I", *masks)))[0][0]
        assert (red, blue) == (255, 0)
        assert abs(green - 128) <= 1
    assert rows(bmp(2, 1, 16, 3, struct.pack("<HH", 0xF00, 0x0F8), before=struct.pack("<3I", 0xF00, 0xF0, 0xF))) == [
        [RED, [0, 255, 136]]
    ]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes(depth: int):
    indices = [0, 1, 1, 0] if depth == 1 else [0, 1, 2, 3]
    bits = "".join(f"{index:0{depth}b}" for index in indices).ljust(32, "0")
    body = int(bits, 2).to_bytes(4, "big")
    assert rows(bmp(4, 1, depth, 0, body, before=PALETTE)) == [[[RED, GREEN, BLUE, DARK][index] for index in indices]]


def test_alpha_counts_where_the_header_names_it_and_it_is_not_0_all_over():
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    named = {"extra": masks + b"BGRs" + bytes(48)}
    half, clear = bytes([0, 0, 255, 51]), bytes([0, 0, 255, 0])
    assert rows(bmp(2, 1, 32, 3, half + clear, **named)) == [[[255, 204, 204], WHITE]]
    assert rows(bmp(2, 1, 32, 3, clear + clear, **named)) == [[RED, RED]]
    assert rows(bmp(2, 1, 32, 0, half + clear)) == [[RED, RED]]


def test_run_lengths_and_what_they_leave_out():
    """Runs, single pixels, a jump over two pixels, and rows that are never reached; the last row comes first."""
    packed = bytes([2, 0, 0, 4, 1, 2, 3, 0, 0, 0, 1, 2, 0, 2, 2, 0, 2, 3, 0, 1])
    assert rows(bmp(6, 3, 8, 1, packed, before=PALETTE)) == [
        [BLACK] * 6,
        [BLUE, BLACK, BLACK, DARK, DARK, BLACK],
        [RED, RED, GREEN, BLUE, DARK, RED],
    ]
    assert rows(bmp(4, 1, 4, 2, bytes([3, 0x12, 1, 0x30, 0, 1]), before=PALETTE)) == [[GREEN, BLUE, GREEN, DARK]]


def test_without_their_end():
    """Whole rows are shown, from the bottom."""
    photo = np.random.default_rng(0).integers(0, 255, (9, 5, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "BMP")
    found = load_image(io.BytesIO(stream.getvalue()[: -3 * 16 + 1]))
    assert incomplete(found)
    assert np.array_equal(np.asarray(found)[3:], photo[3:])
    assert (np.asarray(found)[:3] == 255).all()
    runs = bmp(4, 3, 8, 1, bytes([4, 0, 0, 0, 4, 1]), before=PALETTE)
    assert incomplete(load_image(io.BytesIO(runs)))
    assert rows(runs) == [[WHITE] * 4, [WHITE] * 4, [RED] * 4]


def test_a_colour_profile_is_followed():
    profile = swapped()
    extra = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0) + b"DEBM" + bytes(48)
    extra += struct.pack("<4I", 4, 124 + 4, len(profile), 0)
    ((found,),) = rows(bmp(1, 1, 24, 0, bytes([0, 0, 255, 0]), extra=extra) + profile)
    assert np.abs(np.array(found) - GREEN).max() <= 2


@pytest.mark.parametrize("packing", [4, 5], ids=["JPEG", "PNG"])
def test_what_no_browser_shows_is_a_sentence(packing: int):
    with pytest.raises(ImageError, match=r"^a\.bmp is damaged"):
        load_image(io.BytesIO(bmp(4, 4, 0, packing, bytes(99))), name="a.bmp")
