"""What is said when a disk is full or a folder may not be written to."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "FORBIDDEN",
    "FULL",
    "WriteError",
    "writing",
]

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


class WriteError(OSError):
    """A folder cannot be written to; as text, a sentence that names it and says what to do.

    Args:
        error: what the operating system said, which names no folder when a disk is full.
        folder: what was to be written to.
        instead: what else the person can do, after "or".
    """

    def __init__(self, error: OSError, folder: str | Path, instead: str) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        if error.errno in FULL:
            self.sentence = f"the disk is full: free some space at {folder}, or {instead}"
        elif error.errno in FORBIDDEN:
            self.sentence = f"{folder} is not writable ({self.strerror}): grant write permission, or {instead}"
        else:
            self.sentence = f"{folder} cannot be written to ({self.strerror}): check that it exists and works, or {instead}"

    def __str__(self) -> str:
        return self.sentence


@contextmanager
def writing(folder: str | Path, instead: str = "choose another --out") -> Iterator[None]:
    """Within, files are written to a folder.

    Raises:
        WriteError: in place of the operating system's error, or of one from a ``writing`` within.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(error, folder, instead) from error
