"""What a file's name tells: whether it is opened, and how it is shown."""

import os
import re
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
    return "is not an image, by its ending" if ending in OTHER_FILES else ""


def label(name: str) -> str:
    """A file's name as text that can be stored: bytes that are no text, and control characters, as escapes."""
    return printable(os.fsencode(name).decode("utf-8", "backslashreplace"))


def printable(name: str) -> str:
    """Control characters, and halves of characters, as escapes."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", escaped, name)


def escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()
