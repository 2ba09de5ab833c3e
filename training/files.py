"""Files and folders that are either whole or not there: written beside, then renamed."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cternet.disk import WriteError, writing


class SaveError(Exception):
    """A file or folder could not be written; what stood there is untouched."""


@contextmanager
def saving(target: Path, unfinished: Path) -> Iterator[None]:
    """Remove ``unfinished`` when writing ``target`` fails, and say so where the disk is at fault.

    Raises:
        SaveError: the disk is full or not writable.
    """
    try:
        yield
    except Exception as error:
        # torch and safetensors wrap the operating system's error in their own; look before the unfinished files are gone
        full = "No space left" in str(error) or disk_full(target.parent)
        if unfinished.is_file():
            unfinished.unlink()
        shutil.rmtree(unfinished, ignore_errors=True)
        if not full and not isinstance(error, OSError):
            raise
        reason = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if full else error
        mend = WriteError(reason, target.parent, "move the run to another disk")
        raise SaveError(f"cannot write {target}: {mend}; then go on with --resume.") from error


def write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Fill a temporary folder with ``write`` and put it at ``target`` in one rename.

    Raises:
        SaveError: the disk is full or not writable; what stood at ``target`` still stands.
    """
    temporary = target.with_name(f".{target.name}.new")
    previous = target.with_name(f".{target.name}.old")
    with saving(target, temporary):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write(temporary)
        if target.exists():
            shutil.rmtree(previous, ignore_errors=True)
            target.rename(previous)
        try:
            temporary.rename(target)
        except OSError:
            if previous.exists():
                previous.rename(target)
            raise
        shutil.rmtree(previous, ignore_errors=True)


def disk_full(folder: Path) -> bool:
    return folder.exists() and shutil.disk_usage(folder).free < 2**20


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step.

    Raises:
        WriteError: the disk is full or not writable.
    """
    temporary = path.with_name(f".{path.name}.new")
    with writing(path.parent):
        temporary.write_text(json.dumps(value, indent=2) + "\n")
        temporary.replace(path)
