"""A command in processes of its own, as ``torchrun`` starts them, which can be made to die at an instant.

The processes are forked from a server that has imported everything once, so each costs a second and not ten.
"""

import importlib
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["training.train", "training.ablate", "cternet.survey.__main__", "tests.processes"])


def run(module: str, flags: list[str], log: Path, *, world: int = 1, before: Callable[[], None] | None = None) -> list[int]:
    """Run ``python -m module`` with these flags on ``world`` processes; returns their exit codes (negative: the signal).

    Args:
        log: file that gets what the processes print.
        before: done in every process before the command; can be pickled.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [
        CONTEXT.Process(target=rank_main, args=(rank, world, port, module, flags, log, before)) for rank in range(world)
    ]
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
    rank: int, world: int, port: int, module: str, flags: list[str], log: Path, before: Callable[[], None] | None
) -> NoReturn:
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a forkserver's children ignore it
    if world > 1:
        ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in ranks.items()} | {"MASTER_ADDR": "127.0.0.1"})
    if before is not None:
        before()
    sys.argv = [module, *flags]
    sys.exit(importlib.import_module(module).main())
