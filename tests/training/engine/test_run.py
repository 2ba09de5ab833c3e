"""Whole runs: they learn, they keep the best, and they end with a sentence when something is wrong."""

import errno
import json
from pathlib import Path

import pytest
import torch

from cternet import load_model
from tests.training.conftest import Command, Flags, Train
from training import train as train_module
from training.data import DataError
from training.engine.state import newest_state
from training.files import SaveError

PAPER_LIKE = {
    "optimizer": "sgd",
    "schedule": "step",
    "step_epochs": 8,
    "epochs": 10,
    "frozen_sections": 0,
    "train_batch_norm": True,
    "ema": 0,
    "lr": 0.05,
    "head_lr": 0.05,
    "model__family": "vanilla",
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"eq7_alone": True},
        {"model__family": "vanilla"},
        {"model__family": "wscnet"},
        {"model__family": "smad-f"},
        {"model__allocation": "shuffle"},
        {"model__training_effect": "exact"},
        {"frozen_sections": 0, "ema": 0},
        PAPER_LIKE,
        {"mixup": 0.4, "epochs": 10},
        {"balance": 1.0},
        {"model__draws": 3, "effect_warmup": 2},
        {"model__budget": "free"},
    ],
    ids=str,
)
def test_learns_what_anyone_can_tell_apart(train: Train, changes: dict):
    """Three classes of three colours: chance is 1/3."""
    run = train(**{"epochs": 6} | changes)
    history = run.progress.history
    assert [entry["epoch"] for entry in history] == list(range(1, run.config.epochs + 1))
    assert run.progress.best == max(entry["val"]["accuracy"] for entry in history) > 0.8
    first, last = (sum(entry["loss"].values()) for entry in (history[0], history[-1]))
    assert last < first


def test_what_a_run_leaves(train: Train, tmp_path: Path):
    run = train(epochs=2)
    out = tmp_path / "run"
    assert {path.name for path in out.iterdir()} == {"best", "last", "metrics.jsonl", "settings.json", "state", "tensorboard"}
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert lines == run.progress.history
    assert set(lines[0]["loss"]) == {"v", "y", "y_te"}
    answers = {"accuracy", "polarity_accuracy", "accuracy_v", "accuracy_y", "accuracy_y_te"}
    audit = {"accuracy_y_flat", "accuracy_y_reversed", "accuracy_y_another", "changed_by_flat", "top_quarter"}
    assert set(lines[0]["val"]) == answers | audit
    assert list((out / "tensorboard").rglob("events*"))
    assert newest_state(out).name == "step-12"


