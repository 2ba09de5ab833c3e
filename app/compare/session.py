"""What one visitor compares: their photos, what they asked for, and what has been made of it so far."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count, takewhile
from pathlib import Path

from app.uploads import Upload
from cternet import ImageError
from cternet.compare import (
    METHODS,
    Comparison,
    Faithfulness,
    Networks,
    Sample,
    ScaleOf,
    Stopped,
    Style,
    compare,
    load_samples,
    measure,
    networks_of,
)

MOST_PHOTOS = 12
RANDOM_MAPS = 4
"""Random maps measured on each classifier, half of them smooth: with their inverses eight that a map must beat."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Selection:
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
class ComparedPhoto:
    """A photo, and what is known of it.

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
class CompareSession:
    """What one visitor compares.

    Attributes:
        work: which piece of work was asked for last; any other gives up as soon as it notices.
        state: of the last one: idle, comparing, measuring, done, measured or stopped.
        look: how the visitor sees it.
        taken: whether a handler does the last one; a second that finds it leaves it to the first.
        added: the photos chosen on this page, beside the one that is open everywhere.
        measuring: whether numbers are wanted; Stop interrupts them, and Resume continues them.
    """

    photos: tuple[ComparedPhoto, ...] = ()
    selection: Selection = field(default_factory=Selection)
    work: int = 0
    state: str = "idle"
    taken: bool = False
    look: Look = field(default_factory=Look)
    measuring: bool = False
    added: tuple[Upload, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def working(self) -> bool:
        return self.state in ("comparing", "measuring")

    def start(self, state: str) -> None:
        """Ask for a new piece of work; the one before gives up."""
        with self.lock:
            self.restart(state)

    def ask(self, uploads: list[Upload], selection: Selection, look: Look) -> None:
        """Ask for maps of these photos; nobody who starts on them meanwhile sees half of what is wanted."""
        with self.lock:
            self.selection, self.look = selection, look
            self.choose(uploads)
            self.restart("comparing" if uploads else "idle")

    def restart(self, state: str) -> None:
        self.work += 1
        self.state, self.taken = state, False

    def take(self, state: str) -> int | None:
        """The number of the work asked for last; None if it is of another kind, or a handler does it already."""
        with self.lock:
            if self.state != state or self.taken:
                return None
            self.taken = True
            return self.work

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

    def choose(self, uploads: list[Upload]) -> None:
        """Have these photos, in this order; what is known of those already there stays."""
        wanted = {upload.path: upload for upload in uploads}
        stay = {photo.upload.path: photo for photo in self.photos if photo.upload.path in wanted}
        taken = {photo.name for photo in stay.values()}
        for path, upload in wanted.items():
            if path not in stay:
                stay[path] = ComparedPhoto(upload, free(upload.name, taken))
                taken.add(stay[path].name)
        self.photos = tuple(stay[path] for path in wanted)

    def compare(self, networks: Networks) -> Iterator[ComparedPhoto]:
        """Make what is missing of what was asked for, photo by photo; yields each as it has news.

        Slow methods come last in each photo, so that the others are seen at once.
        """
        stop, selection = self.overtaken(), self.selection
        for photo in self.photos:
            try:
                for comparison in made(photo, selection, networks, stop):
                    photo.comparison = comparison
                    yield photo
            except Stopped:
                return
            except ImageError as error:
                photo.problem = str(error)
                yield photo
            except Exception:
                log.exception("comparing methods on a photo failed")
                photo.problem = (
                    f"{photo.name} could not be compared: this program failed on it. The other photos are not affected."
                )
                yield photo
            if stop():
                return

    def measure(self) -> Iterator[tuple[ComparedPhoto, int, int]]:
        """Add numbers, panel by panel; yields the photo that has news, and how many steps of how many are done."""
        stop = self.overtaken()
        ready = [photo for photo in self.photos if photo.comparison is not None]
        steps = [steps_of(photo.comparison) for photo in ready]
        for index, photo in enumerate(ready):
            yield photo, sum(steps[:index]), sum(steps)
            try:
                found = measure(photo.sample, photo.comparison, random_maps=RANDOM_MAPS, stop=stop)
                for step, comparison in enumerate(found, start=1):
                    if stop():  # another comparison may stand there already
                        return
                    photo.comparison = comparison
                    yield photo, sum(steps[:index]) + step, sum(steps)
            except Stopped:
                return
            if stop():
                return

    @property
    def nbytes(self) -> int:
        """Memory it takes, but for what is small."""
        return sum(photo.sample.nbytes for photo in self.photos if photo.sample is not None)

    @property
    def comparisons(self) -> list[Comparison]:
        """The comparisons made so far, in the order of the photos."""
        return [photo.comparison for photo in self.photos if photo.comparison is not None]


def free(name: str, taken: Collection[str]) -> str:
    """The name, numbered if another photo has it."""
    path = Path(name)
    numbered = (f"{path.stem} ({number}){path.suffix}" for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in taken)


def made(photo: ComparedPhoto, selection: Selection, networks: Networks, stop: Callable[[], bool]) -> Iterator[Comparison]:
    """What was asked for of one photo; first without the slow methods that have not run yet."""
    if stop():
        raise Stopped
    if photo.sample is None:
        image = replace(photo.upload, name=photo.name).photo()
        photo.sample = load_samples(networks, [image], networks_of(selection.methods))[0]
        photo.sample.name, photo.problem = photo.name, ""
    sample = photo.sample
    label = selection.label or sample.analysis.prediction
    quick = [name for name in selection.methods if not METHODS[name].slow or (name, label) in sample.maps]
    for methods in dict.fromkeys((tuple(quick), selection.methods)):
        yield with_known_numbers(sample, compare(sample, methods, label, stop=stop))


def with_known_numbers(sample: Sample, comparison: Comparison) -> Comparison:
    """The comparison with the numbers that were measured before; measures nothing."""

    def known(method: str) -> object:
        return sample.measured.get((method, METHODS[method].explains, comparison.label))

    panels = tuple(replace(p, numbers=known(p.method)) if p.values is not None else p for p in comparison.panels)
    random: dict[str, tuple[Faithfulness, ...]] = {}
    for classifier in dict.fromkeys(METHODS[panel.method].explains for panel in comparison.panels):
        names = ["random", *(f"random {number}" for number in range(1, RANDOM_MAPS))]
        there = [sample.measured.get((name, classifier, comparison.label)) for name in names]
        if measured := tuple(takewhile(lambda one: one is not None, there)):
            random[classifier] = measured
    return replace(comparison, panels=panels, random=random)


def steps_of(comparison: Comparison) -> int:
    """How many times ``measure`` yields: every control and every panel that has a map."""
    shown = [panel.method for panel in comparison.panels if panel.values is not None]
    return len(shown) + RANDOM_MAPS * len({METHODS[method].explains for method in shown})
