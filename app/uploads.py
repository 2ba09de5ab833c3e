"""Files that come from visitors and go to them."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from cternet import ImageError, load_image
from cternet.images import MAX_BYTES

MAX_UPLOAD = 100 * 2**20
"""Largest file a visitor may send: a zip; a photo may have ``MAX_BYTES``."""


def open_photo(path: str | Path, name: str, background: str = "white") -> Image.Image:
    """A photo that a visitor sent under ``name``, what is transparent over the background.

    Raises:
        ImageError: it is too large or cannot be decoded; the message calls it by the visitor's name for it.
    """
    path = Path(path)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{path.name} is larger than the {MAX_BYTES // 2**20} MB this page reads; scale it down first.")
        return load_image(path, background=background)
    except ImageError as error:
        raise ImageError(str(error).replace(path.name, name)) from None


class Downloads:
    """A folder for each visitor's downloads, gone when they leave; all of them when the program ends."""

    def __init__(self) -> None:
        self.root = tempfile.TemporaryDirectory(prefix="cternet-")

    def folder(self, session: str, *, make: bool = True) -> Path:
        """The visitor's; the name they sent is not trusted as a path."""
        folder = Path(self.root.name) / hashlib.sha256(session.encode()).hexdigest()[:32]
        if make:
            folder.mkdir(exist_ok=True)
        return folder

    def forget(self, session: str) -> None:
        shutil.rmtree(self.folder(session, make=False), ignore_errors=True)
