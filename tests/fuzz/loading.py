"""The loader in a process of its own: a decoder that crashes, hangs or takes all memory ends that process and no test."""

import io
import multiprocessing
import resource
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")
NAME = "holiday photo"
PATIENCE = 60.0
"""Seconds after which the process counts as hung."""
MEGABYTES = 6 * 1024
"""Memory that the process may map: a photo of 50 megapixels takes less than one gigabyte beside the libraries."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        size: of the picture, of three colours and complete; None where there is none.
        said: the refusal, or what went wrong.
        kind: "answered", "refused", or how the loader failed.
        seconds: of the process's own work (CPU), which a busy machine does not lengthen.
        megabytes: the most memory the process has had so far.
    """

    kind: str
    said: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def peak() -> float:
    """Megabytes that this process has had at most; ``getrusage`` counts those of the process it was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def serve(pipe: Connection) -> None:
    """Load what comes until there is no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20, MEGABYTES * 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from cternet import ImageError, load_image

    while (data := pipe.recv()) is not None:
        start = time.process_time()
        kind, said = "answered", ""
        try:
            photo = load_image(io.BytesIO(data), name=NAME)
            if photo.mode != "RGB" or len(photo.tobytes()) != 3 * photo.width * photo.height:
                kind, said = "no picture", f"{photo.mode} {photo.size}"
        except ImageError as error:
            kind, said = "refused", str(error)
        except BaseException as error:
            kind, said = "failed", repr(error)
        seconds = time.process_time() - start
        pipe.send(Outcome(kind, said, seconds, peak()))


class Loader:
    """Asks the process, and starts another where it is gone."""

    def __init__(self) -> None:
        self.process: Any = None
        self.pipe: Any = None

    def load(self, data: bytes) -> Outcome:
        if self.process is None or not self.process.is_alive():
            self.pipe, theirs = CONTEXT.Pipe()
            self.process = CONTEXT.Process(target=serve, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
        self.pipe.send(data)
        try:
            if self.pipe.poll(PATIENCE):
                return self.pipe.recv()
            self.process.kill()
            self.process.join()
            return Outcome("hung", f"after {PATIENCE:.0f} s")
        except EOFError:
            self.process.join()
            return Outcome("crashed", f"with exit code {self.process.exitcode}")

    def close(self) -> None:
        if self.process is not None and self.process.is_alive():
            self.process.kill()
            self.process.join()
