"""Many photos to a table and a report: each is looked at once, its row and pictures are written, and nothing of it is kept."""

import heapq
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image
from torch import nn

from cternet.compare import DEFAULT, METHODS, Comparison, Networks, Scene, Stopped, compare, measure
from cternet.compare.errors import never
from cternet.compare.pictures import STYLES, Style, offered
from cternet.disk import writing
from cternet.photos.load import ImageError, load_image
from cternet.show.export import replacing
from cternet.survey.errors import SurveyError
from cternet.survey.pictures import write_pictures
from cternet.survey.report import Summary, finish
from cternet.survey.sources import COMMAND, Entry, Limits, Refused, Source, open_source
from cternet.survey.table import Done, Parts, Row, key, row_of, schema

BATCH_PIXELS = 100_000_000
"""Pixels of decoded photos a batch holds at most, whatever its size: 300 MB."""


@dataclass(frozen=True)
class Options:
    """How photos are surveyed."""

    methods: tuple[str, ...] = DEFAULT
    """Whose maps are made, by name."""
    metrics: bool = False
    """Measure every map, beside a random one: deletion, insertion, ROAD; seconds a photo and method on a CPU."""
    quick: bool = False
    """Measure with compiled networks, in bfloat16 where the device has it: twice as fast; the third digit differs."""
    sample: int | None = None
    """Take so many photos, drawn at random, instead of all."""
    seed: int = 0
    """Of the sample."""
    shown: int = 10_000
    """Photos the page shows, the first ones; the table has all."""
    thumbnail: int = 160
    """Longer side of a small picture, in pixels."""
    panel: int = 256
    """Longer side of a large picture, in pixels."""
    style: Style = "grey"
    """Maps alone, in grey, or in colours over the photo."""
    maps: bool = False
    """Also keep the maps themselves, one NPZ a part."""
    batch_size: int = 16
    """Photos a forward."""
    workers: int = 2
    """Threads that decode photos."""

    def __post_init__(self) -> None:
        least = {"sample": 1, "shown": 0, "thumbnail": 16, "panel": 16, "batch_size": 1, "workers": 1}
        for name, smallest in least.items():
            if getattr(self, name) is not None and getattr(self, name) < smallest:
                raise ValueError(f"{name.replace('_', '-')} must be at least {smallest}, not {getattr(self, name)}")
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown or not self.methods:
            raise ValueError(f"no method is called {', '.join(unknown) or 'nothing'}; choose from {', '.join(METHODS)}")
        offered(self.style, STYLES, "style")


DEFAULTS = Options()
FREE_TO_CHANGE = {"batch_size", "workers"}
"""Options that do not change what a survey finds."""


@dataclass(frozen=True)
class Progress:
    """A photo is done.

    Attributes:
        done: photos so far, of this process, skipped ones included.
        total: of this process.
        row: the photo's, as in the table; with ``skipped``, the reason, where it was left out.
    """

    done: int
    total: int
    row: Row


@dataclass(frozen=True)
class Share:
    """Which photos a process takes: photo i where i % world = rank."""

    rank: int = 0
    world: int = 1


ALONE = Share()


def survey(
    source: str | Path,
    out: str | Path,
    networks: Networks,
    options: Options = DEFAULTS,
    *,
    limits: Limits = COMMAND,
    progress: Callable[[int, int, Row], None] | None = None,
    stop: Callable[[], bool] = never,
) -> Summary:
    """Survey a folder or a zip in this process, or go on where a survey into the same folder was left.

    Args:
        source: the folder or zip.
        out: the report's folder; made if missing.
        limits: how much of a zip is read.
        progress: called after every photo with photos done, photos in all, and the photo's row; see ``Progress``.
        stop: asked before every photo, and while it is measured; what was done until then is in the report.

    Raises:
        SurveyError: no such source, or ``out`` holds something else.
        WriteError: ``out`` cannot be written to; what was done until then is in the report.
    """

    def tell(step: Progress) -> None:
        if progress is not None:
            progress(step.done, step.total, step.row)

    return drained(surveying(source, out, networks, options, limits=limits, stop=stop), tell)


