"""How long the app takes from a cold start to its first page and to its first answer, and what each second is spent on.

    python -m benchmarks.startup

Every start is a new process with every shipped model, on files that the system has read before.  The first page is its HTML
and its config; the first answer is that of the endpoint ``analyze`` on an uploaded example.  The baseline is ``import torch,
gradio`` in an empty process, which no app built on them gets below; starts and baselines alternate.  Seconds are those of the
fastest run, with the median in brackets, and beside them those that processors worked, which neighbours on a busy machine
lengthen less.  What the seconds are spent on is told by the fastest of as many further starts, from within
(``benchmarks.startup_parts``).
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import tyro

from benchmarks.memory import Session
from benchmarks.running import EXAMPLES, ROOT, started, worked

BASELINE = "import torch, gradio"


@dataclass
class Arguments:
    """What to measure."""

    runs: int = 5
    """Starts, and as many baselines."""
    parts: bool = True
    """Also measure what the seconds are spent on."""
    port: int = 7896
    """Of the app."""


@dataclass(frozen=True)
class Moment:
    """Seconds that passed, and those that processors worked."""

    passed: float
    worked: float


def children_worked() -> float:
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def baseline() -> Moment:
    before, start = children_worked(), time.perf_counter()
    left_at_once = f"{BASELINE}; import os; os._exit(0)"  # a server does not take itself down either
    subprocess.run([sys.executable, "-c", left_at_once], cwd=ROOT, check=True)
    return Moment(time.perf_counter() - start, children_worked() - before)


def start_once(port: int) -> dict[str, Moment]:
    """One start, by what it had come to."""
    start, found = time.perf_counter(), {}
    with started(port, settings={"CTERNET_WEIGHTS": ""}, path="/healthz", every=0.02) as (url, pid):

        def reached(name: str) -> None:
            found[name] = Moment(time.perf_counter() - start, worked(pid))

        reached("/healthz")
        httpx.get(url, timeout=60).raise_for_status()
        config = httpx.get(f"{url}/config", timeout=60).json()
        reached("first page")
        session = Session(url, config)
        if not session.call("analyze", [session.upload(EXAMPLES[0])]):
            raise RuntimeError("the first answer failed")
        reached("first answer")
    return found


def parts_once(port: int) -> dict[str, Moment]:
    """What one start spent its seconds on."""
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "benchmarks.startup_parts"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return {name: Moment(*spent) for name, spent in json.loads(done.stdout.splitlines()[-1]).items()}


def total(parts: dict[str, Moment]) -> Moment:
    return Moment(sum(one.passed for one in parts.values()), sum(one.worked for one in parts.values()))


def line(name: str, moments: Sequence[Moment], floor: Sequence[Moment]) -> str:
    """Of one thing that was waited for."""

    def of(kind: str) -> str:
        values = [getattr(moment, kind) for moment in moments]
        ratio = min(values) / min(getattr(moment, kind) for moment in floor)
        return f"{min(values):6.2f} s ({statistics.median(values):.2f}), {ratio:.2f}x"

    return f"{name:24} {of('passed')}   processors {of('worked')}"


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    floor, starts = [], []
    for _ in range(arguments.runs):
        floor.append(baseline())
        starts.append(start_once(arguments.port))
    print(line(BASELINE, floor, floor))
    for name in starts[0]:
        print(line(name, [found[name] for found in starts], floor))
    if arguments.parts:
        parts = min((parts_once(arguments.port) for _ in range(arguments.runs)), key=lambda found: total(found).passed)
        print("\nspent until the server is up:")
        entries = sorted(parts.items(), key=lambda entry: -entry[1].worked)
        for name, spent in [("all", total(parts)), *entries]:
            print(f"{name:40} {spent.passed:6.2f} s   processors {spent.worked:6.2f} s")


if __name__ == "__main__":
    main()
