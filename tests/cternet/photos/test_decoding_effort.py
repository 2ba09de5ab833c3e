"""Files with more parts than their pixels need are refused before they are decoded, and none that people have."""

import io
import struct
import time
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from cternet import ImageError, load_image
from cternet.photos.decoding_effort import MAX_BLOCKS, MAX_FILLING, MAX_SCANS, MAX_STRIPS, excess
from tests.tiny import tiny_photo


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    tiny_photo(3, 200, 300).save(file, kind, **options)
    return file.getvalue()


def jpeg(scans: int) -> bytes:
    """A progressive one with its last scan again and again."""
    data = encoded("JPEG", progressive=True)
    starts = [i for i, (one, other) in enumerate(pairwise(data)) if (one, other) == (0xFF, 0xDA)]
    return data[:-2] + data[starts[-1] : -2] * (scans - len(starts)) + data[-2:]


def jpeg_segments(count: int) -> bytes:
    data = encoded("JPEG")
    return data[:2] + b"\xff\xfe\0\2" * count + data[2:]


def png(chunks: int) -> bytes:
    data = encoded("PNG")
    return data[:33] + (struct.pack(">I", 0) + b"teSt" + struct.pack(">I", zlib.crc32(b"teSt"))) * chunks + data[33:]


def gif(blocks: int) -> bytes:
    data = encoded("GIF")
    start = 13 + 3 * (2 << (data[10] & 7))
    return data[:start] + b"!\xfe" + b"\1a" * blocks + b"\0" + data[start:]


def webp(chunks: int) -> bytes:
    """An animation of one frame again and again."""

    def frame(width: int, height: int) -> bytes:
        still = io.BytesIO()
        tiny_photo(3, width, height).save(still, "WEBP", lossless=True)
        place = bytes(6) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + b"\x64\0\0\0"
        body = place + still.getvalue()[12:]
        return b"ANMF" + struct.pack("<I", len(body)) + body

    first = frame(200, 300)
    head = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + first[14:20] + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    data = b"WEBP" + head + first + frame(1, 1) * (chunks - 3)
    return b"RIFF" + struct.pack("<I", len(data)) + data


def tiff(strips: int, order: str = "<", *, big: bool = False) -> bytes:
    """Grey, a row a strip; all strips are the same bytes."""
    width, wide = 8, "Q" if big else "I"
    tags = [(256, width), (257, strips), (258, 8), (259, 1), (262, 1), (273, None), (277, 1), (278, 1), (279, None)]
    start = 16 if big else 8
    lists = start + (8 if big else 2) + len(tags) * (20 if big else 12) + (8 if big else 4)
    pixels = lists + 2 * 4 * strips
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    head += struct.pack(f"{order}HH", 8, 0) if big else b""
    head += struct.pack(f"{order}{wide}{'Q' if big else 'H'}", start, len(tags))
    for tag, value in tags:
        count = strips if value is None and strips > 1 else 1
        if value is None:
            value = lists + (tag == 279) * 4 * strips if strips > 1 else (pixels if tag == 273 else width)
        head += struct.pack(f"{order}HH{wide}{wide}", tag, 4, count, value)
    rows = struct.pack(f"{order}{strips}I", *[pixels] * strips) + struct.pack(f"{order}{strips}I", *[width] * strips)
    return head + struct.pack(f"{order}{wide}", 0) + rows + b"\x80" * width


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (jpeg, MAX_SCANS),
        (jpeg_segments, MAX_BLOCKS),
        (png, MAX_BLOCKS),
        (gif, MAX_BLOCKS),
        (webp, MAX_BLOCKS),
        (tiff, MAX_STRIPS),
    ],
)
def test_a_few_more_than_the_limit_are_refused_and_a_few_less_are_decoded(make, limit):
    few = load_image(io.BytesIO(make(limit - 50 if limit > 50 else limit)), name="photo")
    assert few.size in ((200, 300), (8, limit - 50))
    with pytest.raises(ImageError, match=rf"^photo has more than {limit:,} .*save it again in an image editor\.$"):
        load_image(io.BytesIO(make(limit + 50)), name="photo")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_strips_of_every_kind_of_tiff_are_counted(order, big):
    assert excess(io.BytesIO(tiff(MAX_STRIPS + 1, order, big=big))) == f"more than {MAX_STRIPS:,} strips"
    assert not excess(io.BytesIO(tiff(MAX_STRIPS, order, big=big)))


@pytest.mark.parametrize("junk", [b"\xff", b"\0", b"\xff\xd0", b"\xff\0"])
@pytest.mark.parametrize("end", ["", "end of picture"])
def test_filling_before_a_jpeg_s_scans_is_refused_at_once(junk, end):
    """A search that goes through a row of 0xff from each of its bytes takes a megabyte an hour, in which nothing else runs."""
    data, most = encoded("JPEG"), 2**20
    start = time.process_time()
    for rest in (data[2:], b""):
        found = excess(io.BytesIO(b"\xff\xd8" + b"\xff\xd9" * bool(end) + junk * (most // len(junk)) + rest))
        assert found == f"more than {MAX_FILLING:,} bytes that mean nothing"
    assert time.process_time() - start < 2
    little = io.BytesIO(data[:2] + junk * 500 + data[2:])
    assert not excess(little) and load_image(little, name="photo").size == (200, 300)
    assert not excess(io.BytesIO(data + junk * most)), "what follows a photo is not looked at"


def test_a_thumbnail_s_scans_are_not_the_photo_s():
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 3000) + b"\xff\xda" * 1500
    data = encoded("JPEG")
    assert not excess(io.BytesIO(data[:2] + exif + data[2:]))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("GIF", {}), ("TIFF", {}), ("WEBP", {}), ("BMP", {})],
)
def test_what_programs_write_is_let_through_and_the_file_left_where_it_was(kind, options):
    file = io.BytesIO(encoded(kind, **options))
    file.seek(7)
    assert excess(file) == ""
    assert file.tell() == 7


@pytest.mark.parametrize("make", [jpeg, png, gif, webp, tiff])
def test_files_cut_anywhere_are_no_trouble(make):
    data = make(12)
    for length in (*range(40), len(data) // 2, len(data) - 1):
        assert excess(io.BytesIO(data[:length])) == ""


@pytest.mark.parametrize("place", [2**32, 2**63, 2**64 - 1])
def test_tags_beyond_the_file_are_left_to_its_decoder(place):
    data = tiff(12, big=True)
    data = data[:8] + struct.pack("<Q", place) + data[16:]
    assert excess(io.BytesIO(data)) == ""
    with pytest.raises(ImageError, match=r"^photo is damaged or cut short"):
        load_image(io.BytesIO(data), name="photo")


def test_a_file_on_disk_is_looked_into_too(tmp_path: Path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(jpeg(MAX_SCANS + 1))
    with pytest.raises(ImageError, match=r"holiday\.jpg has more than 40 scans"):
        load_image(path)
    assert isinstance(load_image(io.BytesIO(jpeg(MAX_SCANS))), Image.Image)
