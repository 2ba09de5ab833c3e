"""What a stroke on the Intervene page costs, for one visitor and for many at once, beside running the network again.

    python -m benchmarks.intervene

The app runs in a process of its own; every visitor is a connection that speaks gradio's protocol: opens an example through
the queue, then sends strokes one after another to the page's server function, as the canvas does, each with another mask.
Server time is measured in this process, in the same handler without HTTP.  The baseline is what a page without kept evidence
would do for each stroke: preprocess the covered photo and run the network, in this process on the same threads.  Memory is the
growth of the app's resident memory while visitors come, divided by their number.
"""

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import numpy as np
import tyro

from app.intervene.page import IntervenePage
from app.page import Studio
from app.uploads import Upload
from app.workspace.examples import read_examples
from app.workspace.open_photo import OpenPhoto
from benchmarks.running import EXAMPLES, SHIPPED, json_of, resident, started
from cternet import Predictor
from cternet.compare import Networks
from cternet.occlusion import hide
from cternet.results.painting import encode


@dataclass
class Arguments:
    """What to measure."""

    visitors: tuple[int, ...] = (1, 8, 32)
    """At once."""
    strokes: int = 40
    """Of each visitor."""
    runs: int = 20
    """Of the baseline, and of the handler."""
    port: int = 7897
    """Of the app."""


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def masks(shape: tuple[int, int]) -> Iterator[np.ndarray]:
    """A brush that wanders over the cells."""
    rows, columns = np.indices(shape)
    step = 0
    while True:
        x, y = shape[1] * (0.5 + 0.4 * np.sin(0.31 * step)), shape[0] * (0.5 + 0.4 * np.cos(0.23 * step))
        yield np.round(255 * np.clip(2.5 - np.hypot(rows - y, columns - x), 0, 1)).astype(np.uint8)
        step += 1


def stroke(scene: str, label: str, mask: np.ndarray) -> dict[str, str]:
    """What the canvas sends."""
    return {
        "scene": scene,
        "mask": encode(mask),
        "mode": "ignore",
        "label": label,
        "kind": "affective",
        "threshold": "50",
        "allocation": "random",
        "level": "attention",
        "seed": "0",
    }


def in_process(runs: int) -> tuple[float, float]:
    """Median milliseconds of the handler, and of running the network again."""
    predictor = Predictor.from_pretrained(SHIPPED, device="cpu")
    page = IntervenePage(Studio(Networks(predictor, {}), read_examples(EXAMPLES[0].parent)))
    analysis = predictor.analyze(EXAMPLES[3])
    photo = OpenPhoto(analysis, f"example-{EXAMPLES[3].stem}", Upload(EXAMPLES[3], EXAMPLES[3].name))
    drawn = masks(analysis.s.shape)

    def handle() -> None:
        payload = stroke(photo.id, analysis.prediction, next(drawn))
        page.painted(page.asked(payload, photo), photo)

    def rerun() -> None:
        predictor.analyze(hide(analysis.seen, next(drawn), "mean"))

    for work in (handle, rerun):
        work()
    pairs = [(milliseconds(handle), milliseconds(rerun)) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


class Visitor:
    """One browser's worth of connection: opens a photo, then paints."""

    def __init__(self, url: str, config: dict, number: int) -> None:
        self.url, self.session = f"{url}/gradio_api", uuid.uuid4().hex[:11]
        self.http = httpx.Client(timeout=120)
        components = {c["props"]["elem_id"]: c["id"] for c in config["components"] if c["props"].get("elem_id")}
        self.canvas, gallery = components["whatif-canvas"], components["examples"]
        self.select = next(d for d in config["dependencies"] if [gallery, "select"] in map(list, d["targets"]))["id"]
        shown = next(d for d in config["dependencies"] if self.canvas in d["outputs"])
        self.show, self.place = shown["id"], shown["outputs"].index(self.canvas)
        self.photo = number % len(EXAMPLES)

    def open(self) -> None:
        """Choose an example and wait for its scene."""
        self.call(self.select, {"index": self.photo, "value": None})
        self.scene = self.call(self.show)[self.place]
        self.masks = masks((self.scene["rows"], self.scene["columns"]))

    def call(self, function: int, event: dict | None = None) -> list:
        """What a handler of the page answers, through the queue."""
        body = {"data": [], "fn_index": function, "session_hash": self.session, "event_data": event}
        self.http.post(f"{self.url}/queue/join", json=body).raise_for_status()
        with self.http.stream("GET", f"{self.url}/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                message = json_of(line)
                if message.get("msg") == "process_completed":
                    return message["output"]["data"]
        raise RuntimeError("the app ended the connection")

    def paint(self) -> float:
        """Milliseconds until a stroke is answered."""
        payload = stroke(self.scene["id"], self.scene["view"]["label"], next(self.masks))
        body = {"session_hash": self.session, "component_id": self.canvas, "fn_name": "paint", "data": payload}

        def send() -> None:
            answer = self.http.post(f"{self.url}/component_server/", json=body).raise_for_status().json()
            if "views" not in answer:
                raise RuntimeError(answer)

        return milliseconds(send)


def together(visitors: list[Visitor], strokes: int) -> tuple[list[float], float]:
    """Milliseconds of every stroke, and seconds for all of them, everyone painting at once."""
    times: list[float] = []

    def work(visitor: Visitor) -> None:
        times.extend([visitor.paint() for _ in range(strokes)])

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in visitors]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, time.perf_counter() - start


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    handler, rerun = in_process(arguments.runs)
    print(
        f"in process: handler {handler:.2f} ms a stroke, baseline (covering the photo and running the network again) "
        f"{rerun:.1f} ms, {rerun / handler:.0f}x"
    )
    with started(arguments.port) as (url, pid):
        config = httpx.get(f"{url}/config", timeout=60).json()
        first = Visitor(url, config, 0)
        first.open()
        first.paint()
        present, before = 1, resident(pid)
        for count in arguments.visitors:
            visitors = [Visitor(url, config, number) for number in range(count)]
            for visitor in visitors:
                visitor.open()
                visitor.paint()
            present += count
            times, seconds = together(visitors, arguments.strokes)
            rate = len(times) / seconds
            print(
                f"{count} at once over HTTP: {rate:.0f} strokes/s together, median {statistics.median(times):.1f} ms, "
                f"95th percentile {np.percentile(times, 95):.1f} ms; baseline could serve {1000 / rerun:.1f}/s, "
                f"{rate * rerun / 1000:.1f}x"
            )
        print(
            f"memory: {(resident(pid) - before) / max(1, present - 1) / 2**20:.2f} MiB a visitor, over {present - 1} visitors"
        )


if __name__ == "__main__":
    main()
