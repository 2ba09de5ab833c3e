"""Survey many photos from the command line.

    python -m cternet.survey photos/ --out report/
    python -m cternet.survey photos.zip --out report/ --methods cternet,cam --measure
    torchrun --nproc_per_node 2 -m cternet.survey photos/ --out report/            # two processes on the CPU
    accelerate launch --num_processes 4 -m cternet.survey photos/ --out report/    # four GPUs

writes report/index.html, a page that opens without a server; report/table.parquet, one row per photo; report/skipped.json.
Stop it at any time, with Ctrl-C or a kill: the same command resumes where it stopped, even with a different number of
processes, and picks up photos added to the folder.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Annotated

import torch
import tyro
from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm.auto import tqdm

from cternet.compare import METHODS, Networks, named, networks_of, unavailable
from cternet.compare.networks import SOURCES
from cternet.disk import writing
from cternet.networks.checkpoint import SHIPPED, CheckpointError
from cternet.networks.cternet import CTERNet
from cternet.networks.precision import about
from cternet.results.predictor import Predictor
from cternet.survey.errors import SurveyError
from cternet.survey.options import Options
from cternet.survey.report import finish
from cternet.survey.run import Share, SurveyProgress, drained, fill
from cternet.survey.settings import begin

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
PATIENCE = timedelta(days=2)
"""How long processes wait for each other at the end: their photos may be of different sizes."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Options):
    """What to survey and how."""

    source: Annotated[Path, tyro.conf.Positional]
    """A folder, with its subfolders, or a zip."""
    out: Path = Path("report")
    """Folder of the report; made if missing, resumed if it was started with the same settings."""
    weights: str = str(SHIPPED / "cternet-fi")
    """CTERNet: checkpoint folder or hub id."""
    vanilla: str = str(SOURCES["vanilla"])
    """Plain classifier: checkpoint folder or hub id."""
    wscnet: str = str(SOURCES["wscnet"])
    """WSCNet: checkpoint folder or hub id."""
    ras: str = str(SOURCES["ras"])
    """Saliency network: checkpoint folder or hub id."""
    valence_arousal: str = str(SOURCES["valence-arousal"])
    """Rating network: checkpoint folder or hub id."""
    device: str | None = None
    """Torch device; by default a GPU if there is one."""

    def __post_init__(self) -> None:
        names = named([name for part in self.methods for name in part.split(",") if name])
        object.__setattr__(self, "methods", names)
        super().__post_init__()

    @property
    def options(self) -> Options:
        return Options(**{field.name: getattr(self, field.name) for field in fields(Options)})


def main() -> int:
    arguments = tyro.cli(Arguments, description=__doc__)
    on_cpu = arguments.device == "cpu" or not torch.cuda.is_available()
    state = PartialState(cpu=on_cpu, timeout=PATIENCE)
    try:
        networks = load(arguments, arguments.device or state.device)
        if state.is_main_process:
            for method, reason in unavailable(arguments.methods, networks.reasons).items():
                print(f"no map of {METHODS[method].title}: {reason}", file=sys.stderr)
        if arguments.quick and arguments.measure and state.is_main_process:
            print(about("auto", networks.predictor.device), file=sys.stderr)
        with state.main_process_first():
            begin(arguments.source, arguments.out, networks, arguments.options)
        with stopping() as stop, writing(arguments.out):
            complete = make(arguments, networks, state, stop)
            if state.is_main_process:
                conclude(arguments.out, complete=complete)
    except (CheckpointError, SurveyError, ValueError, OSError) as error:
        return failed(error, 2) if state.is_main_process else 2
    return 0 if complete else INTERRUPTED


def failed(why: object, status: int) -> int:
    """The status, once the reason is said."""
    print(f"error: {why}", file=sys.stderr)
    return status


def load(arguments: Arguments, device: str | torch.device) -> Networks:
    """CTERNet, and of the other networks those that the methods need."""
    needed = networks_of(arguments.methods)
    sources = {name: getattr(arguments, name.replace("-", "_")) for name in SOURCES}
    predictor = Predictor.from_pretrained(arguments.weights, device=device, kind=CTERNet)
    networks = Networks(predictor, {name: source for name, source in sources.items() if name in needed})
    if arguments.quick and arguments.measure:
        networks.quicken()
    return networks


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second ends the program at once, which breaks nothing either."""
    event = Event()

    def first(number: int, _frame: object) -> None:
        event.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make(arguments: Arguments, networks: Networks, state: PartialState, stop: Event) -> bool:
    """Write this process's parts and wait for those of the others; returns whether all photos of all of them are done."""
    share = Share(state.process_index, state.num_processes)
    words = "photos" if share.world == 1 else f"photos of process 1 of {share.world}"
    with tqdm(unit="img", desc=words, disable=not state.is_main_process) as bar:

        def tell(step: SurveyProgress) -> None:
            if bar.total is None:
                bar.reset(step.total)
                bar.initial = step.done - 1  # done before this run
                bar.n = bar.initial
            bar.update()

        steps = fill(arguments.source, arguments.out, networks, arguments.options, share=share, stop=stop.is_set)
        complete = drained(steps, tell)
    return all(gather_object([complete]))


def conclude(out: Path, *, complete: bool) -> None:
    """Write the report of what all processes did, and say what there is."""
    summary = finish(out, complete=complete)
    skipped = f", {summary.skipped} skipped (see {out / 'skipped.json'})" if summary.skipped else ""
    print(f"{summary.photos} photos{skipped}: {out / 'index.html'}")
    if complete and not summary.photos:
        print(f"note: no photo could be read; the report in {out} is empty", file=sys.stderr)
    if not complete:
        print("stopped; run the same command to resume", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
