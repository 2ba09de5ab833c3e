"""Measuring and publishing a saliency run."""

import json
from pathlib import Path

import pytest
from PIL import Image

from cternet.networks.checkpoint import load_model
from tests.training.conftest import Command
from tests.training.saliency.conftest import Train
from training import evaluate, publish


def evaluation(trees: Path, best: Path, out: Path, **changes: object) -> list[object]:
    settings = {"weights": best, "data": trees / "images", "masks": trees / "masks", "out": out, "workers": 0} | changes
    return ["--cpu", *(part for name, value in settings.items() for part in (f"--{name}", value))]


def test_evaluate(train: Train, trees: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    run, out = train(epochs=2), tmp_path / "figures"
    for split in ("val", "test"):
        assert command(evaluate, *evaluation(trees, tmp_path / "run" / "last", out, split=split)) is None
    found = {split: json.loads((out / f"{split}.json").read_text()) for split in ("val", "test")}
    assert found["val"]["mae"] == pytest.approx(run.progress.history[-1]["val"]["mae"], rel=1e-4)
    assert (found["val"]["images"], found["test"]["images"]) == (6, 4)
    assert f"test: MAE {found['test']['mae']:.4f}" in capsys.readouterr().out
    with Image.open(out / "test.png") as picture:
        assert picture.size == (3 * 64, 4 * 64)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": "gone"}, "not a checkpoint folder"),
        ({"data": "gone"}, "gone is no folder"),
        ({"image-size": 8}, "--image-size must be at least 32"),
    ],
)
def test_evaluate_says_what_is_wrong(train: Train, trees: Path, tmp_path: Path, command: Command, changes: dict, words: str):
    train(epochs=1)
    error = command(evaluate, *evaluation(trees, tmp_path / "run" / "best", tmp_path / "figures", **changes))
    assert error.startswith("error: ")
    assert words in error


def test_publish(train: Train, trees: Path, tmp_path: Path, command: Command):
    """Half the size, the run's own numbers, and no path of this machine."""
    train(epochs=2, lr=0.004)
    run, out = tmp_path / "run", tmp_path / "ras-mine"
    error = command(publish, run, "--out", out)
    assert "val.json is missing; make it with training.evaluate --split val" in error
    for split in ("val", "test"):
        assert command(evaluate, *evaluation(trees, run / "best", run / "evaluation", split=split)) is None
    assert command(publish, run, "--out", out, "--about", "fi-saliency", "--note", "A note.") is None
    assert {path.name for path in out.iterdir()} == {"config.json", "model.safetensors", "README.md", "LICENSE", "curves.png"}
    size = (out / "model.safetensors").stat().st_size
    assert size < 0.6 * (run / "best" / "model.safetensors").stat().st_size
    network, card = load_model(out), (out / "README.md").read_text()
    test = json.loads((run / "evaluation" / "test.json").read_text())
    assert network.config.metrics["test"]["mae"] == round(test["mae"], 6)
    assert "TRACER-TE0" in network.config.training_data
    assert f"{test['max_f']:.4f}" in card
    assert "training.train saliency --data IMAGES --masks MASKS --out runs/ras-mine" in card
    assert "--lr 0.004" in card
    assert "The masks are not human" in card
    assert "A note." in card
    assert str(tmp_path) not in card + (out / "config.json").read_text()
    assert "non-commercial research" in (out / "LICENSE").read_text()


def test_what_is_published_has_the_size_it_was_measured_with(train: Train, trees: Path, tmp_path: Path, command: Command):
    train(epochs=1)
    run, out = tmp_path / "run", tmp_path / "larger"
    for split, size in (("val", 96), ("test", 64)):
        larger = [*evaluation(trees, run / "best", run / "evaluation", split=split), "--image-size", size]
        assert command(evaluate, *larger) is None
    assert "measure both with the same" in command(publish, run, "--out", out)
    (run / "evaluation" / "test.json").unlink()
    assert command(publish, run, "--out", out) is None
    assert load_model(out).config.image_size == 96
    card = (out / "README.md").read_text()
    assert "--split val --out runs/larger/evaluation --image-size 96" in card
    assert "trained on crops of 64 × 64" in card
