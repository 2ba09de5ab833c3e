"""Compare methods on photos from the command line.

    python -m cternet.compare a.jpg b.jpg --methods cam,saliency,wscnet,cternet --out fig4.pdf maps.npz
    python -m cternet.compare *.jpg --measure --out fig4.pdf numbers.csv table.tex

writes the named files: a figure (.png .svg .pdf), the maps (.npz), the numbers (.csv), their means as a LaTeX table (.tex).
Ctrl-C writes what is done so far.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from tqdm.auto import tqdm

from cternet.compare.comparison import Comparison, compare, measure
from cternet.compare.export import PICTURES, check_ending, write
from cternet.compare.methods import DEFAULT, METHODS, named, networks_of, unavailable
from cternet.compare.networks import SOURCES, Networks
from cternet.compare.pictures import ScaleOf, Style, shrunk
from cternet.compare.sample import Sample, load_samples
from cternet.disk import writing
from cternet.networks.checkpoint import SHIPPED, CheckpointError
from cternet.networks.classifier import Classifier
from cternet.photos.load import ImageError
from cternet.results.predictor import Predictor

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
WIDEST = 100.0
"""Inches of a figure; a poster."""
PHOTO_SIDE = 1280
"""Pixels of the longer side of a photo that is kept for the figure; networks see the whole of it."""


@dataclass
class Arguments:
    """What to compare and how."""

    photos: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Image files."""
    methods: tuple[str, ...] = DEFAULT
    """Methods and groups of methods, separated by commas or spaces."""
    out: Annotated[tuple[tuple[Path, ...], ...], tyro.conf.UseAppendAction] = ()
    """Files to write; their endings set the format.  By default comparison.png."""
    emotion: str | None = None
    """Class to explain; by default the prediction for each photo."""
    style: Style = "grey"
    """Grey maps, or colours over the photo."""
    scale: ScaleOf = "own"
    """Scale each map on its own, or each method across all photos."""
    smooth: bool = True
    """Smooth the maps, or show their cells."""
    width: float = 7.0
    """Width of the figure, in inches."""
    measure: bool = False
    """Measure how faithful each map is: deletion, insertion, ROAD."""
    weights: str = str(SHIPPED / "cternet-fi")
    """CTERNet, or any other classifier in place of the plain one: checkpoint folder, hub id, or timm name."""
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


def main() -> int:
    arguments = tyro.cli(Arguments, description=__doc__)
    try:
        if not arguments.photos:
            raise ValueError("name at least one photo")
        methods = named([name for part in arguments.methods for name in part.split(",") if name])
        if not methods:
            raise ValueError(f"name at least one method of {', '.join(METHODS)}")
        paths = [path for several in arguments.out for path in several] or [Path("comparison.png")]
        for path in paths:
            check_ending(path)
        if not arguments.measure and any(path.suffix.lower() == ".tex" for path in paths):
            raise ValueError("a LaTeX table needs measured numbers; add --measure")
        if not 0 < arguments.width <= WIDEST:
            raise ValueError(f"--width is in inches, up to {WIDEST}, not {arguments.width}")
        networks = load(arguments, methods)
        if arguments.emotion is not None and arguments.emotion not in networks.classes:
            raise ValueError(f"unknown emotion {arguments.emotion}; choose one of {', '.join(networks.classes)}")
        for path in paths:
            with writing(path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
    except (CheckpointError, ValueError, OSError) as error:
        return failed(error, 2)
    for method, reason in unavailable(methods, networks.reasons).items():
        print(f"no map of {METHODS[method].title}: {reason}", file=sys.stderr)

    status = 0
    done: list[tuple[Sample, Comparison]] = []
    try:
        for photo in tqdm(arguments.photos, unit="img", desc="maps", disable=len(arguments.photos) == 1):
            if photo.is_dir():
                status = failed(f"{photo} is a folder; for its photos: python -m cternet.survey {photo} --out report/", 1)
                continue
            try:
                done.append(look(networks, photo, methods, arguments))
            except ImageError as error:
                status = failed(error, 1)
                continue
            sample, _ = done[-1]
            tqdm.write(f"{sample.name}: {sample.analysis.headline}")
        if arguments.measure:
            measure_all(done)
    except KeyboardInterrupt:
        status = failed("interrupted; writing what is done so far", INTERRUPTED)
    if not done:
        return failed("no photo could be compared, so nothing was written", status)

    options = {"style": arguments.style, "scale": arguments.scale, "smooth": arguments.smooth, "width_inches": arguments.width}
    for path in paths:
        try:
            chosen = options if path.suffix.lower() in PICTURES else {}
            with writing(path.parent):
                print(write([comparison for _, comparison in done], path, models=networks.names, **chosen))
        except (ValueError, OSError) as error:
            status = failed(f"{path} was not written: {error}", status or 1)
        except KeyboardInterrupt:
            return failed(f"interrupted; {path} was not written", INTERRUPTED)
    return status


def failed(why: object, status: int) -> int:
    """The status, once the reason is said."""
    tqdm.write(f"error: {why}", file=sys.stderr)
    return status


def sources(arguments: Arguments) -> dict[str, str]:
    return {name: getattr(arguments, name.replace("-", "_")) for name in SOURCES}


def load(arguments: Arguments, methods: Sequence[str]) -> Networks:
    """The classifier, and of the other networks those that ``methods`` need."""
    needed = networks_of(methods)
    predictor = Predictor.from_pretrained(arguments.weights, device=arguments.device, kind=Classifier)
    return Networks(predictor, {name: source for name, source in sources(arguments).items() if name in needed})


def look(networks: Networks, photo: Path, methods: Sequence[str], arguments: Arguments) -> tuple[Sample, Comparison]:
    """The maps of one photo, and the sample they were made from."""
    sample = load_samples(networks, [photo], networks_of(methods))[0]
    twins = [other for other in arguments.photos if other.name == photo.name]
    sample.name = photo.name if len(twins) == 1 else str(photo)
    sample.analysis = replace(sample.analysis, photo=shrunk(sample.analysis.photo, PHOTO_SIDE))
    comparison = compare(sample, methods, arguments.emotion)
    for panel in comparison.panels:
        if panel.problem and METHODS[panel.method].network not in networks.reasons:
            tqdm.write(f"no map of {METHODS[panel.method].title} for {sample.name}: {panel.problem}", file=sys.stderr)
    return sample, comparison


def measure_all(done: list[tuple[Sample, Comparison]]) -> None:
    """Measure every comparison in place, so that what is measured stays when this is interrupted."""
    shown = [(index, panel.method) for index, (_, one) in enumerate(done) for panel in one.panels if panel.values is not None]
    controls = {(index, METHODS[method].explains) for index, method in shown}
    with tqdm(total=len(shown) + len(controls), unit="map", desc="numbers") as bar:
        for index, (sample, comparison) in enumerate(done):
            for measured in measure(sample, comparison):
                done[index] = (sample, measured)
                bar.update()


if __name__ == "__main__":
    sys.exit(main())
