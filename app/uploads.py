"""Files that come from visitors and go to them."""

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta
from PIL import Image

from app.checks import Refused
from cternet import MAX_BYTES, ImageError, load_image
from cternet.disk import WriteError

LONGEST_NAME = 100
"""Characters of a file's name that messages repeat."""
NOT_AN_UPLOAD = "This file was not uploaded here, or is no longer kept; choose it again."


@dataclass(frozen=True)
class Upload:
    """A file that a visitor sent.

    Attributes:
        path: where it lies; only files of this program's own, or from ``received``.
        name: what the visitor calls it.
        places: for photos that are decoded at once in this process; a large one takes hundreds of megabytes.
    """

    places: ClassVar[threading.Semaphore] = threading.Semaphore(4)
    path: Path
    name: str

    def photo(self, background: str = "white") -> Image.Image:
        """Decoded to RGB, what is transparent over the background.

        Raises:
            ImageError: it is too large or cannot be decoded; the message calls it by the visitor's name for it.
        """
        if self.path.is_file() and self.path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{self.name} is larger than the {MAX_BYTES // 2**20} MB this page reads; scale it down first.")
        with self.places:
            return load_image(self.path, name=self.name, background=background)


def received(payload: Any, kept: Collection[Upload] = ()) -> Upload:
    """The file that a page or a program sent: the one way in for files from outside.

    Gradio checks the path of what is marked as a file, and hands on whatever is not; so it is checked here, and the answer
    is the same for every path that lies elsewhere, whatever is there.

    Args:
        kept: what was received before and is still worked on; its file may be deleted by now.

    Raises:
        Refused: it is no file of gradio's, or none whose real path lies in the upload folder.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("meta"), dict) or not is_file_obj_with_meta(payload):
        raise Refused(NOT_AN_UPLOAD)
    try:
        path = Path(payload["path"]).resolve()
        if before := next((upload for upload in kept if upload.path == path), None):
            return before
        uploaded = path.is_file() and path.is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError, RuntimeError):  # nothing there, a NUL in it, links in a circle
        uploaded = False
    if not uploaded:
        raise Refused(NOT_AN_UPLOAD)
    name = payload.get("orig_name")
    name = (name if isinstance(name, str) and name else path.name)[:LONGEST_NAME]
    return Upload(path, name.encode("utf-8", "replace").decode())  # halves of characters can be sent and not be answered


def not_kept(error: OSError, folder: str) -> str:
    """What a visitor is told when the server could not write a file of theirs."""
    return f"The server could not save this: {WriteError(error, folder, 'start the app with TMPDIR set to another folder')}."


class Downloads:
    """A folder for each visitor's downloads, gone when they leave; all of them when the program ends."""

    def __init__(self) -> None:
        self.root = tempfile.TemporaryDirectory(prefix="cternet-")

    def folder(self, session: str) -> Path:
        """The visitor's, which may not be there yet; the name they sent is not trusted as a path."""
        return Path(self.root.name) / hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:32]

    @contextmanager
    def writing(self, session: str) -> Iterator[Path]:
        """The visitor's folder, to write into.

        Raises:
            Refused: the disk is full or may not be written to.
        """
        folder = self.folder(session)
        try:
            folder.mkdir(exist_ok=True)
            yield folder
        except OSError as error:
            raise Refused(not_kept(error, self.root.name)) from None

    def forget(self, session: str) -> None:
        shutil.rmtree(self.folder(session), ignore_errors=True)
