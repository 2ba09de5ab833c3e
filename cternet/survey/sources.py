"""Where a survey's photos come from: a folder, or a zip whose members are read one by one and never unpacked to disk.

A name found in a source is a label and nothing else: no path is ever made of a member's name.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from cternet.photos.load import MAX_BYTES
from cternet.survey.errors import SurveyError

ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
OTHER_FILES = (
    *(".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".html", ".htm", ".pdf", ".log"),
    *(".py", ".sh", ".exe", ".npy", ".npz", ".parquet", ".arrow", ".mat", ".pkl", ".pt", ".safetensors", ".db"),
    *(".mp3", ".wav", ".mp4", ".mov", ".avi", ".mkv", ".webm"),
)
"""Endings of files that are not opened; any other ending is tried, as photos often have odd ones or none."""
CLUTTER = ("thumbs.db", "desktop.ini", "__macosx", "@eadir")
"""Files and folders that systems leave beside photos, left out quietly like hidden ones."""
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """How much of a zip is read.

    Attributes:
        photos: most members tried; the rest is skipped.
        member_bytes: largest member, unpacked.
        total_bytes: most unpacked in all.
        ratio: unpacked over packed size of a member, from one mebibyte on; photos hardly shrink at all.
        listing_bytes: largest list of members; it has to fit in memory, about ten times as large.
    """

    photos: int | None = None
    member_bytes: int = 256 * MEBIBYTE
    total_bytes: int | None = None
    ratio: float = 200.0
    listing_bytes: int = 512 * MEBIBYTE


COMMAND = Limits()
"""For one's own files: only what no photo has is refused."""
PAGE = Limits(photos=200, member_bytes=MAX_BYTES, total_bytes=200 * MEBIBYTE, listing_bytes=4 * MEBIBYTE)
"""For a zip a visitor of a page uploads."""


@dataclass(frozen=True)
class Entry:
    """Something found in a source.

    Attributes:
        name: relative to the source, parts divided by ``/``; to be shown, never to be opened.
        reason: why it is not read; empty where it is tried.
        handle: what the source itself finds it by.
    """

    name: str
    reason: str = ""
    handle: Any = None


class Refused(ValueError):
    """A member is not handed out; the message says why."""


class Folder:
    """The photos of a folder and its subfolders, each subfolder once, in the order of their names.

    Args:
        root: the folder.
        without: a folder inside that is passed over, as the report may lie there.
    """

    def __init__(self, root: Path, *, without: Path | None = None) -> None:
        self.root, self.without = root, without

    def __iter__(self) -> Iterator[Entry]:
        seen = {identity(self.without)} if self.without and self.without.is_dir() else set()
        yield from self.walk(self.root, "", seen)

    def walk(self, folder: Path, prefix: str, seen: set[tuple[int, int]]) -> Iterator[Entry]:
        try:
            if identity(folder) in seen:  # as links may lead in a circle
                return
            seen.add(identity(folder))
            names = sorted(os.listdir(folder))
        except OSError as error:
            yield Entry(label(prefix), f"this folder cannot be read ({error.strerror})")
            return
        for name in names:
            path = folder / name
            if name.startswith(".") or name.lower() in CLUTTER:
                continue
            if path.is_dir():
                yield from self.walk(path, f"{prefix}{name}/", seen)
            elif path.is_file():
                yield Entry(label(prefix + name), of_another_kind(name), path)
            else:  # a device or a pipe would never end
                yield Entry(label(prefix + name), "is a broken link" if path.is_symlink() else "is no file")

    def open(self, entry: Entry) -> Path:
        """What ``load_image`` takes."""
        return entry.handle

    def close(self) -> None:
        pass


