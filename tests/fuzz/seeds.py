"""Small whole files of every format that is read, as Pillow, pillow-heif and libvips write them, to be damaged."""

import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from cternet.photos.vips import pyvips
from tests.cternet.photos.test_decoding_effort import tiff
from tests.tiny import tiny_photo

register_heif_opener(thumbnails=False)
WIDTH, HEIGHT = 40, 30
TIFFS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd")
"""Compressions of TIFFs that Pillow writes."""


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def rle_bmp() -> bytes:
    """Runs of 8 bits: a run, literal bytes, a jump, ends of rows and of the picture."""
    palette = bytes(value for level in range(256) for value in (level, level, level, 0))
    rows = b"".join(b"\x0a\x20\0\4\1\2\3\4\0\2\2\0\x18\x80\0\0" for _ in range(HEIGHT)) + b"\0\1"
    size = (54 + len(palette) + len(rows)).to_bytes(4, "little")
    head = b"BM" + size + bytes(4) + (54 + len(palette)).to_bytes(4, "little") + (40).to_bytes(4, "little")
    head += WIDTH.to_bytes(4, "little") + HEIGHT.to_bytes(4, "little") + b"\1\0\x08\0" + (1).to_bytes(4, "little") + bytes(20)
    return head + palette + rows


def made() -> Iterator[tuple[str, bytes]]:
    photo = tiny_photo(3, WIDTH, HEIGHT)
    clear = photo.convert("RGBA")
    clear.putalpha(photo.convert("L"))
    frames = [tiny_photo(seed, WIDTH, HEIGHT) for seed in (4, 5)]
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    moving = {"save_all": True, "append_images": frames}
    jpegs: dict[str, dict[str, Any]] = {
        "plain": {"subsampling": 0},
        "4:2:0": {"subsampling": 2, "optimize": True},
        "progressive": {"progressive": True},
        "restarts": {"restart_marker_blocks": 2},
        "exif and profile": {"exif": exif, "icc_profile": profile},
    }
    for name, options in jpegs.items():
        yield f"JPEG {name}", written(photo, "JPEG", **options)
    yield "JPEG of ink", written(photo.convert("CMYK"), "JPEG")
    yield "JPEG grey", written(photo.convert("L"), "JPEG", progressive=True)
    yield "PNG", written(photo, "PNG", icc_profile=profile)
    yield "PNG clear", written(clear, "PNG")
    deep = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 50
    yield "PNG of 16 bits", written(Image.fromarray(deep), "PNG")
    yield "PNG palette", written(photo.convert("P"), "PNG", transparency=3)
    yield "PNG moving", written(photo, "PNG", default_image=True, **moving)
    yield "PNG interlaced", pyvips.Image.new_from_array(np.asarray(photo)).pngsave_buffer(interlace=True)
    yield "GIF", written(photo.convert("P"), "GIF", transparency=3)
    yield "GIF moving", written(photo, "GIF", loop=0, **moving)
    for mode in ("1", "P", "RGB", "RGBA"):
        yield f"BMP {mode}", written(clear.convert(mode), "BMP")
    yield "BMP runs", rle_bmp()
    for packing in TIFFS:
        yield f"TIFF {packing}", written(photo, "TIFF", compression=packing)
    yield "TIFF tiles", tiled()
    yield "TIFF floats", written(Image.fromarray(np.asarray(photo.convert("L"), np.float32)), "TIFF", compression="tiff_lzw")
    yield "TIFF big", tiff(12, big=True)
    yield "TIFF of 12 bits", twelve_bits()
    yield "WEBP", written(photo, "WEBP", quality=60)
    yield "WEBP exact", written(clear, "WEBP", lossless=True, exif=exif)
    yield "WEBP moving", written(photo, "WEBP", **moving)
    yield "AVIF", written(photo, "AVIF", speed=10)
    yield "AVIF clear", written(clear, "AVIF", speed=10, exif=exif)
    yield "AVIF moving", written(photo, "AVIF", speed=10, **moving)
    yield "HEIC", written(photo, "HEIF", quality=50)
    yield "HEIC clear", written(clear, "HEIF", quality=50, exif=exif)


def twelve_bits() -> bytes:
    """Grey in 12 bits, packed: neither libvips nor Pillow reads it."""
    data = bytearray(tiff(8))
    at = 10 + 2 * 12 + 8  # the third tag's number: the bits of a sample
    data[at : at + 4] = (12).to_bytes(4, "little")
    return bytes(data) + bytes(range(96))


def tiled() -> bytes:
    """Grey in six tiles of 16 x 16, which are all the same bytes."""
    tags = {256: WIDTH, 257: HEIGHT, 258: 8, 259: 1, 262: 1, 277: 1, 322: 16, 323: 16}
    lists = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    entries += struct.pack("<HHII", 324, 4, 6, lists) + struct.pack("<HHII", 325, 4, 6, lists + 24) + bytes(4)
    places = struct.pack("<6I", *[lists + 48] * 6) + struct.pack("<6I", *[256] * 6)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags) + 2) + entries + places + bytes(range(256))


@cache
def seeds() -> dict[str, bytes]:
    """The files, by what they are."""
    return dict(made())
