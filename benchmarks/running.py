"""The app in a process of its own, for benchmarks that measure it from outside."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "assets" / "weights" / "cternet-fi"
"""The model that is measured."""
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@contextmanager
def started(
    port: int,
    command: Sequence[str] = ("app.py",),
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    path: str = "",
    every: float = 0.5,
    errors: IO[str] | None = None,
) -> Iterator[tuple[str, int]]:
    """The address and process id of the app, or of another server that Python starts, once it answers.

    Args:
        settings: environment variables; the shipped CTERNet is its model unless they say otherwise.
        path: what is asked for until it answers.
        every: seconds between two attempts.
        errors: where it writes its log; by default where this process does.
    """
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1", "CTERNET_WEIGHTS": str(SHIPPED)}
    environment |= settings
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 120
    try:
        with httpx.Client(timeout=2) as http:  # one: to make a client takes longer than to ask
            while time.monotonic() < end:
                if process.poll() is not None:
                    sys.exit("error: the app did not start; run python app.py to see why")
                try:
                    http.get(f"{url}{path}")
                    break
                except httpx.HTTPError:
                    time.sleep(every)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def json_of(line: str) -> dict[str, Any]:
    """What a line of an event stream says; nothing if it says nothing."""
    return json.loads(line[5:]) if line.startswith("data:") else {}


def resident(pid: int) -> int:
    """Bytes a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def peak(pid: int) -> int:
    """Bytes a process has held in memory at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def worked(pid: int) -> float:
    """Seconds that processors have worked for a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