class Archive:
    """The photos of a zip, in its own order.

    Raises:
        SurveyError: it is no zip, or damaged, or lists too many members.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.limits, self.unpacked, self.lock = limits, 0, Lock()
        try:
            self.file = Listed(io.FileIO(path), limits.listing_bytes)
        except OSError as error:
            raise SurveyError(f"{path.name} cannot be read ({error.strerror})") from None
        try:
            self.zip = zipfile.ZipFile(self.file)
        except Exception as error:  # zipfile raises whatever a damaged file provokes
            self.file.close()
            if isinstance(error, SurveyError):
                raise SurveyError(f"{path.name} {error}") from None
            raise SurveyError(f"{path.name} is not a zip, or it is damaged; choose a folder or a zip of photos") from None

    def __iter__(self) -> Iterator[Entry]:
        members = self.zip.infolist()
        tried = 0
        for place, member in enumerate(members):
            parts = member.filename.split("/")
            if member.filename.endswith("/") or parts[-1].startswith(".") or any(part.lower() in CLUTTER for part in parts):
                continue
            reason = self.reason(member)
            tried += not reason
            if self.limits.photos is not None and tried > self.limits.photos:
                left = len(members) - place
                yield Entry(f"{left} more members", f"only the first {self.limits.photos} photos of a zip are read here")
                return
            twin = self.zip.getinfo(member.filename) is not member
            yield Entry(printable(member.filename) + (f" (member {place + 1})" if twin else ""), reason, member)

    def reason(self, member: zipfile.ZipInfo) -> str:
        """Why a member is not read, as far as the list of members tells; empty where nothing speaks against it."""
        name = member.filename
        if not name or member.orig_filename != name or printable(name) != name or "\\" in name:
            return "has an empty name, or one with backslashes or control characters"
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            return "has a name that leads out of the zip"
        if self.zip.getinfo(name) is not member:
            return "is there twice; the last one is read"
        if member.flag_bits & 0x1:
            return "is encrypted"
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "is packed in a way this program does not unpack; make the zip with the usual method (deflate)"
        if member.file_size > self.limits.member_bytes:
            return f"is larger than {self.limits.member_bytes / MEBIBYTE:.0f} MB"
        if member.file_size > max(MEBIBYTE, self.limits.ratio * member.compress_size):
            return f"unpacks to more than {self.limits.ratio:.0f} times its size, which photos do not"
        return of_another_kind(name)

    def open(self, entry: Entry) -> BinaryIO:
        """A member's bytes, counted as they are read: sizes in the list of members may be lies.

        Raises:
            Refused: damaged, or more than the limits allow.
        """
        with self.lock:  # photos are decoded in threads
            most = self.limits.member_bytes
            if self.limits.total_bytes is not None:
                most = min(most, self.limits.total_bytes - self.unpacked)
            try:
                with self.zip.open(entry.handle) as member:
                    data = member.read(most + 1)
            except Exception as error:  # as above
                raise Refused(f"is damaged in the zip ({type(error).__name__})") from None
            if len(data) > most:
                raise Refused("is left out: the photos of the zip are larger than this program unpacks")
            self.unpacked += len(data)
        return io.BytesIO(data)

    def close(self) -> None:
        self.zip.close()
        self.file.close()


class Listed(io.BufferedReader):
    """A file that refuses to read more than so many bytes at once: ``zipfile`` reads the list of members in one piece."""

    def __init__(self, raw: io.RawIOBase, most: int) -> None:
        super().__init__(raw)
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > self.most:
            raise SurveyError("lists too many members; divide it into smaller ones")
        return super().read(size)


Source = Folder | Archive


def open_source(path: Path, *, limits: Limits = COMMAND, without: Path | None = None) -> Source:
    """A folder or a zip.

    Args:
        without: as in ``Folder``.

    Raises:
        SurveyError: neither is there.
    """
    if path.is_dir():
        return Folder(path, without=without)
    if not path.exists():
        raise SurveyError(f"{path} does not exist; name a folder or a zip of photos")
    return Archive(path, limits)


def identity(folder: Path) -> tuple[int, int]:
    """The same for all paths that lead to a folder."""
    found = folder.stat()
    return found.st_dev, found.st_ino


def of_another_kind(name: str) -> str:
    """Why a file of this name is not opened."""
    ending = Path(name.lower()).suffix
    if ending in ARCHIVES:
        return "is an archive; unpack it first"
    return "is not an image, by its ending" if ending in OTHER_FILES else ""


def label(name: str) -> str:
    """A file's name as text that can be stored: bytes that are no text, and control characters, as escapes."""
    return printable(os.fsencode(name).decode("utf-8", "backslashreplace"))


def printable(name: str) -> str:
    """Control characters, and halves of characters, as escapes."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", escaped, name)


def escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()
