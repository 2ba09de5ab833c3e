"""How many visitors the app serves at once, and whether each gets their own answer.

    python -m benchmarks.load

Visitors come at once, and each sends photos of its own, one after the other, through the endpoint ``analyze``: an upload, a
call, and the answer read from the event stream, as Gradio's clients do.  Every photo is an example with its colours changed, so
that its answer is told from every other one's; an answer that is not the library's for that photo is counted as wrong.
Numbers are asked for, without maps, for the plain server has none.

The baseline is the same model behind a plain ``gr.Interface`` in a process of its own, under the same visitors; ``alone`` is
the app with one photo in each pass of the network.  The client runs on the same cores as the server.
"""

import asyncio
import statistics
import time
import uuid
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import tyro
from PIL import Image, ImageEnhance

from benchmarks.running import EXAMPLES, SHIPPED, json_of, peak, started
from cternet import Predictor


@dataclass
class Arguments:
    """What to measure."""

    visitors: tuple[int, ...] = (1, 8, 32)
    """At once."""
    seconds: float = 30.0
    """Each of them sends photos for this long."""
    photos: int = 48
    """Different ones."""
    rounds: int = 2
    """Of all servers in turn; what is printed is over all rounds."""
    port: int = 7896
    """Of the servers, which run one after the other."""


@dataclass(frozen=True)
class Sent:
    """A photo, and what the library says of it.  jpeg: its file.  y: the logits Y, by emotion."""

    jpeg: bytes
    y: dict[str, float]

    def is_answer(self, answer: Any) -> bool:
        """Whether the answer is this photo's: in a pass with others, float32 sums end a little otherwise."""
        found = answer.get("Y(S)", {}) if isinstance(answer, dict) else {}
        return found.keys() == self.y.keys() and all(abs(found[name] - self.y[name]) < 2e-3 for name in self.y)


def photos(count: int) -> list[Sent]:
    """Photos whose answers differ by more than float32 can."""
    predictor, found = Predictor.from_pretrained(SHIPPED), []
    for number in range(count):
        image = Image.open(EXAMPLES[number % len(EXAMPLES)]).convert("RGB")
        step = number // len(EXAMPLES)
        image = ImageEnhance.Color(ImageEnhance.Brightness(image).enhance(1 - 0.06 * step)).enhance(1 - 0.1 * step)
        file = BytesIO()
        image.save(file, "JPEG", quality=90)
        jpeg = file.getvalue()
        found.append(Sent(jpeg, predictor.analyze(Image.open(BytesIO(jpeg))).numbers()["Y(S)"]))
    answers = np.array([list(sent.y.values()) for sent in found])
    apart = np.abs(answers[:, None] - answers[None]).max(-1) + np.eye(count)
    assert apart.min() > 4e-3, "two photos have the same answer"
    return found


@dataclass
class Tally:
    """What became of the calls.  waits: seconds of those that were answered.  wrong: how many got another answer."""

    waits: list[float] = field(default_factory=list)
    wrong: int = 0
    failed: int = 0


async def call(http: httpx.AsyncClient, url: str, fn_index: int, sent: Sent, defaults: list[Any]) -> Any:
    """One photo through the endpoint; what it answers."""
    session = uuid.uuid4().hex[:11]
    uploaded = await http.post(f"{url}/gradio_api/upload", files={"files": ("photo.jpg", sent.jpeg)})
    photo = {"path": uploaded.raise_for_status().json()[0], "meta": {"_type": "gradio.FileData"}}
    body = {"data": [photo, *defaults], "fn_index": fn_index, "session_hash": session}
    (await http.post(f"{url}/gradio_api/queue/join", json=body)).raise_for_status()
    async with http.stream("GET", f"{url}/gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            message = json_of(line)
            if message.get("msg") == "process_completed":
                return message["output"]["data"][0] if message["success"] else None
    return None


async def visit(number: int, visitors: int, url: str, sent: list[Sent], until: float, tally: Tally) -> None:
    limits = httpx.Timeout(300)
    async with httpx.AsyncClient(timeout=limits) as http:
        config = (await http.get(f"{url}/config")).json()
        dependency = next(one for one in config["dependencies"] if one["api_name"] == "analyze")
        known = {one["id"]: one["props"] for one in config["components"]}
        there = [known[number] for number in dependency["inputs"][1:]]
        defaults = [False if isinstance(one.get("value"), bool) else one.get("value") for one in there]  # no maps, no figure
        turn = number
        while time.perf_counter() < until:
            photo, start = sent[turn % len(sent)], time.perf_counter()
            turn += visitors
            try:
                answer = await call(http, url, dependency["id"], photo, defaults)
            except (httpx.HTTPError, KeyError, ValueError):
                answer = None
            if answer is None:
                tally.failed += 1
            elif not photo.is_answer(answer):
                tally.wrong += 1
            else:
                tally.waits.append(time.perf_counter() - start)


async def visits(visitors: int, url: str, sent: list[Sent], seconds: float, tally: Tally) -> float:
    """All visitors at once; how many seconds until the last had its answer."""
    start = time.perf_counter()
    await asyncio.gather(*(visit(one, visitors, url, sent, start + seconds, tally) for one in range(visitors)))
    return time.perf_counter() - start


SERVERS: dict[str, tuple[list[str], dict[str, str]]] = {
    "plain": (["-m", "benchmarks.plain"], {}),
    "alone": (["app.py"], {"CTERNET_BATCH": "1"}),
    "app": (["app.py"], {}),
}
"""What is run, and with which settings; the first is the baseline."""


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    sent = photos(arguments.photos)
    tallies = {(name, count): Tally() for name in SERVERS for count in arguments.visitors}
    spent = dict.fromkeys(tallies, 0.0)
    peaks = dict.fromkeys(SERVERS, 0)
    for _ in range(arguments.rounds):
        for name, (command, settings) in SERVERS.items():
            with started(arguments.port, command, settings) as (url, pid):
                asyncio.run(visits(2, url, sent, 3, Tally()))  # the first passes of a network are slower
                for count in arguments.visitors:
                    spent[name, count] += asyncio.run(visits(count, url, sent, arguments.seconds, tallies[name, count]))
                peaks[name] = max(peaks[name], peak(pid))
    print("server  visitors  answers/s  ratio  median s  95 % s  wrong  failed  peak MiB")
    for (name, count), tally in tallies.items():
        rate = len(tally.waits) / spent[name, count]
        plain = len(tallies["plain", count].waits) / spent["plain", count]
        median, late = (
            statistics.median(tally.waits),
            statistics.quantiles(tally.waits, n=20)[-1],
        )
        print(
            f"{name:6}  {count:8}  {rate:9.2f}  {rate / plain:5.2f}  {median:8.2f}  {late:6.2f}  {tally.wrong:5}  "
            f"{tally.failed:6}  {peaks[name] / 2**20:8.0f}"
        )


if __name__ == "__main__":
    main()
