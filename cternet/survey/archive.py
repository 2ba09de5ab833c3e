"""The photos of a zip, whose members are read one by one and never unpacked to disk.

A name found in a zip is a label and nothing else: no path is ever made of a member's name.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from cternet.survey.entries import MEBIBYTE, Entry, Limits, UnreadableMember
from cternet.survey.errors import SurveyError
from cternet.survey.names import CLUTTER, encoding_of, name_in_zip, of_another_kind, printable


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
        self.encoding = encoding_of(self.zip.infolist())

    def __iter__(self) -> Iterator[Entry]:
        members = self.zip.infolist()
        tried = 0
        for place, member in enumerate(members):
            name = name_in_zip(member, self.encoding)
            parts = name.split("/")
            if name.endswith("/") or parts[-1].startswith(".") or any(part.lower() in CLUTTER for part in parts):
                continue
            reason = self.reason(member, name)
            tried += not reason
            if self.limits.photos is not None and tried > self.limits.photos:
                left = len(members) - place
                yield Entry(f"{left} more members", f"only the first {self.limits.photos} photos of a zip are read here")
                return
            twin = self.zip.getinfo(member.filename) is not member
            yield Entry(printable(name) + (f" (member {place + 1})" if twin else ""), reason, member)

    def reason(self, member: zipfile.ZipInfo, name: str) -> str:
        """Why a member is not read, as far as the list of members tells; empty where nothing speaks against it."""
        if not name or member.orig_filename != member.filename or printable(name) != name:
            return "has an empty name, or one with control characters"
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            return "has a name that points outside the zip"
        if self.zip.getinfo(member.filename) is not member:
            return "appears twice; the last one is read"
        if member.flag_bits & 0x1:
            return "is encrypted"
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "uses an unsupported compression method; make the zip with deflate"
        if member.file_size > self.limits.member_bytes:
            return f"is larger than {self.limits.member_bytes / MEBIBYTE:.0f} MB"
        if member.file_size > max(MEBIBYTE, self.limits.ratio * member.compress_size):
            return f"unpacks to more than {self.limits.ratio:.0f} times its size, which photos do not"
        return of_another_kind(name)

    def open(self, entry: Entry) -> BinaryIO:
        """A member's bytes, counted as they are read: sizes in the list of members may be lies.

        Raises:
            UnreadableMember: damaged, or more than the limits allow.
        """
        with self.lock:  # photos are decoded in threads
            most = self.limits.member_bytes
            if self.limits.total_bytes is not None:
                most = min(most, self.limits.total_bytes - self.unpacked)
            try:
                with self.zip.open(entry.handle) as member:
                    data = member.read(most + 1)
            except Exception as error:  # as above
                raise UnreadableMember(f"is damaged in the zip ({type(error).__name__})") from None
            if len(data) > most:
                raise UnreadableMember("is left out: the zip unpacks to more than this program reads")
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
            raise SurveyError("has too many members; split it into smaller ones")
        return super().read(size)
