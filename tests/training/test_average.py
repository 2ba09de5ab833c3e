"""The mean of the weights of two runs: what is written, and what cannot be averaged."""

import json
from pathlib import Path

import pytest
import torch

from cternet import load_model
from tests.training.conftest import Command, Train
from training import average, publish


@pytest.fixture
def two(train: Train, tmp_path: Path) -> list[Path]:
    """Two runs of one start with another weight of the effect."""
    for name, weight in (("a", 1.0), ("b", 0.5)):
        train(name, epochs=1, effect_weight=weight)
    return [tmp_path / "a", tmp_path / "b"]


def test_mean_of_two_runs(two: list[Path], photos: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture):
    out = tmp_path / "both"
    assert command(average, *two, "--data", photos, "--out", out, "--workers", 0, "--cpu", "--precision", "no") is None
    a, b, mean = (load_model(run / "best").state_dict() for run in (*two, out))
    assert any(not torch.equal(a[name], b[name]) for name in a)
    for name, value in mean.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (a[name] + b[name]) / 2)
    figures = load_model(out / "best").config.metrics["val"]
    assert figures["images"] == 9
    assert f"{out}: {100 * figures['y_te']['accuracy']:.2f} % on val" in capsys.readouterr().out

    assert command(publish, out) is None
    card = (out / "published" / "README.md").read_text()
    assert f"the mean of the best ones of 2 runs, a and b: {100 * figures['y_te']['accuracy']:.2f} % on validation" in card
    assert json.loads((out / "settings.json").read_text())["averaged"] == ["a", "b"]


@pytest.mark.parametrize("change", [{"model.maps-per-class": 2}, {"model.allocation": "uniform"}], ids=str)
def test_other_networks(change: dict, train: Train, photos: Path, tmp_path: Path, command: Command):
    train("a", epochs=1)
    train("b", epochs=1, **change)
    message = command(average, tmp_path / "a", tmp_path / "b", "--data", photos, "--out", tmp_path / "both", "--cpu")
    assert next(iter(change)).removeprefix("model.").replace("-", "_") in message
    assert not (tmp_path / "both").exists()


def test_what_is_missing(train: Train, photos: Path, tmp_path: Path, command: Command):
    train("a", epochs=1)
    data = ["--data", photos, "--cpu"]
    assert "two runs at least" in command(average, tmp_path / "a", *data, "--out", tmp_path / "both")
    assert "not a checkpoint folder" in command(average, tmp_path / "a", tmp_path / "gone", *data, "--out", tmp_path / "both")
    assert "is not empty" in command(average, tmp_path / "a", tmp_path / "a", *data, "--out", tmp_path / "a")
