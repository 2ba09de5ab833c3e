"""From a file's bytes to an upright RGB picture: libvips decodes what it can, Pillow the rest (BMP, HEIC, odd TIFFs)."""

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from cternet.photos.bmp import read_bmp
from cternet.photos.colour import Encoding, changes_nothing, encoding, encoding_of, to_srgb
from cternet.photos.gif import first_frame
from cternet.photos.orientation import orientation_by_vips, orientation_of, turned
from cternet.photos.png import has_hidden_picture, png_chunks, profile_of, without_its_end
from cternet.photos.tiff import odd_samples
from cternet.photos.vips import pyvips

register_heif_opener(thumbnails=False)
STRIP = 8
"""Rows decoded at once: the height of a JPEG's blocks, of which the whole ones are kept where the end is missing."""
MOST_STRIPS = 10_000
"""Of a picture; one of a single column can have millions of rows."""
AHEAD = 6
"""More rows that are known of a JPEG whose colours have half the height: two of its rows of blocks wait for the next one."""
INCOMPLETE = "incomplete"
"""Key in a picture's ``info``: the end of its file is missing, and what was there is shown."""
Check = Callable[[int, int], None]
"""Raises where a picture of this width and height is not to be decoded."""


JPEG_SIZES = (0xC0, 0xC1, 0xC2)
"""Markers of the segment with a JPEG's size and sampling."""


def decode(data: bytes, kind: str, background: str, check: Check) -> Image.Image:
    """An upright RGB picture; ``info`` says where its end is missing, and what is missing is background.

    Raises:
        pyvips.Error, OSError, and whatever else Pillow's plugins raise: it cannot be decoded.
    """
    if kind == "PNG" and len(data) >= 24:
        check(*struct.unpack(">II", data[16:24]))  # libpng has a limit of its own, and other words for it
    if kind == "AVIF":  # its colours are right by Pillow, which does not read all that libvips does
        with suppress(OSError, SyntaxError, ValueError, RuntimeError):
            return with_pillow(data, kind, background, check)
    if kind == "BMP":
        bitmap = read_bmp(data, check)
        return marked(of_samples(bitmap.pixels, "srgb", background, bitmap.profile), complete=bitmap.complete)
    if kind == "HEIC":
        return with_pillow(data, kind, background, check)
    if kind == "PNG" and has_hidden_picture(data):
        with suppress(OSError, SyntaxError, ValueError, EOFError):
            return with_pillow(data, kind, background, check)
    if kind in ("JPEG", "PNG") and (image := ordinary(data, kind, check)):
        return image
    try:
        return with_vips(data, background, check)
    except pyvips.Error:
        if kind == "AVIF":
            raise
        if kind == "TIFF" and (values := odd_samples(data, check)) is not None:
            return of_samples(values, "rgb16" if values.shape[2] == 3 else "grey16", background)
        return with_pillow(data, kind, background, check)


def ordinary(data: bytes, kind: str, check: Check) -> Image.Image | None:
    """A whole photo of 8 bits in sRGB: Pillow gives the same pixels and takes a fifth of libvips' time for a small one."""
    with suppress(OSError, SyntaxError, ValueError, Image.DecompressionBombError), quiet():
        image = Image.open(io.BytesIO(data), formats=[kind])
        if is_plain(image):
            check(*image.size)
            orientation = orientation_of(image)
            image.load()
            return marked(turned(image if image.mode == "RGB" else image.convert("RGB"), orientation), complete=True)
    return None


def is_plain(image: Image.Image) -> bool:
    """Whether a picture's numbers are those of the screen."""
    profile = image.info.get("icc_profile")
    return (
        image.mode in ("RGB", "L")
        and "transparency" not in image.info
        and encoding_in(image) is None
        and (not profile or changes_nothing(profile, len(image.getbands())))
    )


def with_vips(data: bytes, background: str, check: Check) -> Image.Image:
    """Strictly, which tells how many rows there are; where there is not even one, whatever libvips makes of the file."""
    error: Exception | None = None
    for strictness in ("error" if data[:2] in (b"II", b"MM") else "truncated", "none"):
        try:
            image, encoding = opened(data, strictness)
        except pyvips.Error as caught:
            error = caught
            continue
        check(image.width, image.height)
        found, rows, error = drawn(to_srgb(image, background, encoding), background)
        if error is not None:
            found, rows = mended(data, found, rows, background)
        if rows:
            complete = strictness != "none" and error is None
            return marked(turned(framed(found, data, background), orientation_by_vips(image)), complete=complete)
        if not image.get_typeof("interlaced"):
            break  # only what is stored coarse to fine shows something before its first rows are whole
    assert error is not None
    raise error


def opened(data: bytes, strictness: str) -> tuple[Any, Encoding | None]:
    """A libvips image that is not decoded yet, with a PNG's profile, and what the PNG says of its colours without one."""
    image = pyvips.Image.new_from_buffer(data, "", access="sequential", fail_on=strictness)
    chunks = png_chunks(data) if data.startswith(b"\x89PNG") else {}
    if profile := profile_of(chunks):  # libpng passes over one that is not for as many colours
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image, encoding_of(chunks)


