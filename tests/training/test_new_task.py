"""A task that is not this project's: trained, resumed, evaluated and published by the commands, and the engine is not told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard

from cternet import load_model
from tests.toy_task import RatingConfig, RatingRun, ToyRater, ratings, toy_task
from tests.training.conftest import Command
from training import evaluate, publish, train


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with toy_task():
        yield


@pytest.fixture
def rated(photos: Path, tmp_path: Path) -> Path:
    """A table of ratings from 0 to 100: each colour has its own, and no photo has a label."""
    lines = ["path,split,valence,arousal"]
    for path in sorted(photos.rglob("*.png")):
        valence = {"amusement": 90, "awe": 50, "fear": 10}[path.parent.name]
        lines.append(f"{path},{path.parent.parent.name},{valence},{100 - valence}")
    (tmp_path / "ratings.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "ratings.csv"


@pytest.fixture
def flags(rated: Path, tmp_path: Path) -> list[object]:
    where = ["--data", rated, "--valence-scale", 0, 100, "--workers", 0, "--cpu"]
    size = ["--epochs", 6, "--batch-size", 4, "--frozen-sections", 2, "--ema", 0.5, "--head-lr", 0.02, "--views", 2]
    return ["toy-ratings", *where, *size, "--sample-maps", 0, "--cache", tmp_path / "cache"]


def test_the_commands_take_it(flags: list[object], rated: Path, tmp_path: Path, command: Command):
    run = tmp_path / "run"
    assert command(train, *flags, "--out", run) is None
    history = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert history[-1]["val"]["mae"] < 0.7 * history[0]["val"]["mae"]
    assert type(load_model(run / "best")) is ToyRater
    data = ["--data", rated, "--valence-scale", 0, 100, "--split", "val", "--workers", 0, "--cpu"]
    assert command(evaluate, "--weights", run / "best", *data, "--out", run / "evaluation") is None
    found = json.loads((run / "evaluation" / "val.json").read_text())
    best = min(entry["val"]["mae"] for entry in history)
    assert found["mae"] == pytest.approx(best, rel=1e-3)
    assert (run / "evaluation" / "note.txt").read_text() == f"error {found['mae']:.3f}"
    assert command(publish, run, "--out", tmp_path / "shipped") is None
    card = ModelCard.load(tmp_path / "shipped" / "README.md").text
    assert "training.train toy-ratings --data DATA --out runs/shipped" in card and "--head-lr 0.02" in card
    assert type(load_model(tmp_path / "shipped")) is ToyRater


def test_it_goes_on_to_the_bit(flags: list[object], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch):
    assert command(train, *flags, "--out", tmp_path / "whole") is None
    step = RatingRun.step

    def stop(self: RatingRun, batches: list) -> None:
        step(self, batches)
        if self.progress.total_steps == 8:
            self.stop_signal = 15

    with monkeypatch.context() as context:
        context.setattr(RatingRun, "step", stop)
        assert command(train, *flags, "--out", tmp_path / "cut") == 130
    assert command(train, *flags, "--out", tmp_path / "cut", "--resume") is None
    whole, cut = (load_model(tmp_path / name / "last").state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(value, cut[name]) for name, value in whole.items())


def test_what_is_learnt_of_an_example(rated: Path):
    from training.data import load_examples

    config = RatingConfig(data=str(rated), out=Path("out"), valence_scale=(0, 100))
    examples = load_examples(config, None, ("val",))
    assert len(examples) == 9 and all(example.label is None for example in examples)
    awe = next(example for example in examples if example.path.parent.name == "awe")
    assert (awe.valence, awe.arousal, awe.scale) == (50, 50, (0, 100))
    assert ratings(awe).tolist() == [5, 5]
