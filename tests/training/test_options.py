"""What the settings of a run do, each against something that shows it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cternet import CTERNet, load_model
from cternet.emotions import MIKELS
from cternet.networks.vanilla import Vanilla
from tests.tiny import tiny_config
from tests.training.conftest import Command, Flags, Train
from tests.training.ranks import run as run_ranks
from training import train as train_module
from training.data import DataError, Example
from training.emotions.config import TrainConfig
from training.emotions.presets import PRESETS
from training.emotions.soft_labels import target_table
from training.emotions.teachers import Teachers
from training.engine.optimisation import build_optimizer, build_schedule
from training.engine.run_folder import changed_settings
from training.sample_figures import sample_figures
from training.train import parse

# Nothing random but the start, so that a batch may be cut up.
# SGD, because Adam divides by the gradient's size and so turns rounding into steps.
PLAIN = {"model__dropout": 0, "model__training_effect": "exact", "epochs": 1, "ema": 0, "optimizer": "sgd", "lr": 0.01}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_model(folder).state_dict()


def furthest(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


def test_accumulated_batches_equal_one_large_batch(train: Train):
    large, small = train("large", batch_size=8, **PLAIN), train("small", batch_size=4, accumulate=2, **PLAIN)
    assert large.progress.total_steps == small.progress.total_steps == 3
    assert furthest(large.bare.state_dict(), small.bare.state_dict()) < 1e-5
    once = train("once", batch_size=4, **PLAIN)
    assert furthest(large.bare.state_dict(), once.bare.state_dict()) > 1e-3


def test_two_processes_equal_one_with_twice_the_batch(flags: Flags, tmp_path: Path):
    log = tmp_path / "log"
    assert run_ranks(flags("one", batch_size=8, **PLAIN), log) == [0], log.read_text()
    assert run_ranks(flags("two", batch_size=4, **PLAIN), log, world=2) == [0, 0], log.read_text()
    one, two = weights(tmp_path / "one" / "last"), weights(tmp_path / "two" / "last")
    assert furthest(one, two) < 1e-5
    start = CTERNet(load_model(tmp_path / "one" / "last").config).state_dict()
    assert furthest(one, start) > 1e-3


def test_accumulation_is_resumed_at_a_step(train: Train, prepare: Train, resumed: Train):
    from training.engine.progress import Interrupted

    settings = {"batch_size": 2, "accumulate": 2, "epochs": 2}
    whole, cut = train("whole", **settings), prepare("cut", **settings)
    step = cut.step

    def stop_at_four(batches: list) -> None:
        step(batches)
        if cut.progress.total_steps == 4:
            cut.stop_signal = 15

    cut.step = stop_at_four
    with pytest.raises(Interrupted):
        cut.train()
    again = resumed("cut", **settings)
    assert furthest(whole.bare.state_dict(), again.bare.state_dict()) == 0


def test_stops_when_val_gets_no_better(train: Train, monkeypatch: pytest.MonkeyPatch):
    from training.emotions import run as classification

    found = iter([0.5, 0.9, 0.8, 0.9, 0.95])
    monkeypatch.setattr(
        classification, "evaluate", lambda *a, **k: {"y_te": {"accuracy": next(found)}, "prediction": "y_te", "images": 9}
    )
    run = train(epochs=5, patience=2)
    assert [entry["val"]["accuracy"] for entry in run.progress.history] == [0.5, 0.9, 0.8, 0.9]


def test_patience_outlives_a_resume(train: Train, resumed: Train):
    """A run that stopped early is finished: taking it up again does nothing."""
    first = train(epochs=6, patience=1, lr=0.0, head_lr=1e-9)
    epochs = len(first.progress.history)
    assert epochs < 6
    assert len(resumed(epochs=6, patience=1, lr=0.0, head_lr=1e-9).progress.history) == epochs


def test_last_and_best_are_kept(train: Train, tmp_path: Path):
    run = train(epochs=3)
    assert furthest(weights(tmp_path / "run" / "last"), run.average.module.state_dict()) == 0
    last = load_model(tmp_path / "run" / "last").config.metrics["val"]
    assert last["y_te"]["accuracy"] == run.progress.history[-1]["val"]["accuracy"]


def test_targets_are_the_shares_of_the_raters():
    examples = [Example(Path("a"), 1, "train"), Example(Path("b"), 0, "train", shares=(0.5, 0.2, 0.3))]
    expected = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.2, 0.3]])
    assert torch.equal(target_table(examples, 3), expected)


def test_soft_labels_are_learnt(prepare: Train):
    """Every image is said to be one third of each class: the network comes to say so."""
    run = prepare(epochs=8, soft_labels=True, label_smoothing=0, model__family="vanilla", **{"model__dropout": 0})
    run.targets = torch.full_like(run.targets, 1 / 3)
    run.train()
    assert run.progress.history[-1]["loss"]["y"] == pytest.approx(np.log(3), abs=0.02)


def test_mixup_mixes_what_goes_in_and_what_is_asked_for(prepare: Train, monkeypatch: pytest.MonkeyPatch):
    run = prepare(epochs=1, mixup=1.0)
    seen, terms = [], run.bare.loss_terms

    def watched(outputs: object, labels: torch.Tensor, **options: object) -> dict[str, torch.Tensor]:
        seen.append(labels)
        return terms(outputs, labels, **options)

    monkeypatch.setattr(run.bare, "loss_terms", watched)
    run.train()
    assert all(labels.shape == (4, 3) and torch.allclose(labels.sum(dim=1), torch.ones(4)) for labels in seen)
    assert any(((labels > 0.05) & (labels < 0.95)).any() for labels in seen)
    inputs, labels = torch.randn(4, 3, 2, 2), torch.tensor([0, 1, 2, 0])
    torch.manual_seed(0)
    mixed, shares = run.mix(inputs, labels)
    share = shares[1, 1]  # of image 1 in its mixture with image 0
    assert torch.allclose(mixed[1], share * inputs[1] + (1 - share) * inputs[0], atol=1e-6)


def network() -> Vanilla:
    return Vanilla(tiny_config(family="vanilla"))


def settings(**changes: object) -> TrainConfig:
    return TrainConfig(data="data", out=Path("out"), **changes)


def test_step_schedule_takes_a_tenth_every_so_many_epochs():
    config = settings(optimizer="sgd", lr=1e-2, head_lr=1e-1, schedule="step", step_epochs=2)
    optimizer = build_optimizer(network(), config)
    schedule = build_schedule(optimizer, config, steps=3)
    rates = []
    for _ in range(12):
        rates.append(schedule.get_last_lr())
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx(np.array([[1e-2, 1e-1]] * 6 + [[1e-3, 1e-2]] * 6))


def test_sgd_has_momentum_and_no_other_decay_than_asked():
    optimizer = build_optimizer(network(), settings(optimizer="sgd", momentum=0.7, weight_decay=0.0))
    assert isinstance(optimizer, torch.optim.SGD)
    assert {(group["momentum"], group["weight_decay"]) for group in optimizer.param_groups} == {(0.7, 0.0)}


def test_a_frozen_trunk_leaves_one_group():
    frozen = network()
    frozen.backbone.freeze(len(frozen.backbone.sections()))
    assert [len(group["params"]) for group in build_optimizer(frozen, settings()).param_groups] == [2]


def test_the_weight_of_the_effect(prepare: Train):
    """The loss is the other terms and so much of CE(Y_TE)."""
    for weight in (0.0, 0.3, 1.0):
        run = prepare(f"weight-{weight}", effect_weight=weight)
        batch = next(run.features.training(run.sampler(epoch=0, start_step=0), from_start=False))
        torch.manual_seed(0)
        loss, terms = run.loss(*batch)
        assert loss.item() == pytest.approx((terms["v"] + terms["y"] + weight * terms["y_te"]).item(), rel=1e-6)
        assert terms["y_te"] > 0


def test_effect_warm_up(prepare: Train, monkeypatch: pytest.MonkeyPatch):
    """In the first step CE(Y_TE) counts nothing: the gradient is that of the other terms."""
    gradients = {}
    for name, changes in {"warm": {"effect_warmup": 2}, "full": {}}.items():
        run = prepare(name, **changes)
        run.network.train()
        batch = next(run.features.training(run.sampler(epoch=0, start_step=0), from_start=False))
        torch.manual_seed(0)
        run.backward(batch, 1)
        gradients[name] = run.bare.coupling.classifier.bias.grad.clone()
        if name == "warm":
            run.progress.total_steps = run.steps  # half-way through the rise
            run.optimizer.zero_grad()
            torch.manual_seed(0)
            run.backward(batch, 1)
            gradients["half"] = run.bare.coupling.classifier.bias.grad.clone()
    # The bias cancels in Y_TE, so it does not tell; the coupling's weight does, but the bias must agree.
    assert torch.allclose(gradients["warm"], gradients["half"])


@pytest.mark.parametrize("name", PRESETS)
def test_recipes(name: str):
    config = parse([name, "--data", "somewhere", "--out", "run", "--seed", "7"])
    assert config.seed == 7
    assert config.data == "somewhere"
    if name.endswith("-paper"):
        assert (config.model.backbone, config.model.image_size, config.model.geometry) == ("res2net101d", 448, "center")
        assert (config.optimizer, config.lr, config.head_lr, config.momentum) == ("sgd", 1e-4, 1e-4, 0.9)
        assert (config.schedule, config.step_epochs) == ("step", 10)
    if name == "fi-clef":
        assert config.model.family == "clef" and config.model.classes == MIKELS
        return
    assert config.model.budget == "equal"
    assert config.model.answer == ("y_te" if name.endswith("-paper") else "y"), "the paper's answer is Y_TE"
    if name.startswith("fi-") and "polarity" not in name:
        assert config.model.classes == MIKELS


def test_recipes_are_listed_and_unknown_ones_answered(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        parse(["--help"])
    listed = capsys.readouterr().out
    assert all(name in listed for name in PRESETS)
    with pytest.raises(SystemExit, match=r"no recipe is called 'fi-papr'; choose one of fi-paper, "):
        parse(["fi-papr", "--data", "x"])


def test_a_run_by_recipe(flags: Flags, tmp_path: Path, command: Command):
    given = flags(epochs=1, precision="no")
    assert "give a checkpoint with --start" in command(train_module, "fi-cpu", *given)
    assert command(train_module, "fi-cpu", *given, "--no-start-head") is None
    trained = load_model(tmp_path / "run" / "best").config
    assert (trained.budget, trained.answer) == ("equal", "y")


@pytest.mark.parametrize("fast", [True, False])
def test_auto_precision_is_recorded_as_what_it_was(train: Train, tmp_path: Path, monkeypatch, capsys, fast: bool):
    """So that a run is never resumed, unnoticed, in another precision."""
    monkeypatch.setattr("cternet.networks.precision.has_fast_bfloat16", lambda _: fast)
    run = train(precision="auto", epochs=1)
    used = "bf16" if fast else "no"
    assert run.accelerator.mixed_precision == used
    assert json.loads((tmp_path / "run" / "settings.json").read_text())["precision"] == used
    assert f"precision: {'bfloat16' if fast else 'float32'}" in capsys.readouterr().err
    assert changed_settings(replace(run.config, precision=used)) == []
    assert changed_settings(replace(run.config, precision="no" if fast else "bf16")) == ["precision"]


def test_names_of_classes_stand_for_them():
    assert replace(tiny_config(), classes=("polarity",)).classes == ("negative", "positive")
    with pytest.raises(ValueError, match="or one of the names mikels, ekman, polarity"):
        replace(tiny_config(), classes=("plutchik",))


def test_sample_maps_are_logged(train: Train, tmp_path: Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(epochs=2, sample_maps=2)
    events = EventAccumulator(str(next((tmp_path / "run" / "tensorboard").rglob("events*")).parent)).Reload()
    assert events.Tags()["images"] == ["maps/0", "maps/1"]
    assert [event.step for event in events.Images("maps/1")] == [6, 12]
    pictures = sample_figures(run.weights, run.examples["val"][:2])
    assert [picture.dtype for picture in pictures] == [np.uint8] * 2
    assert all(picture.std() > 10 for picture in pictures)
    assert (pictures[0] != pictures[1]).any()
    assert run.bare.coupling.classifier.weight.requires_grad, "drawing leaves the network in training"


def test_a_tracker_that_is_not_installed(prepare: Train):
    with pytest.raises(DataError, match="--tracker wandb needs a package that is not installed: pip install wandb"):
        prepare(tracker="wandb")


@pytest.mark.slow
def test_compiled_run_learns_the_same(train: Train):
    plain, compiled = train("plain", **PLAIN), train("compiled", compile=True, **PLAIN)
    assert furthest(plain.bare.state_dict(), compiled.bare.state_dict()) < 1e-4


# --- teachers


def test_teachers_soften_the_labels(train: Train, prepare: Train, tmp_path: Path):
    train("a", model__family="vanilla")
    train("b", model__family="smad-f", seed=1, start=tmp_path / "a" / "best")
    folders = (tmp_path / "a" / "best", tmp_path / "b" / "best")
    start = {"start": folders[0], "epochs": 1}
    taught = prepare("taught", **start)
    teachers = Teachers(folders, taught.bare, 2, 0.25)
    inputs, labels, _ = next(taught.features.training(taught.sampler(epoch=0, start_step=0), from_start=False))
    with torch.no_grad():
        answers = [load_model(folder).eval()(inputs, start=2).y.softmax(dim=1) for folder in folders]
    expected = 0.75 * torch.nn.functional.one_hot(labels, 3) + 0.25 * (answers[0] + answers[1]) / 2
    assert torch.allclose(teachers.targets(inputs, labels), expected, atol=1e-6)
    shares = torch.full((4, 3), 1 / 3)
    assert torch.allclose(teachers.targets(inputs, shares), 0.25 + 0.25 * (answers[0] + answers[1]) / 2, atol=1e-6)


def test_a_run_learns_from_its_teachers(train: Train, prepare: Train, tmp_path: Path):
    """With the teachers' answer as the whole target, the labels do not matter."""
    train("teacher", model__family="vanilla")
    folder = tmp_path / "teacher" / "best"
    runs = []
    for name in ("right", "wrong"):
        run = prepare(name, start=folder, teachers=folder, teaching=1.0, epochs=1)
        if name == "wrong":
            run.features.photos.examples = [replace(example, label=0) for example in run.features.photos.examples]
        run.train_epoch()
        runs.append(run.bare.state_dict())
    assert furthest(*runs) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "has other frozen sections; use one that came from the same start"),
        ({"teachers": "nowhere"}, "--teachers: .*nowhere"),
    ],
)
def test_teachers_that_do_not_fit(train: Train, prepare: Train, tmp_path: Path, changes: dict, said: str):
    train("teacher", epochs=1, seed=5)
    with pytest.raises(DataError, match=said):
        prepare(**{"teachers": tmp_path / "teacher" / "best"} | changes)