def mended(data: bytes, found: Image.Image, rows: int, background: str) -> tuple[Image.Image, int]:
    """The rows of a damaged file that browsers show beside those of whole strips."""
    if rows and has_low_colours(data):
        image, _ = opened(data, "none")
        found, rows, _ = drawn(to_srgb(image, background), background, rows + AHEAD)
    elif data.startswith(b"\x89PNG") and (part := without_its_end(data)):
        image, encoding = opened(part, "none")
        whole, rows, _ = drawn(to_srgb(image, background, encoding), background)
        found.paste(whole)
    return found, rows


def framed(image: Image.Image, data: bytes, background: str) -> Image.Image:
    """The page is seen around a GIF's first picture, where libvips has black."""
    frame = first_frame(data) if data.startswith(b"GIF8") else None
    if frame is None or frame == (0, 0, *image.size):
        return image
    page = Image.new("RGB", image.size, background)
    page.paste(image.crop(frame), frame[:2])
    return page


def has_low_colours(data: bytes) -> bool:
    """Whether it is a JPEG that has brightness at twice the height of its colours (4:2:0)."""
    at = 2 if data.startswith(b"\xff\xd8") else len(data)
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda":
        if data[at + 1] in JPEG_SIZES:
            return data[at + 9 : at + 10] == b"\3" and data[at + 11] & 15 > 1
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def drawn(image: Any, background: str, most: int = 2**31) -> tuple[Image.Image, int, Exception | None]:
    """The picture strip by strip, so that it is in memory once; how many rows could be had, and what then went wrong."""
    found = Image.new("RGB", (image.width, image.height), background)
    region = pyvips.Region.new(image)
    strip = max(STRIP, image.height // MOST_STRIPS)
    for top in range(0, min(image.height, most), strip):
        height = min(strip, image.height - top, most - top)
        try:
            rows = region.fetch(0, top, image.width, height)
        except pyvips.Error as error:
            return found, top, error
        found.paste(Image.frombuffer("RGB", (image.width, height), rows, "raw", "RGB", 0, 1), (0, top))
    return found, min(image.height, most), None


def with_pillow(data: bytes, kind: str, background: str, check: Check) -> Image.Image:
    formats = ["HEIF" if kind == "HEIC" else kind]  # of all it knows, EPS would go to Ghostscript, whatever its name
    with quiet(), Image.open(io.BytesIO(data), formats=formats) as image:
        check(*image.size)
        if getattr(image, "default_image", False):
            image.seek(1)  # in an animated PNG, a picture for programs that do not know animations
        return from_pillow(image, background)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings: of bombs, for which there is a limit of our own before decoding, and of odd metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def from_pillow(image: Image.Image, background: str) -> Image.Image:
    """A picture of Pillow's as people see it: its profile, gamma and orientation are looked at like a file's.

    Raises:
        OSError and others: it is a file that cannot be decoded.
    """
    if is_plain(image):
        orientation = orientation_of(image)
        image.load()
        return marked(turned(image.convert("RGB"), orientation), complete=not image.info.get(INCOMPLETE))
    orientation = orientation_of(image)
    values, interpretation = samples(image)
    profile = image.info.get("icc_profile")
    found = of_samples(values, interpretation, background, profile if isinstance(profile, bytes) else b"", encoding_in(image))
    return marked(turned(found, orientation), complete=not image.info.get(INCOMPLETE))


def of_samples(
    values: np.ndarray, interpretation: str, background: str, profile: bytes = b"", encoding: Encoding | None = None
) -> Image.Image:
    """Samples (h, w, bands) as RGB, by what libvips calls their meaning."""
    height, width, bands = values.shape
    kinds = {"uint8": "uchar", "uint16": "ushort", "int32": "int", "float32": "float"}
    stored = pyvips.Image.new_from_memory(np.ascontiguousarray(values).data, width, height, bands, kinds[values.dtype.name])
    stored = stored.copy(interpretation=interpretation)
    if profile:
        stored.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    found, _, error = drawn(to_srgb(stored, background, encoding), background)
    if error is not None:
        raise error
    return found


def samples(image: Image.Image) -> tuple[np.ndarray, str]:
    """A picture's samples (h, w, bands), and how libvips calls what they mean."""
    clear = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint16)
        bits = getattr(image, "tag_v2", {}).get(258, (16,))[0]
        if bits < 16:
            grey = (grey * (65535 / (2**bits - 1)) + 0.5).astype(np.uint16)
        bands = [grey, np.where(grey == clear, 0, 65535).astype(np.uint16)] if isinstance(clear, int) else [grey]
        return np.stack(bands, axis=-1), "grey16"
    if image.mode in ("I", "F"):
        return np.asarray(image)[..., None], "b-w"
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or clear is not None:
        return np.asarray(image.convert("RGBA")), "srgb"
    if image.mode == "CMYK":
        return np.asarray(image), "cmyk"
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))[..., None], "b-w"
    return np.asarray(image.convert("RGB")), "srgb"


def encoding_in(image: Image.Image) -> Encoding | None:
    """The encoding that a PNG declares, as Pillow read it."""
    info = image.info
    if image.format != "PNG" or "srgb" in info or info.get("icc_profile") or not info.get("gamma"):
        return None
    return encoding(info["gamma"], info.get("chromaticity") or ())


def marked(image: Image.Image, *, complete: bool) -> Image.Image:
    image.info = {} if complete else {INCOMPLETE: True}
    return image
