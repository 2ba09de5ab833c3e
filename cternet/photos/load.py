"""Reading photos people really have: one loader that either gives RGB or says in one sentence what is wrong."""

import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from cternet.photos.decoding_effort import excess

MAX_PIXELS = 50_000_000
"""Larger photos are refused before they are decoded: 50 megapixels are 150 MB in memory."""
MAX_BYTES = 20 * 2**20
"""Largest upload."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF") + (("AVIF",) if features.check("avif") else ())
"""What is decoded.  Not all Pillow knows: it hands EPS, whatever the file is named, to Ghostscript."""
Photo = str | Path | Image.Image | np.ndarray
"""What a photo may be handed over as; an array is RGB, uint8 (h, w, 3)."""


class ImageError(ValueError):
    """The file cannot be analysed; the message says why, for the person who chose it."""


def load_image(source: str | Path | BinaryIO, *, name: str = "", background: str = "white") -> Image.Image:
    """Decode a photo to RGB, upright (EXIF), transparency over the background, 16 bit scaled to 8, first frame if animated.

    Args:
        source: a path, or a file opened for reading bytes that can be sought in.
        name: what messages call it; by default the last part of the path.
        background: colour under what is transparent.

    Raises:
        ImageError: missing, empty, not an image, damaged, larger than ``MAX_PIXELS``, or beyond a limit of
            ``decoding_effort``.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        name = name or path.name
        try:
            if path.is_dir():
                raise ImageError(f"{name} is a folder, not an image.")
            with path.open("rb") as file:
                return load_image(file, name=name, background=background)
        except FileNotFoundError:
            raise ImageError(f"{name} does not exist.") from None
        except PermissionError:
            raise ImageError(f"{name} may not be read by this program.") from None
        except OSError as error:
            raise ImageError(f"{name} cannot be read ({error.strerror}).") from None
    name = name or Path(getattr(source, "name", "this file")).name
    try:
        if source.seek(0, os.SEEK_END) == 0:
            raise ImageError(f"{name} is empty (0 bytes); choose another file.")
        if parts := excess(source):
            raise ImageError(f"{name} has {parts}, which would take too long to decode; save it again in an image editor.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's bomb warning: our own limit is checked below, before decoding.
            with Image.open(source, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise ImageError(
                        f"{name} has {width} x {height} pixels, more than the {MAX_PIXELS // 10**6} megapixels "
                        "this program reads; scale it down first."
                    )
                image.load()
                return to_rgb(ImageOps.exif_transpose(image), background)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not an image this program can read ({', '.join(FORMATS)}).") from None
    except Image.DecompressionBombError:
        raise ImageError(
            f"{name} has more than the {MAX_PIXELS // 10**6} megapixels this program reads; scale it down first."
        ) from None
    except Exception as error:  # Pillow's plugins raise whatever a damaged file provokes
        raise ImageError(f"{name} is damaged or cut short and cannot be decoded ({type(error).__name__}).") from None


def to_rgb(image: Image.Image, background: str = "white") -> Image.Image:
    """Any Pillow mode to RGB without losing what the eye would see."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = grey_to_8_bit(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, background), rgba).convert("RGB")
    return image.convert("RGB")


def grey_to_8_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits, 32 bits or floats to 8 bits; Pillow itself would clip it at 255."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    low, high = 0.0, 65535.0
    if image.mode == "I":  # 32 bits hold photos of 8, 16 or more
        high = next(top for top in (255.0, 65535.0, float(values.max())) if values.max() <= top)
    elif image.mode == "F":  # no range is agreed on: the darkest is black, the brightest white
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))


def open_photo(photo: Photo, background: str = "white") -> Image.Image:
    """A path, PIL image or RGB uint8 array as RGB, what is transparent over the background."""
    if isinstance(photo, str | Path):
        return load_image(photo, background=background)
    return to_rgb(photo if isinstance(photo, Image.Image) else Image.fromarray(photo), background)
