"""``python -m cternet.survey`` in processes of its own, which can be made to die at an instant."""

import os
from functools import partial
from pathlib import Path

from cternet.survey import parts
from tests import processes


def run(flags: list[str], log: Path, *, world: int = 1, die: tuple[str, int, int] | None = None) -> list[int]:
    """Survey on ``world`` processes; returns their exit codes (negative: the signal that ended one).

    Args:
        log: file that gets what the processes print.
        die: before what ("rename": a file takes its name; "photo": a row is kept), how many times it was done before, and
            the signal every process then sends itself.
    """
    return processes.run("cternet.survey.__main__", flags, log, world=world, before=partial(arrange, die))


def arrange(die: tuple[str, int, int] | None) -> None:
    """Small parts, and a death."""
    parts.PART_ROWS = 2
    if die is None:
        return
    where, left, number = die
    owner, name = {"rename": (Path, "replace"), "photo": (parts.Parts, "add")}[where]
    original = getattr(owner, name)

    def dying(*arguments: object) -> object:
        nonlocal left
        left -= 1
        if left == -1:
            os.kill(os.getpid(), number)
        return original(*arguments)

    setattr(owner, name, dying)
