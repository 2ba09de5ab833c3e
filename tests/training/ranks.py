"""A training command in processes of its own, which can be made to die at a step.

The processes are forked from a server that has imported everything once, so each costs a second and not ten.
"""

import errno
import importlib
import multiprocessing
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["training.train", "training.train_saliency", "tests.training.ranks"])


def run(
    flags: list[str],
    log: Path,
    *,
    module: str = "training.train",
    world: int = 1,
    die: tuple[str, int, int] | None = None,
) -> list[int]:
    """Train with these flags on ``world`` processes; returns their exit codes (negative: the signal that ended them).

    Args:
        log: file that gets what the processes print.
        module: of the command.
        die: where ("step": after one; "saving": inside the save that follows one), after how many steps, and the
            signal every process then sends itself; 0 stands for a full disk.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [CONTEXT.Process(target=rank_main, args=(rank, world, port, module, flags, log, die)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"a process hung; it printed:\n{log.read_text()}")
    return [process.exitcode for process in processes]


def rank_main(
    rank: int, world: int, port: int, module: str, flags: list[str], log: Path, die: tuple[str, int, int] | None
) -> NoReturn:
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    import torch

    torch.set_num_threads(1)
    if world > 1:
        os.environ.update(
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(world),
            LOCAL_WORLD_SIZE=str(world),
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT=str(port),
        )
    if die:
        arrange_death(*die)
    sys.argv = [module, *flags]
    importlib.import_module(module).main()
    sys.exit(0)


def arrange_death(where: str, after: int, number: int) -> None:
    from accelerate import Accelerator

    from training.engine import Run

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
