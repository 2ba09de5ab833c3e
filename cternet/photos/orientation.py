"""How a photo is turned, as browsers read its EXIF."""

from typing import Any, Literal

from PIL import Image

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned by its EXIF orientation."""


def turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def orientation_of(image: Image.Image) -> int:
    """By EXIF alone: Pillow would take XMP's too, which browsers do not look at, and give up at the first odd tag.

    Chromium does not turn WebP.
    """
    if image.format == "WEBP":
        return 1
    if tags := getattr(image, "tag_v2", None):
        found = tags.get(ORIENTATION, 1)
        return found if isinstance(found, int) else 1
    return orientation_in(image.info.get("exif") or b"")


def orientation_by_vips(image: Any) -> int:
    """By the same rules, of what libvips opened."""
    if image.get("vips-loader") == "tiffload_buffer":
        return int(image.get("orientation")) if image.get_typeof("orientation") else 1
    webp = image.get("vips-loader") == "webpload_buffer"
    return orientation_in(image.get("exif-data")) if image.get_typeof("exif-data") and not webp else 1


def orientation_in(exif: bytes) -> int:
    """What a block of EXIF says; as in browsers, it counts only where it is one number of 16 bits."""
    exif = exif.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], order)

    if exif[:2] not in (b"II", b"MM") or number(2, 2) != 42:
        return 1
    start = number(4, 4)
    for entry in range(start + 2, min(start + 2 + 12 * number(start, 2), len(exif) - 11), 12):
        if (number(entry, 2), number(entry + 2, 2), number(entry + 4, 4)) == (ORIENTATION, 3, 1):
            return number(entry + 8, 2)
    return 1