def test_the_best_epoch_is_kept(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By accuracy on val; of equal ones the first."""
    found = iter([0.5, 0.9, 0.9, 0.2])
    kept = []
    from training.emotions import run as classification

    def scored(network, *args, **kwargs):
        kept.append(network.coupling.classifier.weight.clone())
        accuracy = {"accuracy": next(found), "polarity_accuracy": 0.5}
        return {name: accuracy for name in ("v", "y", "y_te")} | {"prediction": "y_te", "images": 9}

    monkeypatch.setattr(classification, "evaluate", scored)
    run = train(epochs=4)
    best = load_model(tmp_path / "run" / "best")
    assert torch.equal(best.coupling.classifier.weight, kept[1])
    assert run.progress.best == best.config.metrics["val"]["y_te"]["accuracy"] == 0.9


def test_the_kept_weights_are_the_evaluated_ones(train: Train, tmp_path: Path):
    """The averaged weights, in a folder the library reads, with the figures of that epoch."""
    run = train(epochs=1)
    best = load_model(tmp_path / "run" / "best")
    for name, tensor in best.state_dict().items():
        assert torch.equal(tensor, run.average.module.state_dict()[name])
    assert not torch.equal(best.coupling.classifier.weight, run.bare.coupling.classifier.weight)
    assert best.config.metrics["val"]["y_te"]["accuracy"] == run.progress.history[0]["val"]["accuracy"]
    assert best.config.classes == run.config.model.classes


def test_frozen_parts_stay(prepare: Train):
    run = prepare(frozen_sections=2)
    before = {name: p.clone() for name, p in run.bare.named_parameters()}
    buffers = {name: b.clone() for name, b in run.bare.named_buffers() if name.startswith("backbone.")}
    run.train()
    frozen = {id(p) for section in run.bare.backbone.sections()[:2] for p in section.parameters()}
    for name, p in run.bare.named_parameters():
        assert torch.equal(p, before[name]) == (id(p) in frozen), name
    for name, b in run.bare.named_buffers():
        if name in buffers:
            assert torch.equal(b, buffers[name]), f"{name}: batch norms keep their statistics"


def test_batch_norms_may_follow_the_batches(prepare: Train):
    run = prepare(frozen_sections=0, train_batch_norm=True, epochs=1)
    before = {name: b.clone() for name, b in run.bare.named_buffers() if name.endswith("running_mean")}
    run.train()
    assert all(not torch.equal(b, before[name]) for name, b in run.bare.named_buffers() if name in before)


def test_workers_change_nothing(train: Train):
    ours, theirs = train("none", epochs=1), train("one", epochs=1, workers=1)
    assert ours.progress.history == theirs.progress.history
    for name, tensor in ours.bare.state_dict().items():
        assert torch.equal(tensor, theirs.bare.state_dict()[name])


def test_seeds_change_everything(train: Train):
    ours, theirs = train("0", epochs=1), train("1", epochs=1, seed=1)
    assert not torch.equal(ours.bare.coupling.classifier.weight, theirs.bare.coupling.classifier.weight)


# --- when something is wrong


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_no_number_stops_the_run(prepare: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: float):
    run = prepare()
    loss_terms = run.bare.loss_terms

    def broken(*args, **kwargs):
        terms = loss_terms(*args, **kwargs)
        return {name: term * bad for name, term in terms.items()} if run.progress.total_steps == 8 else terms

    monkeypatch.setattr(run.bare, "loss_terms", broken)
    with pytest.raises(DataError, match=r"no number in epoch 2, step 3 \(loss: .*(nan|inf).*\); lower --lr") as caught:
        run.train()
    assert "\n" not in str(caught.value)
    named = [example for example in run.examples["train"] if str(example.path) in str(caught.value)]
    assert len(named) == run.config.batch_size
    assert newest_state(tmp_path / "run").name == "step-8"
    assert all(torch.isfinite(p).all() for p in run.bare.parameters())


@pytest.mark.parametrize("what", ["state", "best"])
def test_a_full_disk_leaves_the_last_good_checkpoint(
    prepare: Train, train: Train, resumed: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
):
    from accelerate import Accelerator

    from cternet import CTERNet

    owner, name = (Accelerator, "save_state") if what == "state" else (CTERNet, "save_pretrained")
    original, calls = getattr(owner, name), []

    def full(self, folder, *args, **kwargs):
        original(self, folder, *args, **kwargs)
        calls.append(folder)
        if len(calls) == (6 if what == "state" else 3):
            raise OSError(errno.ENOSPC, "No space left on device")

    run = prepare(epochs=4)
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(SaveError, match="the disk is full"):
        run.train()
    monkeypatch.undo()
    out = tmp_path / "run"
    assert newest_state(out) is not None
    assert not [path for path in out.rglob(".*") if path.name.startswith((".best", ".step"))]
    load_model(out / "best")
    again, plain = resumed(epochs=4), train("plain", epochs=4)
    assert again.progress.history == plain.progress.history
    for key, tensor in again.bare.state_dict().items():
        assert torch.equal(tensor, plain.bare.state_dict()[key])


# --- the command


def test_command(flags: Flags, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    assert command(train_module, *flags(epochs=1)) is None
    said = capsys.readouterr().out
    assert "best epoch on val" in said
    assert str(tmp_path / "run" / "best") in said
    error = command(train_module, *flags(epochs=1))
    assert error.startswith("error: ")
    assert "already holds a run" in error


def test_command_without_data(flags: Flags, tmp_path: Path, command: Command):
    error = command(train_module, *flags(data=tmp_path / "gone"))
    assert error.startswith("error: ")
    assert "--data" in error
    assert not (tmp_path / "run").exists()


def test_command_with_too_large_a_batch(flags: Flags, command: Command):
    assert "--batch-size" in command(train_module, *flags(batch_size=100))


@pytest.mark.parametrize("follows", [True, False])
def test_batch_norms_follow_the_batches_only_if_asked_and_never_in_frozen_sections(prepare: Train, follows: bool):
    run = prepare(frozen_sections=2, epochs=1, **({"train_batch_norm": True} if follows else {}))
    before = {name: value.clone() for name, value in run.bare.backbone.named_buffers() if name.endswith("running_mean")}
    frozen = {id(b) for section in run.bare.backbone.sections()[:2] for b in section.buffers()}
    run.train_epoch()
    moved = {name: not torch.equal(value, before[name]) for name, value in run.bare.backbone.named_buffers() if name in before}
    inside = {name: id(value) in frozen for name, value in run.bare.backbone.named_buffers() if name in before}
    assert any(inside.values())
    assert not any(moved[name] for name in moved if inside[name])
    assert all(moved[name] == follows for name in moved if not inside[name])