def test_a_plain_classifier_becomes_the_coupling(train: Train, prepare: Train, tmp_path: Path):
    """Where S is 1, Y(S) is the classifier's answer."""
    train("plain", model__family="vanilla")
    folder = tmp_path / "plain" / "best"
    plain = load_model(folder).eval()
    run = prepare(start=folder, start_head=True, model__reduced_channels=plain.backbone.channels)
    x = torch.randn(2, plain.backbone.channels, 4, 4)
    y = run.bare.coupling(torch.ones(2, 1, 4, 4), run.bare.coupling.reduce(x))
    assert torch.allclose(y, plain.eval().forward_head(x).y, atol=1e-5)
    with pytest.raises(DataError, match="does not fit into the cternet network"):
        prepare("other", start=folder, start_head=True)


def test_a_plain_classifier_starts_wscnet(train: Train, prepare: Train, tmp_path: Path):
    """Where S is 1, both halves of [X ; X * S] are X, and each has half the classifier's weight."""
    train("plain", model__family="vanilla")
    folder = tmp_path / "plain" / "best"
    plain = load_model(folder).eval()
    run = prepare(start=folder, start_head=True, model__family="wscnet")
    x = torch.randn(2, plain.backbone.channels, 4, 4)
    y = run.bare.wscnet.classifier(x.mean(dim=(2, 3)).repeat(1, 2))
    assert torch.allclose(y, plain.forward_head(x).y, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 5, 10])
def test_one_cycle_of_any_length(steps: int):
    config = settings(epochs=1)
    optimizer = build_optimizer(network(), config)
    schedule = build_schedule(optimizer, config, steps)
    for _ in range(steps):
        optimizer.step()
        schedule.step()
    assert schedule.get_last_lr()[0] < config.lr