def surveying(
    source: str | Path,
    out: str | Path,
    networks: Networks,
    options: Options = DEFAULTS,
    *,
    limits: Limits = COMMAND,
    stop: Callable[[], bool] = never,
) -> Generator[Progress, None, Summary]:
    """``survey`` as a generator, which may be closed between two photos; the report is valid for what was done."""
    source, out = Path(source), Path(out)
    begin(source, out, networks, options, limits=limits)
    complete = False
    with writing(out):
        try:
            complete = yield from fill(source, out, networks, options, limits=limits, stop=stop)
        finally:
            summary = finish(out, complete=complete)
    return summary


Result = TypeVar("Result")


def drained(steps: Generator[Progress, None, Result], tell: Callable[[Progress], None]) -> Result:
    """Run a generator to its end, telling every step; returns what it returns."""
    while True:
        try:
            tell(next(steps))
        except StopIteration as end:
            return end.value


def begin(source: Path, out: Path, networks: Networks, options: Options, *, limits: Limits = COMMAND) -> None:
    """Make the report's folder, or make sure that it was begun with the same settings.

    Raises:
        SurveyError: see its message.
        WriteError: the folder cannot be written to.
    """
    open_source(source, limits=limits).close()  # before anything is made for nothing
    now = settings(source, networks, options)
    path = out / "settings.json"
    if path.exists():
        try:
            before = json.loads(path.read_text())
        except ValueError:
            raise SurveyError(f"{path} is damaged, so nobody knows how this report was made; choose another --out") from None
        changed = [name for name in now if name != "options" and now[name] != before.get(name)]
        changed += [name for name, value in now["options"].items() if value != before.get("options", {}).get(name)]
        if changed:
            raise SurveyError(
                f"{out} was begun with other settings ({', '.join(changed)}); go on with the same, or choose another --out"
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SurveyError(f"{out} holds something that is no report; choose another --out")
    with writing(out):
        for folder in ("parts", "pictures", *(["maps"] if options.maps else [])):
            (out / folder).mkdir(parents=True, exist_ok=True)
        for left in out.glob("*/.*.new"):  # by a process that was killed
            left.unlink()
        with replacing(path) as file:
            file.write(json.dumps(now, indent=2).encode())
        if not (out / "index.html").exists():
            finish(out, complete=False)  # so that there is a page to open from now on


def settings(source: Path, networks: Networks, options: Options) -> dict[str, Any]:
    """What a report is made with, without paths of the machine, as JSON values."""
    kept = {name: value for name, value in asdict(options).items() if name not in FREE_TO_CHANGE}
    models = dict(networks.classifiers) | ({"ras": networks.ras} if networks.ras is not None else {})
    return {
        "source": source.resolve().name,
        "source_id": blake2b(str(source.resolve()).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest(),
        "model": networks.predictor.name,
        "labels": list(networks.classes),
        "weights": {name: fingerprint(model) for name, model in models.items()},
        "options": json.loads(json.dumps(kept)),
    }


def fingerprint(network: nn.Module) -> str:
    """Tells whether two networks have the same weights."""
    found = blake2b(digest_size=8)
    for name, tensor in network.state_dict().items():
        found.update(name.encode())
        found.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def fill(
    source: Path,
    out: Path,
    networks: Networks,
    options: Options,
    *,
    limits: Limits = COMMAND,
    share: Share = ALONE,
    stop: Callable[[], bool] = never,
) -> Generator[Progress, None, bool]:
    """Write the parts of a report that was begun, for the photos of this process that are in none; returns whether all are."""
    found = open_source(source, limits=limits, without=out)
    parts = Parts(out, schema(networks.classes, options.methods, metrics=options.metrics))
    try:
        listing, ready = sampled(found, options), Done(out)

        def mine() -> Iterator[tuple[int, Entry]]:
            return islice(enumerate(listing()), share.rank, None, share.world)

        total = done = 0
        for _, entry in mine():
            total += 1
            done += entry.name in ready
        missing = ((place, entry) for place, entry in mine() if entry.name not in ready)
        for batch in batches(opened(found, missing, options.workers), options.batch_size):
            before = done
            for row, maps in looked_at(batch, out, networks, options, stop):
                done += 1
                parts.add(row, maps)
                yield Progress(done, total, row)
            if done - before < len(batch):
                return False
        return True
    finally:
        parts.flush()
        found.close()


def sampled(source: Source, options: Options) -> Callable[[], Iterable[Entry]]:
    """The entries to take, listed anew at every call.

    A sample is those whose names hash lowest with the seed: the same whatever the order, and one of 200 holds that of 100.
    """
    if options.sample is None:
        return lambda: source

    def draw(entry: Entry) -> str:
        return key(f"{options.seed}/{entry.name}")

    lowest = heapq.nsmallest(options.sample, (draw(entry) for entry in source if not entry.reason))
    return lambda: (entry for entry in source if not entry.reason and draw(entry) <= lowest[-1])


Opened = tuple[int, Entry, Image.Image | str]
"""A photo's place, what it is in the source, and its pixels or why there are none."""


def opened(source: Source, entries: Iterable[tuple[int, Entry]], workers: int) -> Iterator[Opened]:
    """Decode photos in threads, a few ahead of the one that is asked for."""
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[tuple[int, Entry, Future]] = deque()
        for place, entry in entries:
            ahead.append((place, entry, pool.submit(decoded, source, entry)))
            if len(ahead) > 2 * workers:
                place, entry, photo = ahead.popleft()
                yield place, entry, photo.result()
        for place, entry, photo in ahead:
            yield place, entry, photo.result()


def decoded(source: Source, entry: Entry) -> Image.Image | str:
    """A photo's pixels, or why there are none."""
    if entry.reason:
        return entry.reason
    try:
        return load_image(source.open(entry), name=entry.name)
    except (ImageError, Refused) as error:
        return str(error)


def batches(photos: Iterator[Opened], size: int) -> Iterator[list[Opened]]:
    """Batches of at most ``size`` photos that fit in memory."""
    batch: list[Opened] = []
    pixels = 0
    for photo in photos:
        pixels += 0 if isinstance(photo[2], str) else photo[2].width * photo[2].height
        batch.append(photo)
        if len(batch) == size or pixels >= BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def looked_at(
    batch: list[Opened], out: Path, networks: Networks, options: Options, stop: Callable[[], bool]
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Each photo's row and, if wanted, its maps; ends early when told to."""
    if stop():
        return
    photos = [photo for _, _, photo in batch if not isinstance(photo, str)]
    needed = {METHODS[method].network for method in options.methods} - {None}
    scenes = iter(networks.look(photos, needed) if photos else [])
    for place, entry, photo in batch:
        if isinstance(photo, str):
            yield {"place": place, "path": entry.name, "skipped": photo}, {}
            continue
        scene = next(scenes)
        scene.name = entry.name
        try:
            comparison = compared(scene, options, stop)
        except Stopped:
            return
        if place < options.shown:
            write_pictures(comparison, out, options)
        values = {panel.method: panel.values for panel in comparison.panels if options.maps and panel.values is not None}
        yield {"place": place, **row_of(scene, comparison)}, values


def compared(scene: Scene, options: Options, stop: Callable[[], bool]) -> Comparison:
    """A photo's maps for the class CTERNet predicts, with numbers if wanted."""
    if stop():
        raise Stopped
    comparison = compare(scene, options.methods, stop=stop)
    if options.metrics:
        *_, comparison = comparison, *measure(scene, comparison, stop=stop)
    return comparison
