"""Profiles that are for other colours than the picture's, and files without their end, as Chromium shows them."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from cternet.photos.load import MAX_SIDE, ImageError, incomplete, load_image
from tests.cternet.photos.test_like_a_browser import RED, TURNED, chunk, exif, near, pixels, png, saved, swapped
from tests.tiny import tiny_photo

GREY = Image.new("L", (16, 16), 128)


def linear(colours: bytes) -> bytes:
    """A profile whose numbers are proportional to light: a half looks like 188 of sRGB.  colours: ``GRAY`` or ``RGB ``."""
    white, curve = (0.9642, 1.0, 0.8249), b"curv\0\0\0\0\0\0\0\0"
    primaries = {b"rXYZ": (0.4361, 0.2225, 0.0139), b"gXYZ": (0.3851, 0.7169, 0.0971), b"bXYZ": (0.1431, 0.0606, 0.7141)}
    points = {b"wtpt": white} | (primaries if colours == b"RGB " else {})
    tags = {
        name: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in xyz)) for name, xyz in points.items()
    }
    tags |= dict.fromkeys([b"rTRC", b"gTRC", b"bTRC"] if colours == b"RGB " else [b"kTRC"], curve)
    start, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s12s4s", start + len(body), b"", 0x02400000, b"mntr", colours, b"XYZ ", bytes(12), b"acsp")
    head += bytes(28) + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("colours", [b"GRAY", b"RGB "])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_grey_picture_follows_a_profile_for_grey_and_one_for_colours(kind: str, colours: bytes):
    assert near(saved(GREY, kind, icc_profile=linear(colours)), (188, 188, 188), tolerance=2)


@pytest.mark.parametrize(("mode", "colours"), [("RGB", b"GRAY"), ("CMYK", b"RGB ")])
def test_a_profile_for_fewer_colours_is_passed_over(mode: str, colours: bytes):
    picture = Image.new("RGB", (16, 16), (200, 100, 50)).convert(mode)
    plain = pixels(saved(picture, "JPEG", quality=100))
    assert pixels(saved(picture, "JPEG", quality=100, icc_profile=linear(colours))) == plain


def test_gamma_counts_where_the_profile_beside_it_is_broken_and_not_where_its_own_checksum_is():
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    assert near(png(1, 8, 0, b"\0\x80", chunk(b"iCCP", b"name\0\0no profile"), gamma), (188, 188, 188))
    assert pixels(png(1, 8, 0, b"\0\x80", gamma[:-1] + b"\0")) == [[128] * 3]
    assert pixels(png(1, 8, 0, b"\0\x80", chunk(b"gAMA", struct.pack(">I", 45_455)), gamma)) == [[128] * 3], "the first counts"


def test_gamma_beside_primaries_is_a_power_and_not_srgb_s_curve():
    """In the dark they differ: 20 of 255 raised to 2.2 is 12 in sRGB."""
    gamma = chunk(b"gAMA", struct.pack(">I", 45_455))
    srgb = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
    assert near(png(1, 8, 0, b"\0\x14", gamma, srgb), (12, 12, 12))
    assert pixels(png(1, 8, 0, b"\0\x14", gamma)) == [[20] * 3]


@pytest.mark.parametrize(
    "block",
    [
        exif((0x112, 4, 1, struct.pack("<I", 6))),
        exif((0x112, 3, 2, struct.pack("<HH", 6, 0))),
        exif(TURNED)[:-6],
        exif(TURNED).replace(b"II\x2a", b"II\x2b"),
    ],
    ids=["32 bits", "two numbers", "cut short", "another magic number"],
)
@pytest.mark.parametrize("profile", [b"", swapped()], ids=["Pillow", "libvips"])
def test_an_orientation_counts_only_as_one_number_of_16_bits(block: bytes, profile: bytes):
    assert load_image(io.BytesIO(saved(RED, "jpeg", exif=block, icc_profile=profile))).size == (40, 20)


def test_an_animation_without_frames_is_the_picture_for_other_programs():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    start = data.index(b"fcTL") - 4
    assert near(data[:start] + chunk(b"IEND", b""), (255, 0, 0))


def test_around_a_gif_s_first_picture_is_the_page():
    data = bytearray(saved(Image.new("P", (4, 4)), "GIF", palette=bytes([200, 30, 60] * 256)))
    start = data.index(b",", 13)
    data[start + 1 : start + 3], data[6:8] = struct.pack("<H", 3), struct.pack("<H", 9)
    assert pixels(bytes(data)) == [[255] * 3] * 3 + [[200, 30, 60]] * 4 + [[255] * 3] * 2


# --- the end is missing


def rows_shown(data: bytes) -> int:
    """Rows before the white ones; it is said that they are not all."""
    found = load_image(io.BytesIO(data))
    assert incomplete(found)
    white = (np.asarray(found) == 255).all(axis=(1, 2))
    return int(white.argmax())


@pytest.mark.parametrize(("subsampling", "block", "waiting"), [(0, 8, 0), (1, 8, 0), (2, 16, 2)])
@pytest.mark.parametrize("kept", [0.4, 0.7])
def test_rows_of_a_jpeg_without_its_end(subsampling: int, block: int, waiting: int, kept: float):
    """Whole rows of blocks; where colours have half the height, the last two rows wait for the next block."""
    data = saved(tiny_photo(0, 64, 256), "jpeg", subsampling=subsampling)
    rows = rows_shown(data[: int(len(data) * kept)])
    assert (rows + waiting) % block == 0
    assert abs(rows - 256 * kept) < 48


def test_rows_of_a_png_without_its_end():
    """Every row that is whole: of uncompressed ones, so many bytes."""
    body = zlib.compress(b"".join(b"\0" + bytes([row, 9, 9] * 5) for row in range(40)), 0)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 40, 8, 2, 0, 0, 0))
    whole = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body)
    assert rows_shown(whole[: whole.index(b"IDAT") + 4 + 7 + 16 * 13 + 5]) == 13
    damaged = zlib.compress(b"".join((b"\0" if row != 21 else b"\7") + bytes([row, 9, 9] * 5) for row in range(40)), 0)
    assert rows_shown(whole.replace(body, damaged) + chunk(b"IEND", b"")) == 21, "a row of a kind that does not exist"


def tall_png(rows: int) -> bytes:
    """One column of RGB without its end."""
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, rows, 8, 2, 0, 0, 0))
    return head + chunk(b"IDAT", zlib.compress(b"\0\7\7\7" * min(rows, MAX_SIDE), 1)[:-30])


def test_a_column_of_many_rows_takes_no_longer_than_its_pixels():
    """Eight rows at a time this one would take nine seconds."""
    start = time.process_time()
    photo = load_image(io.BytesIO(tall_png(MAX_SIDE)))
    assert time.process_time() - start < 4
    assert (photo.size, incomplete(photo), photo.getpixel((0, 400_000))) == ((1, MAX_SIDE), True, (7, 7, 7))


@pytest.mark.parametrize("rows", [MAX_SIDE + 1, 50_000_000])
def test_a_side_that_is_too_long_is_refused(rows):
    with pytest.raises(ImageError, match=rf"^x has 1 x {rows} pixels, more than 500,000 in a row; cut a part out of it first"):
        load_image(io.BytesIO(tall_png(rows)), name="x")
