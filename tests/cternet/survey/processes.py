"""``python -m cternet.survey`` in processes of its own, which can be made to die at an instant.

The processes are forked from a server that has imported everything once, so each costs a second and not ten.
"""

import multiprocessing
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["cternet.survey.__main__", "tests.cternet.survey.processes"])


def run(flags: list[str], log: Path, *, world: int = 1, die: tuple[str, int, int] | None = None) -> list[int]:
    """Survey on ``world`` processes as ``torchrun`` starts them; returns exit codes (negative: the signal that ended one).

    Args:
        log: file that gets what the processes print.
        die: before what ("rename": a file takes its name; "photo": a row is kept), how many times it was done before, and
            the signal every process then sends itself.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [CONTEXT.Process(target=rank_main, args=(rank, world, port, flags, log, die)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"a process hung; it printed:\n{log.read_text()}")
    return [process.exitcode for process in processes]


def rank_main(rank: int, world: int, port: int, flags: list[str], log: Path, die: tuple[str, int, int] | None) -> NoReturn:
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    import torch

    from cternet.survey.__main__ import main

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a forkserver's children ignore it
    if world > 1:
        ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in ranks.items()} | {"MASTER_ADDR": "127.0.0.1"})
    arrange(die)
    sys.argv = ["survey", *flags]
    sys.exit(main())


def arrange(die: tuple[str, int, int] | None) -> None:
    """Small parts, and a death."""
    from cternet.survey import table

    table.PART_ROWS = 2
    if die is None:
        return
    where, left, number = die
    owner, name = {"rename": (Path, "replace"), "photo": (table.Parts, "add")}[where]
    original = getattr(owner, name)

    def dying(*arguments: object) -> object:
        nonlocal left
        left -= 1
        if left == -1:
            os.kill(os.getpid(), number)
        return original(*arguments)

    setattr(owner, name, dying)
