"""What maps side by side cost beside one plain forward of each network they come from.

    python -m benchmarks.compare
    python -m benchmarks.compare --photos 1000 --threads 1        (with the memory of a survey of so many photos)

Medians of alternating runs in one process, one photo at a time, decoded and resized once before.  ``forwards`` is one plain
forward of every network in use, in the same channels-last layout: the baseline of every ratio.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro
from PIL import Image

from cternet import Predictor
from cternet.compare import DEFAULT, METHODS, Networks, Sample, compare, load_samples, measure, named
from cternet.compare.faithfulness import STEPS, faithfulness
from cternet.survey import Options, survey

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@dataclass
class Arguments:
    """What to measure."""

    runs: int = 20
    """Alternating pairs."""
    photos: int = 0
    """Survey so many made-up photos and say how much memory the process has on the way."""
    threads: int | None = None
    """CPU threads; by default torch's own choice."""


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def alternating(baseline: Callable[[], object], work: Callable[[], object], runs: int) -> tuple[float, float, float]:
    """Median milliseconds of both, and the median of their ratios."""
    baseline(), work()
    pairs = [(milliseconds(baseline), milliseconds(work)) for _ in range(runs)]
    plain, full = zip(*pairs, strict=True)
    return statistics.median(plain), statistics.median(full), statistics.median(b / a for a, b in pairs)


def panels(networks: Networks, photo: Image.Image, runs: int) -> None:
    """The default panels, and all but the slow ones, against one forward of each network."""

    @torch.inference_mode()
    def forwards(names: set[str], sample: Sample) -> None:
        for name in names:
            network = networks.all[name]
            network(networks.normalised(name, sample.pixels(name)[None]))

    (seen,) = load_samples(networks, [photo])
    for title, methods in (("default panels", DEFAULT), ("all fast methods", named(["fast"]))):
        used = {METHODS[name].network for name in methods} - {None}

        def made(methods: tuple[str, ...] = methods, used: set[str] = used) -> None:
            (sample,) = load_samples(networks, [photo], used)
            compare(sample, methods)

        plain, full, ratio = alternating(lambda used=used: forwards(used, seen), made, runs)
        print(
            f"{title} ({len(methods)} maps, {len(used)} networks): forwards {plain:.1f} ms, "
            f"photo to maps {full:.1f} ms, median ratio {ratio:.2f}x"
        )


def numbers(networks: Networks, photo: Image.Image, runs: int) -> None:
    """All numbers of one map, whose altered photos go through the network in batches, against as many single forwards."""
    (sample,) = load_samples(networks, [photo])
    label, image = sample.analysis.prediction, sample.pixels("cternet")[None]
    images = 3 + 4 * (STEPS - 1) + 6

    def single() -> None:
        for _ in range(images):
            networks.probabilities("cternet", image)

    plain, full, ratio = alternating(
        single, lambda: faithfulness(sample, "cternet", label, sample.analysis.s), max(2, runs // 5)
    )
    print(f"numbers of one map: {images} single forwards {plain:.0f} ms, all numbers {full:.0f} ms, median ratio {ratio:.2f}x")
    start = time.perf_counter()
    *_, comparison = measure(load_samples(networks, [photo])[0], compare(sample, DEFAULT))
    count = len(comparison.controls) + sum(panel.numbers is not None for panel in comparison.panels)
    print(f"the default panels with their random controls: {count} maps measured in {time.perf_counter() - start:.1f} s")


def resident() -> float:
    """Memory of this process in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def memory(networks: Networks, photos: int) -> None:
    """Memory of a survey of many different photos, at its tenths."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photos"
        source.mkdir()
        draw = np.random.default_rng(0)
        for number in range(photos):
            blocks = Image.fromarray(draw.integers(0, 256, (9, 12, 3), dtype=np.uint8))
            blocks.resize((640, 480), Image.Resampling.BICUBIC).save(source / f"{number:05d}.jpg", quality=85)
        found: list[float] = []

        def note(done: int, total: int, _row: dict) -> None:
            if done % max(1, total // 10) == 0:
                found.append(resident())

        start = time.perf_counter()
        survey(source, Path(folder) / "report", networks, Options(), progress=note)
        seconds = time.perf_counter() - start
    print(f"survey of {photos:,} photos of 640 x 480: {photos / seconds:.1f} photos/s; memory at each tenth, MB:")
    print("  " + ", ".join(f"{value:.0f}" for value in found) + f"; last / first {found[-1] / found[0]:.3f}x")


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, CPU, float32")
    predictor = Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi", device="cpu")
    networks = Networks(predictor)
    for name, why in networks.reasons.items():
        print(f"without {name}: {why}")
    photo = Image.open(EXAMPLES[0]).convert("RGB")
    panels(networks, photo, arguments.runs)
    numbers(networks, photo, arguments.runs)
    if arguments.photos:
        memory(networks, arguments.photos)


if __name__ == "__main__":
    main()
