"""Whole saliency runs: they learn, keep the best, resume to the bit, and end with a sentence when something is wrong."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from cternet.networks.checkpoint import load_model
from tests.training.conftest import Command
from tests.training.engine.test_resume import assert_same_run
from tests.training.ranks import run as run_processes
from tests.training.saliency.conftest import Flags, Train
from tests.training.saliency.made_up import write_duts
from training import train as train_module
from training.data import DataError
from training.engine.progress import Interrupted
from training.engine.state import newest_state

KILL = int(signal.SIGKILL)


def test_learns_to_mark_the_disc(train: Train, tmp_path: Path):
    run = train(epochs=8)
    history = run.progress.history
    assert [entry["epoch"] for entry in history] == list(range(1, 9))
    assert sum(history[-1]["loss"].values()) < 0.7 * sum(history[0]["loss"].values())
    assert history[-1]["val"]["max_f"] > 0.9
    assert history[-1]["val"]["mae"] < 0.1
    assert run.progress.best == max(entry["val"]["max_f"] - entry["val"]["mae"] for entry in history)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "best",
        "last",
        "metrics.jsonl",
        "settings.json",
        "state",
        "tensorboard",
    }


def test_the_kept_weights_are_the_evaluated_ones(train: Train, tmp_path: Path):
    """The averaged weights and batch-norm statistics, with the figures of that epoch."""
    run = train(epochs=1)
    best = load_model(tmp_path / "run" / "best")
    for name, tensor in best.state_dict().items():
        assert torch.equal(tensor, run.average.module.state_dict()[name])
    figures = best.config.metrics["val"]
    assert {name: figures[name] for name in ("mae", "max_f")} == run.progress.history[0]["val"]
    norm = "context.reduce.1.running_mean"
    assert not torch.equal(best.state_dict()[norm], run.bare.state_dict()[norm])


def test_the_best_epoch_is_kept(prepare: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By max F less the error; of equal ones the first."""
    found = iter([(0.25, 0.5), (0.25, 0.75), (0.5, 1.0), (0.5, 0.75)])
    run, kept = prepare(epochs=4), []

    def scored() -> tuple[dict, dict]:
        kept.append(run.weights.context.score.weight.clone())
        val = dict(zip(("mae", "max_f"), next(found), strict=True))
        return val, val

    monkeypatch.setattr(run, "validate", scored)
    assert run.train()["epoch"] == 2
    assert torch.equal(load_model(tmp_path / "run" / "best").context.score.weight, kept[1])


def test_frozen_sections_stay(prepare: Train):
    run = prepare(frozen_sections=3, epochs=1)
    before = {name: value.clone() for name, value in run.bare.backbone.state_dict().items()}
    frozen = {id(p) for section in run.bare.backbone.sections()[:3] for p in section.parameters()}
    run.train()
    for name, p in run.bare.backbone.named_parameters():
        assert torch.equal(p, before[name]) == (id(p) in frozen), name
    for name, b in run.bare.backbone.named_buffers():
        assert torch.equal(b, before[name]), f"{name}: the backbone's batch norms keep their statistics"


def test_starts_from_a_backbone_or_from_everything(train: Train, prepare: Train, tmp_path: Path):
    trained = train("first", epochs=1)
    start = tmp_path / "first" / "last"
    backbone, everything = prepare("backbone", start=start), prepare("everything", start=start, start_head=True)
    theirs = trained.average.module.state_dict()
    for run, whole in ((backbone, False), (everything, True)):
        for name, tensor in run.bare.state_dict().items():
            if name.startswith("backbone.") or whole:
                assert torch.equal(tensor, theirs[name]), name
    assert not torch.equal(backbone.bare.context.score.weight, theirs["context.score.weight"])
    with pytest.raises(DataError, match=r"--start-head: \S+last is not of the network to train; give the same --model"):
        prepare("other", start=start, start_head=True, model__channels=8)


def test_sample_maps_are_logged(train: Train, tmp_path: Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(epochs=1, sample_maps=2)
    events = EventAccumulator(str(next((tmp_path / "run" / "tensorboard").rglob("events*")).parent))
    events.Reload()
    assert events.Tags()["images"] == ["maps/0", "maps/1"]
    picture = events.Images("maps/0")[0]
    assert (picture.height, picture.width) == (64, 3 * 64)
    assert {"val/mae", "val/max_f"} <= set(events.Tags()["scalars"])


# --- resume


@pytest.mark.parametrize(("where", "world"), [("step", 1), ("saving", 1), ("step", 2)])
def test_killed(flags: Flags, tmp_path: Path, where: str, world: int):
    """Shot, then resumed: the same run, to the bit."""
    log = tmp_path / "log"
    assert run_processes(["saliency", *flags("whole")], log, world=world) == [0] * world, log.read_text()
    codes = run_processes(["saliency", *flags("cut")], log, world=world, die=(where, 3, KILL))
    assert KILL in [-code for code in codes], log.read_text()
    assert run_processes(["saliency", *flags("cut", resume=True)], log, world=world) == [0] * world, log.read_text()
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    config = json.loads((tmp_path / "cut" / "best" / "config.json").read_text())
    assert config["metrics"]["val"]["images"] == 6


def test_sigterm_saves_and_leaves(train: Train, prepare: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    train("whole")
    run = prepare("cut", save_every=100)
    step = run.step

    def signalled(batches: list) -> None:
        step(batches)
        if run.progress.total_steps == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(run, "step", signalled)
    with pytest.raises(Interrupted, match="epoch 2, step 1; saved, go on with --resume"):
        run.train()
    assert newest_state(tmp_path / "cut").name == "step-5"
    prepare("cut", save_every=100, resume=True).train()
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"lr": 0.1}, r"other settings \(lr\)"), ({"model__channels": 8}, r"other settings \(model\.channels\)")],
)
def test_other_settings_are_refused(train: Train, prepare: Train, changes: dict, words: str):
    train(epochs=2)
    with pytest.raises(DataError, match=words):
        prepare(resume=True, epochs=2, **changes)


def test_other_masks_are_refused(train: Train, prepare: Train, trees: Path):
    train()
    from PIL import Image

    path = trees / "masks" / "train" / "even" / "0.png"
    Image.open(path).resize((90, 90)).save(path)
    with pytest.raises(DataError, match=r"are not those \S+ was saved with"):
        prepare(resume=True)


# --- the command


def test_command(flags: Flags, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    assert command(train_module, "saliency", *flags(epochs=1)) is None
    assert str(tmp_path / "run" / "best") in capsys.readouterr().out
    error = command(train_module, "saliency", *flags(epochs=1))
    assert error.startswith("error: ")
    assert "already holds a run" in error


def test_duts_needs_no_masks(flags: Flags, tmp_path: Path, command: Command):
    duts = write_duts(tmp_path / "DUTS")
    assert command(train_module, "saliency", *flags(data=duts, masks=None, epochs=1)) is None
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert settings["masks"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": "gone"}, "gone is no folder"),
        ({"masks": None}, "name the folder of the masks with --masks"),
        ({"start": "gone.safetensors"}, "do not exist"),
        ({"start_head": True}, "give a checkpoint with --start"),
        ({"model__backbone": "resnet5000"}, "choose another --model.backbone"),
        ({"batch_size": 100}, "--batch-size"),
    ],
    ids=str,
)
def test_command_says_what_is_wrong(flags: Flags, command: Command, tmp_path: Path, changes: dict, words: str):
    error = command(train_module, "saliency", *flags(**changes))
    assert error.startswith("error: ")
    assert words in error
    assert not (tmp_path / "run").exists()
