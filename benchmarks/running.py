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
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "assets" / "weights" / "cternet-fi"
"""The model that is measured."""
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@contextmanager
def started(
    port: int, command: Sequence[str] = ("app.py",), settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, int]]:
    """The address and process id of the app, or of another server that Python starts."""
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1", "CTERNET_WEIGHTS": str(SHIPPED)}
    environment |= settings
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if process.poll() is not None:
                sys.exit("error: the app did not start; run python app.py to see why")
            try:
                httpx.get(url, timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.5)
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
