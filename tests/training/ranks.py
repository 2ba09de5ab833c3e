"""A training command in processes of its own, which can be made to die at a step."""

import errno
import os
from functools import partial
from pathlib import Path

from tests import processes


def run(
    flags: list[str],
    log: Path,
    *,
    world: int = 1,
    die: tuple[str, int, int] | None = None,
) -> list[int]:
    """Train with these flags on ``world`` processes; returns their exit codes (negative: the signal that ended them).

    Args:
        log: file that gets what the processes print.
        die: where ("step": after one; "saving": inside the save that follows one), after how many steps, and the
            signal every process then sends itself; 0 stands for a full disk.
    """
    return processes.run("training.train", flags, log, world=world, before=partial(arrange_death, *die) if die else None)


def arrange_death(where: str, after: int, number: int) -> None:
    from accelerate import Accelerator

    from training.engine.run import Run

    step, save_state = Run.step, Accelerator.save_state
    steps = 0

    def dying_step(self: Run, *args: object) -> None:
        nonlocal steps
        step(self, *args)
        steps = self.progress.total_steps
        if where == "step" and steps == after:
            os.kill(os.getpid(), number)

    def dying_save(self: Accelerator, *args: object, **kwargs: object) -> None:
        save_state(self, *args, **kwargs)
        if where == "saving" and steps >= after:
            if not number:
                raise OSError(errno.ENOSPC, "No space left on device")
            os.kill(os.getpid(), number)

    Run.step, Accelerator.save_state = dying_step, dying_save
