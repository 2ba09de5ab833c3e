"""The photos of a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from cternet.survey.entries import Entry
from cternet.survey.names import CLUTTER, label, of_another_kind


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
                yield Entry(label(prefix + name), "is a broken link" if path.is_symlink() else "is not a file")

    def open(self, entry: Entry) -> Path:
        """What ``load_image`` takes."""
        return entry.handle

    def close(self) -> None:
        pass


def identity(folder: Path) -> tuple[int, int]:
    """The same for all paths that lead to a folder."""
    found = folder.stat()
    return found.st_dev, found.st_ino
