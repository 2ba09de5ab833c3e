"""Checkpoints that are either whole or not there: written beside, then renamed."""

import errno
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class SaveError(Exception):
    """A checkpoint could not be written; earlier ones are untouched."""


def write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Fill a temporary folder with ``write`` and put it at ``target`` in one rename.

    Raises:
        SaveError: the disk is full or not writable; what stood at ``target`` still stands.
    """
    temporary = target.with_name(f".{target.name}.new")
    previous = target.with_name(f".{target.name}.old")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write(temporary)
        if target.exists():
            shutil.rmtree(previous, ignore_errors=True)
            target.rename(previous)
        temporary.rename(target)
        shutil.rmtree(previous, ignore_errors=True)
    except Exception as error:
        out_of_space = disk_full(target.parent)  # asked before the unfinished files are gone
        shutil.rmtree(temporary, ignore_errors=True)
        if previous.exists() and not target.exists():
            previous.rename(target)
        # torch and safetensors wrap the operating system's error in their own
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error) or out_of_space
        if not full and not isinstance(error, OSError):
            raise
        reason = "the disk is full" if full else str(error)
        raise SaveError(f"cannot write {target}: {reason}. Free some space and go on with --resume.") from error


def disk_full(folder: Path) -> bool:
    return folder.exists() and shutil.disk_usage(folder).free < 2**20


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(value, indent=2) + "\n")
    temporary.replace(path)


def newest_state(run: Path) -> Path | None:
    """The newest complete training state of a run."""
    for previous in (run / "state").glob(".step-*.old"):  # a run killed between the two renames of ``write_folder``
        target = previous.with_name(previous.name.removeprefix(".").removesuffix(".old"))
        if not target.exists():
            with suppress(FileNotFoundError):  # another process was faster
                previous.rename(target)
    states = sorted((run / "state").glob("step-*"), key=lambda path: int(path.name.removeprefix("step-")))
    return states[-1] if states else None


def drop_older_states(run: Path) -> None:
    newest = newest_state(run)
    for path in (run / "state").iterdir():
        if path != newest:
            shutil.rmtree(path, ignore_errors=True)
