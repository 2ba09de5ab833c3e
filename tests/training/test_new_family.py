"""A family that is not this project's: it trains, loads, predicts, is evaluated, published and compared."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import tyro
from accelerate.state import AcceleratorState, GradientState

from cternet import CheckpointError, Classified, Predictor, load_model
from cternet.__main__ import main as analyze
from cternet.compare import Networks, compare, load_samples, measure
from cternet.networks.families import Family, register
from tests.toy import Toy, ToyConfig, toy_family
from tests.training.conftest import Command
from tests.training.made_up import CLASSES
from training import evaluate, publish
from training import train as train_module
from training.emotions.config import TrainConfig
from training.emotions.presets import PRESETS
from training.emotions.run import ClassificationRun


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with toy_family():
        yield


@pytest.fixture
def run(photos: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of two epochs of the toy's recipe, by the command."""
    model = ToyConfig(backbone="test_efficientnet", image_size=64, classes=CLASSES)
    recipe = TrainConfig(data=tyro.MISSING, out=tyro.MISSING, model=model, epochs=2, batch_size=4, ema=0.5, workers=0)
    monkeypatch.setitem(PRESETS, "toy", ("a toy", recipe))
    flags = ["--data", photos, "--out", tmp_path / "run", "--cpu", "--model.width", 12, "--sample-maps", 0]
    assert command(train_module, "toy", *flags) is None
    return tmp_path / "run"


def test_it_trains_saves_loads_and_predicts(run: Path, photos: Path):
    network = load_model(run / "best")
    assert type(network) is Toy
    assert network.config.width == 12 and network.config.classes == CLASSES
    assert network.norm.num_batches_tracked > 0
    history = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert set(history["loss"]) == {"y", "y_second"}
    assert {"accuracy_y", "accuracy_y_second"} <= set(history["val"])
    photo = next(photos.rglob("*.png"))
    found = Predictor.from_pretrained(run / "best", device="cpu").analyze(photo)
    assert type(found) is Classified
    assert found.prediction in CLASSES and found.own_maps["strength"].shape == (4, 4)


def test_its_head_starts_another_run(run: Path, photos: Path, tmp_path: Path):
    """With the statistics of its batch norm."""
    flags = [
        "--data",
        photos,
        "--out",
        tmp_path / "next",
        "--cpu",
        "--model.width",
        12,
        "--start",
        run / "best",
        "--start-head",
    ]
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    again = ClassificationRun(train_module.parse(["toy", *map(str, flags)]))
    first = load_model(run / "best").state_dict()
    assert first["norm.running_mean"].any()
    assert all(torch.equal(value, first[name]) for name, value in again.bare.state_dict().items())


def test_it_is_evaluated_and_published(run: Path, photos: Path, tmp_path: Path, command: Command):
    out = run / "evaluation"
    flags = ["--weights", run / "best", "--data", photos, "--split", "val", "--out", out, "--workers", 0, "--cpu"]
    assert command(evaluate, *flags) is None
    assert "Y2 (second opinion)" in (out / "val.md").read_text()
    assert json.loads((out / "val.json").read_text())["prediction"] == "y"
    assert command(publish, run, "--out", tmp_path / "out" / "toy-fi") is None
    card = (tmp_path / "out" / "toy-fi" / "README.md").read_text()
    assert "A toy for tests, trained by CTERNet Studio." in card
    assert "Y2 (second opinion)" in card
    assert type(load_model(tmp_path / "out" / "toy-fi")) is Toy
    assert "linear in such a map" in command(evaluate, *flags, "--attention")


def test_it_is_shown_and_compared(run: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    photo = next(photos.rglob("*.png"))
    arguments = ["cternet", photo, "--weights", run / "best", "--arrays", "--out", tmp_path / "out", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
    assert analyze() == 0
    with np.load(tmp_path / "out" / f"{photo.stem}.npz") as arrays:
        assert "strength" in arrays
    networks = Networks(Predictor.from_pretrained(run / "best", device="cpu"), {})
    (sample,) = load_samples(networks, [photo])
    *_, comparison = measure(sample, compare(sample, ("grad-cam", "hires-cam", "s")))
    shown = [panel for panel in comparison.panels if panel.values is not None]
    assert shown and all(panel.numbers is not None for panel in shown)
    assert comparison.panels[-1].problem == "best is a toy for tests, not CTERNet"


def test_a_name_is_taken_once(run: Path):
    with pytest.raises(ValueError, match="the family 'toy' already exists"):
        register(Family("another", ToyConfig, Toy))


def test_without_its_code_it_is_not_known(run: Path, monkeypatch: pytest.MonkeyPatch):
    from cternet.networks.families import FAMILIES

    monkeypatch.delitem(FAMILIES, "toy")
    with pytest.raises(CheckpointError, match="unknown family 'toy': choose one of vanilla"):
        load_model(run / "best")
    monkeypatch.undo()
