"""What an analysis costs beside one plain forward of its backbone.

    python -m benchmarks.analyze

Medians of alternating runs in one process, from a preprocessed tensor, batch 1.  A full analysis is every map, the exact
expectation and spread, and all classes.  The predictor runs in the channels-last layout; the plain forward is timed in
torch's default layout and in that one.  An intervention is a new S* with all of its numbers and maps.
"""

import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import timm
import torch
import tyro
from PIL import Image

from cternet import Analysis, CTERNet, CTERNetConfig, Predictor

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "weights" / "cternet-fi"


@dataclass
class Arguments:
    """What to measure."""

    runs: int = 30
    """Alternating pairs."""
    large_runs: int = 8
    """The same, for res2net101d at 448 px."""
    threads: int | None = None
    """CPU threads; by default torch's own choice."""


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def consume(analysis: Analysis) -> None:
    """Compute what is computed on demand."""
    for name in ("y_factual", "y_counterfactual", "total_effect_covariance", "total_effect_std", "effect_map", "scores"):
        getattr(analysis, name)


def interventions(found: Analysis) -> list[float]:
    """Milliseconds of new S* on an analysis, with all of their numbers and maps."""

    def one(name: str, level: str, seed: int) -> None:
        consume(found.intervene(name, level=level, seed=seed))

    return [
        milliseconds(partial(one, name, level, seed))
        for seed in range(10)
        for name in ("random", "uniform", "reverse")
        for level in ("attention", "map")
    ]


def compare(title: str, predictor: Predictor, runs: int) -> None:
    config = predictor.config
    options = {} if config.output_stride is None else {"output_stride": config.output_stride}
    plain = timm.create_model(config.backbone, features_only=True, out_indices=(-1,), **options).eval()
    tensor = torch.randn(1, 3, config.image_size, config.image_size)
    blank = Image.new("RGB", (config.image_size, config.image_size))
    prepared = predictor.prepare(blank)

    same_layout = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    same_tensor = tensor.to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            plain(tensor)

    def forward_same_layout() -> None:
        with torch.inference_mode():
            same_layout(same_tensor)

    def analysis() -> Analysis:
        passed = predictor.run({"images": tensor})
        found = predictor.assemble(passed.outputs, passed.maps, 0, prepared)
        consume(found)
        return found

    for _ in range(3):
        forward()
        forward_same_layout()
        analysis()
    base, same, full = [], [], []
    for _ in range(runs):
        base.append(milliseconds(forward))
        same.append(milliseconds(forward_same_layout))
        full.append(milliseconds(analysis))
    to_plain = statistics.median(a / b for a, b in zip(full, base, strict=True))
    to_same = statistics.median(a / b for a, b in zip(full, same, strict=True))
    change = interventions(analysis())
    print(
        f"{title}: plain forward {statistics.median(base):.1f} ms, analysis {statistics.median(full):.1f} ms, "
        f"median ratio {to_plain:.3f}x ({to_same:.3f}x to a forward in the channels-last layout, "
        f"{statistics.median(same):.1f} ms); intervention {statistics.median(change):.2f} ms "
        f"(slowest of {len(change)}: {max(change):.2f} ms)"
    )


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, CPU, float32")
    compare("cternet-fi", Predictor.from_pretrained(SHIPPED, device="cpu"), arguments.runs)
    torch.manual_seed(0)
    large = CTERNet(CTERNetConfig(backbone="res2net101d", image_size=448, output_stride=None))
    compare("res2net101d at 448 px (random weights)", Predictor(large, device="cpu"), arguments.large_runs)


if __name__ == "__main__":
    main()
