"""Whether the app's memory stays flat: resident memory while programs call it and visitors come and go.

    python -m benchmarks.memory

The app runs in a process of its own.  A program's call is a session of its own that analyses a photo through the endpoint;
every other one is refused, for it sends no photo.  A visitor holds the connection that a page holds, uploads a photo and
analyses it, looks at it in another way, opens an example on another page, and leaves.  The baseline is the resident memory
after a warm-up that fills every store which is bounded by number; what is printed later is divided by it.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import tyro

from benchmarks.running import EXAMPLES, json_of, resident, started


@dataclass
class Arguments:
    """What to measure."""

    calls: int = 1000
    """Of programs."""
    visitors: int = 200
    """Of the pages, one after the other."""
    warm_up: int = 100
    """Calls, and half as many visitors, before the baseline is taken."""
    port: int = 7898
    """Of the app."""


class Session:
    """A session with the app; a visitor's if it holds the page's connection."""

    def __init__(self, url: str, config: dict[str, Any]) -> None:
        self.url, self.config, self.name = f"{url}/gradio_api", config, uuid.uuid4().hex[:11]
        self.http = httpx.Client(timeout=120)

    def call(self, name: str, data: list[Any], event_data: Any = None) -> bool:
        """Call a handler and read its answer to the end; whether it succeeded."""
        return self.answer(name, data, event_data) is not None

    def join(self, name: str, data: list[Any], event_data: Any = None) -> None:
        """Call a handler; its answer is left there."""
        dependency = next(d for d in self.config["dependencies"] if d["api_name"] == name)
        defaults = [self.default(number) for number in dependency["inputs"]]
        body = {
            "data": [*data, *defaults[len(data) :]],
            "fn_index": dependency["id"],
            "session_hash": self.name,
            "event_data": event_data,
        }
        self.http.post(f"{self.url}/queue/join", json=body).raise_for_status()

    def answer(self, name: str, data: list[Any], event_data: Any = None) -> dict[str, Any] | None:
        """What a handler gives last; None if it failed."""
        self.join(name, data, event_data)
        found = None
        with self.http.stream("GET", f"{self.url}/queue/data", params={"session_hash": self.name}) as stream:
            for message in map(json_of, stream.iter_lines()):
                if message.get("msg") == "process_completed":
                    found = message["output"] if message["success"] else None
        return found

    def default(self, number: int) -> Any:
        return next(c for c in self.config["components"] if c["id"] == number)["props"].get("value")

    def upload(self, path: Path) -> dict[str, Any]:
        return self.upload_bytes(path.name, path.read_bytes())

    def upload_bytes(self, name: str, data: bytes) -> dict[str, Any]:
        (found,) = self.http.post(f"{self.url}/upload", files={"files": (name, data)}).json()
        return {"path": found, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def program(url: str, config: dict[str, Any], number: int) -> None:
    session = Session(url, config)
    photo = session.upload(EXAMPLES[number % len(EXAMPLES)]) if number % 2 else {"path": "/etc/hostname"}
    if session.call("analyze", [photo]) != bool(number % 2):
        raise RuntimeError("a call of a program went the other way")


def visitor(url: str, config: dict[str, Any], number: int) -> None:
    session = Session(url, config)
    with httpx.stream("GET", f"{session.url}/heartbeat/{session.name}", timeout=120) as page:
        alive = page.iter_lines()  # held: the connection ends with it
        next(alive)
        done = [
            session.call("analyze_1", [session.upload(EXAMPLES[number % len(EXAMPLES)])]),
            session.call("example_1", [], {"index": number % len(EXAMPLES), "value": None}),
            session.call("handler", []),
        ]
    if not all(done):
        raise RuntimeError("a visitor was not served")


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    with started(arguments.port) as (url, pid):
        config = httpx.get(f"{url}/config", timeout=60).json()
        for number in range(arguments.warm_up):
            program(url, config, number)
            if number % 2:
                visitor(url, config, number)
        baseline = resident(pid)
        print(f"baseline, after {arguments.warm_up} calls and {arguments.warm_up // 2} visitors: {baseline / 2**20:.0f} MiB")
        for words, work, count in (("calls", program, arguments.calls), ("visitors", visitor, arguments.visitors)):
            for number in range(count):
                work(url, config, number)
                if (number + 1) % max(1, count // 4) == 0:
                    now = resident(pid)
                    print(f"{number + 1} {words}: {now / 2**20:.0f} MiB, {now / baseline:.3f}x the baseline", flush=True)


if __name__ == "__main__":
    main()
