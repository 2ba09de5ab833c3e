"""Whether the app bears a crowd with a few who mean harm: mixed traffic, one call in ten hostile.

    python -m benchmarks.traffic

Eight clients at once, each a random mixture of programs, which send a photo through the endpoint ``analyze``; visitors, who
hold a page's connection, upload a photo, look at it in another way, open an example, compare, and leave; and the hostile:
damaged files, junk bodies, paths of the machine, and connections cut in the middle.

Counted are answers that are not the library's for the photo sent, good calls that fail, tracebacks in answers and in the log,
and bare server errors.  The baseline of memory is what is resident after the warm-up; every later minute is divided by it.
"""

import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import tyro

from benchmarks.load import Sent, photos
from benchmarks.memory import Session
from benchmarks.running import EXAMPLES, resident, started

JUNK = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"data": null}',
    b"{" * 5000,
    b"[" * 100_000,
    b'{"data": [1e999]}',
    b"\xff\xfe\x00",
    b'"\\ud800"',
    b'{"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]}',
    b'{"data": [], "fn_index": 999999}',
    b'{"session_hash": "' + b"x" * 5_000_000 + b'"}',
)
ROUTES = (
    "queue/join",
    "call/analyze",
    "call/compare",
    "run/analyze",
    "api/intervene",
    "component_server",
    "upload",
    "cancel",
    "mcp/",
)


@dataclass
class Arguments:
    """What to measure."""

    minutes: float = 10.0
    """After the warm-up."""
    warm_up: float = 5.0
    """Minutes until the baseline is taken: the stores of the last photos, 256 and 64 on Compare, are full by then."""
    clients: int = 8
    """At once."""
    port: int = 7895
    """Of the app."""


@dataclass
class Tally:
    """What happened, and what should not have."""

    done: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def look(self, answer: httpx.Response) -> None:
        """At what a hostile request is answered."""
        if "Traceback" in answer.text:
            self.troubles["traceback in an answer"] += 1
        if answer.status_code >= 500 and "detail" not in answer.text and "error" not in answer.text:
            self.troubles["bare server error"] += 1


def program(session: Session, sent: Sent, tally: Tally) -> None:
    start = time.perf_counter()
    answer = session.answer("analyze", [session.upload_bytes("photo.jpg", sent.jpeg)])
    if answer is None:
        tally.troubles["a program was not served"] += 1
    elif not sent.is_answer(answer["data"][0]):
        tally.troubles["a wrong answer"] += 1
    else:
        tally.waits.append(time.perf_counter() - start)


def visitor(session: Session, sent: Sent, tally: Tally) -> None:
    with httpx.stream("GET", f"{session.url}/heartbeat/{session.name}", timeout=120) as page:
        alive = page.iter_lines()  # held: the connection ends with it
        next(alive)
        photo = session.upload_bytes("photo.jpg", sent.jpeg)
        steps = [("choose", [photo], None), ("redraw", [], None), ("example", [], {"index": random.randrange(len(EXAMPLES))})]
        if random.random() < 0.2:
            steps += [("enter_2", [], None), ("quiet_2", [], None)]
        for name, data, event in steps:
            if session.answer(name, data, event and event | {"value": None}) is None:
                tally.troubles[f"a visitor's {name} failed"] += 1


def hostile(session: Session, sent: Sent, tally: Tally) -> None:
    kind = random.choice(("file", "junk", "junk", "route", "cut"))
    if kind == "file":
        data = bytearray(sent.jpeg[: random.randrange(len(sent.jpeg))])
        for _ in range(random.randrange(50)):
            data[random.randrange(len(data))] = random.randrange(256) if data else 0
        with suppress(ValueError, IndexError):
            session.answer("analyze", [session.upload_bytes("x.jpg", bytes(data))])
    elif kind == "junk":
        about = {"content-type": random.choice(("application/json", "multipart/form-data; boundary=x", "text/plain"))}
        url = f"{session.url}/{random.choice(ROUTES)}"
        tally.look(session.http.post(url, content=random.choice(JUNK), headers=about))
    elif kind == "route":
        path = random.choice(("file=/etc/passwd", "file=../../app.py", "x" * 3000, "%00", "queue/data?session_hash=%ud800"))
        tally.look(session.http.get(f"{session.url}/{path}", timeout=2))
    else:  # the answer is not waited for
        session.join("analyze", [session.upload_bytes("photo.jpg", sent.jpeg)])


KINDS = {"program": (program, 0.5), "visitor": (visitor, 0.4), "hostile": (hostile, 0.1)}


def client(url: str, config: dict[str, Any], sent: list[Sent], over: threading.Event, tally: Tally) -> None:
    while not over.is_set():
        (kind,) = random.choices(list(KINDS), [share for _, share in KINDS.values()])
        session = Session(url, config)
        try:
            KINDS[kind][0](session, random.choice(sent), tally)
        except (httpx.ReadTimeout, httpx.RemoteProtocolError) as error:
            if kind != "hostile":
                tally.troubles[f"{kind}: {type(error).__name__}"] += 1
        finally:
            session.http.close()
        tally.done[kind] += 1


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    sent, over, tally = photos(24), threading.Event(), Tally()
    with tempfile.NamedTemporaryFile("w+", prefix="cternet-log-") as log:
        with started(arguments.port, errors=log) as (url, pid):
            config = httpx.get(f"{url}/config", timeout=60).json()
            about = (url, config, sent, over, tally)
            clients = [threading.Thread(target=client, args=about) for _ in range(arguments.clients)]
            for one in clients:
                one.start()
            time.sleep(60 * arguments.warm_up)
            baseline = resident(pid)
            print(f"baseline after {arguments.warm_up:g} minutes: {baseline / 2**20:.0f} MiB, {dict(tally.done)}", flush=True)
            for minute in range(1, round(arguments.minutes) + 1):
                time.sleep(60)
                print(f"minute {minute}: {resident(pid) / baseline:.3f}x the baseline, {dict(tally.done)}", flush=True)
            over.set()
            for one in clients:
                one.join(180)
            alive = httpx.get(f"{url}/healthz", timeout=10).text
        said = Path(log.name).read_text()
    print(f"alive: {alive}; tracebacks in the log: {said.count('Traceback')}; lines of it: {len(said.splitlines())}")
    late = statistics.quantiles(tally.waits, n=20)[-1]
    print(f"programs waited {statistics.median(tally.waits):.2f} s, 95 % at most {late:.2f} s")
    print(f"what should not have happened: {dict(tally.troubles) or 'nothing'}")


if __name__ == "__main__":
    main()
