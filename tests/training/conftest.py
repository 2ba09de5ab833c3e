"""A small data set of made-up photos, and training runs on it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import tyro
from accelerate.state import AcceleratorState, GradientState

from tests.training.made_up import CLASSES, write_data_set
from training.emotions.config import TrainConfig
from training.emotions.run import ClassificationRun

Command = Callable[..., int | str | None]
Flags = Callable[..., list[str]]
Train = Callable[..., ClassificationRun]


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FI's layout: 24 images to train on, 9 to validate."""
    return write_data_set(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def flags(photos: Path, tmp_path: Path) -> Flags:
    """Command-line flags of a run of a second, with every source of randomness in it; ``name=value`` changes one."""

    def make(out: str = "run", **changes: object) -> list[str]:
        settings = {
            "data": photos,
            "out": tmp_path / out,
            "epochs": 3,
            "batch-size": 4,
            "head-lr": 0.01,
            "lr": 0.003,
            "frozen-sections": 2,
            "ema": 0.8,
            "views": 2,
            "workers": 0,
            "save-every": 2,
            "sample-maps": 0,  # they take longer to draw than such a run
            "model.backbone": "test_efficientnet",
            "model.image-size": 64,
            "model.attention-channels": 16,
            "model.reduced-channels": 12,
            "model.dropout": 0.2,
        } | {name.replace("__", ".").replace("_", "-"): value for name, value in changes.items()}
        found = ["--cpu", "--model.classes", *CLASSES]
        for name, value in settings.items():
            found += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return found

    return make


@pytest.fixture(autouse=True)
def forget_accelerator():
    """Accelerate keeps one state a process; each test gets its own."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


@pytest.fixture
def prepare(flags: Flags) -> Train:
    """A run that has not started."""

    def make(out: str = "run", **changes: object) -> ClassificationRun:
        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()
        return ClassificationRun(tyro.cli(TrainConfig, args=flags(out, **changes)))

    return make


@pytest.fixture
def train(prepare: Train) -> Train:
    """A run to its end, in this process."""

    def run(out: str = "run", **changes: object) -> ClassificationRun:
        made = prepare(out, **changes)
        made.train()
        return made

    return run


@pytest.fixture
def resumed(prepare: Train) -> Train:
    """A run taken up again and brought to its end, in this process."""

    def run(out: str = "run", **changes: object) -> ClassificationRun:
        made = prepare(out, **changes, resume=True)
        made.train()
        return made

    return run


@pytest.fixture
def with_test(photos: Path, tmp_path: Path) -> Path:
    """The data set with a test split."""
    copy = shutil.copytree(photos, tmp_path / "copy")
    shutil.copytree(copy / "val", copy / "test")
    return copy


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``main`` of a module with these arguments; returns how it left: None, a status or a message."""

    def run(module: ModuleType, *arguments: object) -> int | str | None:
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, arguments)])
        try:
            return module.main()
        except SystemExit as exit:
            return exit.code

    return run
