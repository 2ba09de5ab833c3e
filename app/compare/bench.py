"""What one visitor compares: their photos, what they asked for, and what has been made of it so far."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path

from app.uploads import Upload
from cternet import ImageError
from cternet.compare import METHODS, Comparison, Networks, Sample, Stopped, compare, load_samples, measure
from cternet.compare.pictures import ScaleOf, Style

MOST_PHOTOS = 12
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What to compare.  label: the class looked at; None for the one predicted for each photo."""

    methods: tuple[str, ...] = ()
    label: str | None = None


@dataclass(frozen=True)
class Look:
    """How maps are drawn."""

    style: Style = "grey"
    scale: ScaleOf = "own"
    smooth: bool = True


@dataclass(eq=False)
class Place:
    """A photo on the bench, and what is known of it.

    Attributes:
        upload: the photo's file; its path tells photos apart.
        name: what the visitor calls it, numbered if another photo has the same.
        problem: why it cannot be compared.
    """

    upload: Upload
    name: str
    sample: Sample | None = None
    problem: str = ""
    comparison: Comparison | None = None


@dataclass(eq=False)
class Bench:
    """Belongs to one visitor.

    Attributes:
        work: which piece of work was asked for last; any other gives up as soon as it notices.
        state: of the last one: idle, comparing, measuring, done, measured or stopped.
        look: how the visitor sees it.
    """

    places: tuple[Place, ...] = ()
    asked: Asked = field(default_factory=Asked)
    work: int = 0
    state: str = "idle"
    look: Look = field(default_factory=Look)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def working(self) -> bool:
        return self.state in ("comparing", "measuring")

    def start(self, state: str) -> None:
        """Ask for a new piece of work; the one before gives up."""
        with self.lock:
            self.work += 1
            self.state = state

    def end(self, work: int, state: str) -> bool:
        """End a piece of work; False if another has been asked for meanwhile: that one goes on."""
        with self.lock:
            if self.work != work:
                return False
            self.state = state
            return True

    def overtaken(self) -> Callable[[], bool]:
        """The ``stop`` of the work asked for last."""
        mine = self.work
        return lambda: self.work != mine

    def lay(self, photos: list[Upload]) -> None:
        """Put these photos on the bench, in this order; what is known of those already there stays."""
        wanted = {upload.path: upload for upload in photos}
        stay = {place.upload.path: place for place in self.places if place.upload.path in wanted}
        taken = {place.name for place in stay.values()}
        for path, upload in wanted.items():
            if path not in stay:
                stay[path] = Place(upload, free(upload.name, taken))
                taken.add(stay[path].name)
        self.places = tuple(stay[path] for path in wanted)

    def compare(self, networks: Networks) -> Iterator[Place]:
        """Make what is missing of what was asked for, photo by photo; yields each as it has news.

        Slow methods come last in each photo, so that the others are seen at once.
        """
        stop, asked = self.overtaken(), self.asked
        for place in self.places:
            try:
                for comparison in made(place, asked, networks, stop):
                    place.comparison = comparison
                    yield place
            except Stopped:
                return
            except ImageError as error:
                place.problem = str(error)
                yield place
            except Exception:
                log.exception("comparing methods on a photo failed")
                place.problem = (
                    f"{place.name} could not be compared: this program failed on it. The other photos are not affected."
                )
                yield place
            if stop():
                return

    def measure(self) -> Iterator[tuple[Place, int, int]]:
        """Add numbers, panel by panel; yields the photo that has news, and how many steps of how many are done."""
        stop = self.overtaken()
        ready = [place for place in self.places if place.comparison is not None]
        steps = [steps_of(place.comparison) for place in ready]
        for index, place in enumerate(ready):
            yield place, sum(steps[:index]), sum(steps)
            try:
                for step, comparison in enumerate(measure(place.sample, place.comparison, stop=stop), start=1):
                    if stop():  # another comparison may stand there already
                        return
                    place.comparison = comparison
                    yield place, sum(steps[:index]) + step, sum(steps)
            except Stopped:
                return
            if stop():
                return

    @property
    def comparisons(self) -> list[Comparison]:
        """Of the photos that have one, in order."""
        return [place.comparison for place in self.places if place.comparison is not None]


def free(name: str, taken: Collection[str]) -> str:
    """The name, numbered if another photo has it."""
    path = Path(name)
    numbered = (f"{path.stem} ({number}){path.suffix}" for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in taken)


def made(place: Place, asked: Asked, networks: Networks, stop: Callable[[], bool]) -> Iterator[Comparison]:
    """What was asked for of one photo; first without the slow methods that have not run yet."""
    if stop():
        raise Stopped
    if place.sample is None:
        image = replace(place.upload, name=place.name).photo()
        needed = {METHODS[method].network for method in asked.methods} - {None}
        place.sample = load_samples(networks, [image], needed)[0]
        place.sample.name, place.problem = place.name, ""
    sample = place.sample
    label = asked.label or sample.analysis.prediction
    quick = [name for name in asked.methods if not METHODS[name].slow or (name, label) in sample.maps]
    for methods in dict.fromkeys((tuple(quick), asked.methods)):
        yield with_known_numbers(sample, compare(sample, methods, label, stop=stop))


def with_known_numbers(sample: Sample, comparison: Comparison) -> Comparison:
    """The comparison with the numbers that were measured before; measures nothing."""

    def known(method: str) -> object:
        return sample.measured.get((method, METHODS[method].explains, comparison.label))

    panels = tuple(replace(p, numbers=known(p.method)) if p.values is not None else p for p in comparison.panels)
    controls = {
        classifier: numbers
        for (method, classifier, label), numbers in sample.measured.items()
        if method == "random" and label == comparison.label
    }
    return replace(comparison, panels=panels, controls=controls)


def steps_of(comparison: Comparison) -> int:
    """How many times ``measure`` yields: every control and every panel that has a map."""
    shown = [panel.method for panel in comparison.panels if panel.values is not None]
    return len(shown) + len({METHODS[method].explains for method in shown})


def weight(bench: Bench) -> int:
    """Bytes of memory that a bench takes, but for what is small."""
    total = 0
    for place in bench.places:
        if place.sample is not None:
            analysis = place.sample.analysis
            arrays = [analysis.photo, analysis.seen, analysis.s_out, analysis.evidence, *place.sample.maps.values()]
            total += sum(array.nbytes for array in arrays)
            total += sum(found.nbytes for found in place.sample.features.values())
            total += sum(3 * image.width * image.height for image in place.sample.seen.values())
    return total
