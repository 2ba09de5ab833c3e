"""Made-up photos with masks, and saliency runs on them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tyro
from accelerate.state import AcceleratorState, GradientState

from tests.training.saliency.made_up import write_trees
from training.saliency.config import SaliencyConfig
from training.saliency.run import SaliencyRun

Flags = Callable[..., list[str]]
Train = Callable[..., SaliencyRun]


@pytest.fixture(scope="session")
def original_trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trees(tmp_path_factory.mktemp("saliency"))


@pytest.fixture
def trees(original_trees: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage: 16 pairs to train on, 6 to validate, 4 to test."""
    return shutil.copytree(original_trees, tmp_path / "trees")


@pytest.fixture
def flags(trees: Path, tmp_path: Path) -> Flags:
    """Command-line flags of a run of a second; ``name=value`` changes one, None leaves it away."""

    def make(out: str = "run", **changes: object) -> list[str]:
        settings = {
            "data": trees / "images",
            "masks": trees / "masks",
            "out": tmp_path / out,
            "epochs": 2,
            "batch-size": 4,
            "head-lr": 0.01,
            "lr": 0.003,
            "frozen-sections": 0,
            "ema": 0.5,
            "views": 2,
            "workers": 0,
            "save-every": 2,
            "sample-maps": 0,
            "model.backbone": "test_efficientnet",
            "model.image-size": 64,
            "model.channels": 16,
        } | {name.replace("__", ".").replace("_", "-"): value for name, value in changes.items()}
        found = ["--cpu"]
        for name, value in settings.items():
            if value is not None:
                found += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return found

    return make


@pytest.fixture
def prepare(flags: Flags) -> Train:
    """A run that has not started."""

    def make(out: str = "run", **changes: object) -> SaliencyRun:
        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()
        return SaliencyRun(tyro.cli(SaliencyConfig, args=flags(out, **changes)))

    return make


@pytest.fixture
def train(prepare: Train) -> Train:
    """A run to its end, in this process."""

    def run(out: str = "run", **changes: object) -> SaliencyRun:
        made = prepare(out, **changes)
        made.train()
        return made

    return run
