"""What a file's name tells: whether it is opened, and how it is shown."""

import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
OTHER_FILES = (
    *(".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".html", ".htm", ".pdf", ".log"),
    *(".py", ".sh", ".exe", ".npy", ".npz", ".parquet", ".arrow", ".mat", ".pkl", ".pt", ".safetensors", ".db"),
    *(".mp3", ".wav", ".mp4", ".mov", ".avi", ".mkv", ".webm"),
)
"""Endings of files that are not opened; any other ending is tried, as photos often have odd ones or none."""
CLUTTER = ("thumbs.db", "desktop.ini", "__macosx", "@eadir")
"""Files and folders that systems leave beside photos, left out quietly like hidden ones."""


def of_another_kind(name: str) -> str:
    """Why a file of this name is not opened."""
    ending = Path(name.lower()).suffix
    if ending in ARCHIVES:
        return "is an archive; unpack it first"
    return "is not an image file" if ending in OTHER_FILES else ""


def label(name: str) -> str:
    """A file's name as text that can be stored: bytes that are no text, and control characters, as escapes."""
    return printable(os.fsencode(name).decode("utf-8", "backslashreplace"))


def printable(name: str) -> str:
    """Control characters, and halves of characters, as escapes."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", escaped, name)


def escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


UTF8_FLAG = 0x800
ENCODINGS = ("utf-8", "cp932", "gbk")
"""What zips without the flag for UTF-8 hold names in: macOS's, and Windows' in Japanese (Shift-JIS) and Chinese."""
HALF_WIDTH = re.compile("[\uff61-\uff9f]")
"""Japanese letters that hardly any name has; Chinese names misread as Japanese are full of them."""


def encoding_of(members: Iterable[zipfile.ZipInfo]) -> str:
    """The first encoding that all of a zip's unflagged names make sense in; cp437, the format's own, where none does."""
    names = b"\0".join(stored(member) for member in members if not member.flag_bits & UTF8_FLAG)
    for encoding in ENCODINGS:
        try:
            if not HALF_WIDTH.search(names.decode(encoding)):
                return encoding
        except UnicodeDecodeError:
            continue
    return "cp437"


def stored(member: zipfile.ZipInfo) -> bytes:
    """The bytes of an unflagged name, which ``zipfile`` takes for cp437."""
    return member.filename.encode("cp437", "replace")


def name_in_zip(member: zipfile.ZipInfo, encoding: str) -> str:
    """A member's name, its folders divided by ``/``: older programs for Windows write backslashes."""
    name = member.filename if member.flag_bits & UTF8_FLAG else stored(member).decode(encoding, "replace")
    return name.replace("\\", "/")
