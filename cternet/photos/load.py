"""Reading photos people really have: one loader that either gives RGB or says in one sentence what is wrong."""

import os
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError
from torch import Tensor

from cternet.photos.arrays import from_array
from cternet.photos.decode import INCOMPLETE, decode, from_pillow
from cternet.photos.decoding_effort import excess
from cternet.photos.kinds import kind_of

MAX_PIXELS = 50_000_000
"""Larger photos are refused before they are decoded: 50 megapixels are 150 MB in memory."""
MAX_SIDE = 500_000
"""Pixels of the longest side: decoders take their time for every row, and one column could have 50 million."""
MAX_BYTES = 20 * 2**20
"""Largest upload."""
MAX_FILE_BYTES = 2**30
"""Largest file that is read at all: 50 megapixels of the deepest samples."""
FORMATS = ("JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", "AVIF", "HEIC")
"""What is decoded."""
EXTENSIONS = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
        *(".avif", ".heic", ".heif", ".hif"),
    }
)
"""Endings of photos' names, in lower case, wherever files are told by their names."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How the small file begins that stands for one that Git LFS has not fetched."""
MEANING = frozenset({"icc_profile", "exif", "transparency", "gamma"})
"""Keys of a PIL picture's ``info`` without which its numbers are those of the screen."""
Photo = Any
"""What a photo may be handed over as: a path, a PIL image, a numpy array or a torch tensor (``from_array`` says which)."""


class ImageError(ValueError):
    """The file cannot be analysed; the message says why, for the person who chose it."""


def load_image(source: str | Path | BinaryIO, *, name: str = "", background: str = "white") -> Image.Image:
    """Decode a photo to RGB as a browser shows it: upright (EXIF), in sRGB, transparency over the background, first frame if
    animated.

    A photo that lacks its end is what there is of it, the rest background; ``incomplete(photo)`` tells.

    Args:
        source: a path, or a file opened for reading bytes that can be sought in.
        name: what messages call it; by default the last part of the path.
        background: colour under what is transparent.

    Raises:
        ImageError: missing, empty, not an image, damaged, larger than ``MAX_PIXELS`` or ``MAX_SIDE``, or
            beyond a limit of ``decoding_effort``.
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
            raise ImageError(f"{name} is not readable; check its permissions.") from None
        except OSError as error:
            raise ImageError(f"{name} cannot be read ({error.strerror}).") from None
    name = name or Path(getattr(source, "name", "this file")).name
    size = source.seek(0, os.SEEK_END)
    if size == 0:
        raise ImageError(f"{name} is empty (0 bytes); choose another file.")
    if size > MAX_FILE_BYTES:
        raise ImageError(f"{name} has more than {MAX_FILE_BYTES // 2**20:,} MB, which no photo needs; scale it down first.")
    source.seek(0)
    start = source.read(300)
    kind = kind_of(start)
    if start.startswith(LFS_POINTER):
        raise ImageError(f"{name} is only a Git LFS pointer; fetch the photo with: git lfs pull.")
    if not kind:
        raise ImageError(f"{name} is not an image this program can read ({', '.join(FORMATS)}).")
    if parts := excess(source):
        raise ImageError(f"{name} has {parts}, which would take too long to decode; save it again in an image editor.")
    source.seek(0)
    return decoded(source.read(), kind, name, background)


def decoded(data: bytes, kind: str, name: str, background: str) -> Image.Image:
    """``load_image`` of a file's bytes."""
    try:
        return decode(data, kind, background, lambda width, height: check_size(width, height, name))
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(too_large("", name)) from None
    except Exception as error:  # decoders raise whatever a damaged file provokes
        if kind == "HEIC":
            raise ImageError(
                f"{name} is a HEIC photo that is damaged or of a kind this program cannot decode; export it as JPEG on the "
                "phone or in a photo app."
            ) from None
        if isinstance(error, UnidentifiedImageError):
            raise ImageError(f"{name} is damaged or cut short: none of it can be decoded.") from None
        raise ImageError(f"{name} is damaged or cut short and cannot be decoded ({type(error).__name__}).") from None


def check_size(width: int, height: int, name: str) -> None:
    """Raises ``ImageError`` for more than ``MAX_PIXELS``, or a side of more than ``MAX_SIDE``."""
    if width * height > MAX_PIXELS:
        raise ImageError(too_large(f"{width} x {height} pixels, ", name))
    if max(width, height) > MAX_SIDE:
        raise ImageError(f"{name} has {width} x {height} pixels, more than {MAX_SIDE:,} in a row; cut a part out of it first.")


def too_large(size: str, name: str) -> str:
    return f"{name} has {size}more than the {MAX_PIXELS // 10**6} megapixels this program reads; scale it down first."


def open_photo(photo: Photo, background: str = "white") -> Image.Image:
    """Any ``Photo`` as RGB like ``load_image`` gives: a PIL image's profile and orientation are looked at like a file's.

    Raises:
        ImageError: it cannot be read; the message is one sentence.
    """
    if isinstance(photo, str | Path):
        return load_image(photo, background=background)
    if isinstance(photo, Image.Image):
        check_size(*photo.size, "the picture")
        if type(photo) is Image.Image and photo.mode == "RGB" and not MEANING & photo.info.keys():
            return photo
        try:
            return from_pillow(photo, background)
        except Exception as error:  # Pillow decodes a file only now
            raise ImageError(f"the picture is damaged or cut short and cannot be decoded ({type(error).__name__}).") from None
    try:
        image = from_array(photo.detach().cpu() if isinstance(photo, Tensor) else photo)
    except ValueError as error:
        raise ImageError(f"{error}.") from None
    check_size(*image.size, "the array")
    return image


def incomplete(photo: Image.Image) -> bool:
    """Whether a loaded photo's file lacks its end."""
    return bool(photo.info.get(INCOMPLETE))
