"""Many photos to a table and a report: each is looked at once, its row and pictures are written, and nothing of it is kept."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from cternet.compare import Comparison, Networks, Sample, compare, load_samples, measure, networks_of
from cternet.disk import writing
from cternet.stopping import Stopped, never
from cternet.survey.batches import Opened, batches, opened, sampled
from cternet.survey.options import DEFAULTS, Options
from cternet.survey.parts import Done, Parts
from cternet.survey.pictures import write_pictures
from cternet.survey.report import Summary, finish
from cternet.survey.settings import begin
from cternet.survey.sources import COMMAND, Entry, Limits, open_source
from cternet.survey.table import Row, row_of, schema


@dataclass(frozen=True)
class SurveyProgress:
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
        progress: called after every photo with photos done, photos in all, and the photo's row; see ``SurveyProgress``.
        stop: asked before every photo, and while it is measured; what was done until then is in the report.

    Raises:
        SurveyError: no such source, or ``out`` holds something else.
        WriteError: ``out`` cannot be written to; what was done until then is in the report.
    """

    def tell(step: SurveyProgress) -> None:
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
) -> Generator[SurveyProgress, None, Summary]:
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


def drained(steps: Generator[SurveyProgress, None, Result], tell: Callable[[SurveyProgress], None]) -> Result:
    """Run a generator to its end, telling every step; returns what it returns."""
    while True:
        try:
            tell(next(steps))
        except StopIteration as end:
            return end.value


def fill(
    source: Path,
    out: Path,
    networks: Networks,
    options: Options,
    *,
    limits: Limits = COMMAND,
    share: Share = ALONE,
    stop: Callable[[], bool] = never,
) -> Generator[SurveyProgress, None, bool]:
    """Write the parts of a report that was begun, for the photos of this process that are in none; returns whether all are."""
    found = open_source(source, limits=limits, without=out)
    parts = Parts(out, schema(networks.classes, options.methods, metrics=options.measure))
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
                yield SurveyProgress(done, total, row)
            if done - before < len(batch):
                return False
        return True
    finally:
        parts.flush()
        found.close()


def looked_at(
    batch: list[Opened], out: Path, networks: Networks, options: Options, stop: Callable[[], bool]
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Each photo's row and, if wanted, its maps; ends early when told to."""
    if stop():
        return
    photos = [photo for _, _, photo in batch if not isinstance(photo, str)]
    needed = networks_of(options.methods)
    samples = iter(load_samples(networks, photos, needed) if photos else [])
    for place, entry, photo in batch:
        if isinstance(photo, str):
            yield {"place": place, "path": entry.name, "skipped": photo}, {}
            continue
        sample = next(samples)
        sample.name = entry.name
        try:
            comparison = compared(sample, options, stop)
        except Stopped:
            return
        if place < options.shown:
            write_pictures(comparison, out, options)
        values = {panel.method: panel.values for panel in comparison.panels if options.maps and panel.values is not None}
        yield {"place": place, **row_of(sample, comparison)}, values


def compared(sample: Sample, options: Options, stop: Callable[[], bool]) -> Comparison:
    """A photo's maps for the class CTERNet predicts, with numbers if wanted."""
    if stop():
        raise Stopped
    comparison = compare(sample, options.methods, stop=stop)
    if options.measure:
        *_, comparison = comparison, *measure(sample, comparison, stop=stop)
    return comparison
