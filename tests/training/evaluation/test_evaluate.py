"""The command from end to end, on networks with random weights."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from tests.tiny import photo_tensor, tiny_network
from tests.training.made_up import CLASSES
from training import evaluate
from training.data import Example
from training.emotions import evaluate as measuring

Command = Callable[..., Any]


def save(folder: Path, seed: int = 0, **changes: Any) -> Path:
    network = tiny_network(seed, **{"classes": CLASSES} | changes)
    network.save_pretrained(folder, config=asdict(network.config))
    return folder


@pytest.fixture
def command(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command; returns its JSON, or how it left.  Pictures are drawn, which takes most of the time, on request."""

    def run(
        *flags: object, weights: Path | None = None, data: Path = photos, split: str = "val", pictures: bool = False
    ) -> Any:
        weights = weights or save(tmp_path / "net")
        if not pictures:
            monkeypatch.setattr(Figure, "savefig", lambda *_: None)
        fixed = ["--weights", weights, "--data", data, "--split", split, "--out", tmp_path / "out", "--workers", 0, "--cpu"]
        monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, fixed), *map(str, flags)])
        try:
            evaluate.main()
        except SystemExit as left:
            return left.code
        ways = "".join(f"-{way}" for way in ("polarity", "flip") if f"--{way}" in flags)
        return json.loads((tmp_path / "out" / f"{split}{ways}.json").read_text())

    return run


def test_everything_of_one_checkpoint(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture):
    found = command(split="all", pictures=True)
    assert found["images"] == 24 + 9
    assert found["majority"] == {"class": "amusement", "share": pytest.approx(1 / 3)}
    assert found["prediction"] == "y_te"
    for name in ("v", "y", "y_te"):
        low, high = found[name]["interval"]["accuracy"]
        assert low <= found[name]["accuracy"] <= high
        assert sum(entry["images"] for entry in found[name]["calibration"]["bins"]) == 33
    report = (tmp_path / "out" / "all.md").read_text()
    assert f"{100 * found['y_te']['accuracy']:.2f} [" in report
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert pictures == {f"all-confusion-{name}.png" for name in ("v", "y", "y_te")} | {"all-reliability.png"}
    assert all(f"]({name})" in report for name in pictures)
    for name in pictures:
        assert np.asarray(Image.open(tmp_path / "out" / name).convert("L")).std() > 5, "not blank"
    printed = capsys.readouterr().out
    assert "Y_TE (total effect) *" in printed
    assert "stimulus_maps" not in found
    assert "against" not in found


def test_against_another_checkpoint_whatever_the_order_of_its_classes(command: Command, tmp_path: Path):
    """The same weights with two classes exchanged differ nowhere; other weights do, and see their own size of input."""
    first = save(tmp_path / "first", family="vanilla")
    network = tiny_network(family="vanilla", classes=CLASSES)
    network.config.classes = (CLASSES[1], CLASSES[0], CLASSES[2])
    with torch.no_grad():
        for part in (network.classifier.weight, network.classifier.bias):
            part[:2] = part[:2].flip(0).clone()
    network.save_pretrained(tmp_path / "exchanged", config=asdict(network.config))
    found = command("--against", tmp_path / "exchanged", weights=first)["against"]
    assert (found["disagree"], found["accuracy"]["interval"], found["weights"]) == (0, [0, 0], "exchanged")

    other = save(tmp_path / "run" / "best", seed=3, image_size=96)
    found = command("--against", other, weights=first)
    assert "## Against run/best" in (tmp_path / "out" / "val.md").read_text()
    alone = command(weights=other)
    assert found["against"]["weights"] == "run/best"
    assert found["against"]["prediction"] == "y_te"
    assert found["against"]["accuracy"]["second"] == alone["y_te"]["accuracy"]
    assert found["against"]["accuracy"]["first"] == found["y"]["accuracy"]


def test_a_network_of_emotions_on_polarities(command: Command, photos: Path, tmp_path: Path):
    """Photos of awe and fear under other names; amusement and awe count as positive."""
    data = tmp_path / "polar"
    (data / "test").mkdir(parents=True)
    (data / "test" / "positive").symlink_to(photos / "train" / "awe")
    (data / "test" / "negative").symlink_to(photos / "val" / "fear")
    found = command("--polarity", data=data, split="test")
    network = tiny_network(classes=CLASSES)
    truth = [0] * 3 + [1] * 8
    files = sorted((data / "test" / "negative").iterdir()) + sorted((data / "test" / "positive").iterdir())
    with torch.no_grad():
        logits = torch.cat([network(photo_tensor(network.config, Image.open(path))).y_te for path in files])
    by_argmax = [int(label != 2) for label in logits.argmax(dim=1).tolist()]
    by_sum = [int(share > 0.5) for share in logits.softmax(dim=1)[:, :2].sum(dim=1).tolist()]
    answer = found["y_te"]
    assert answer["polarity_accuracy"] == pytest.approx(np.mean(np.equal(by_argmax, truth)))
    assert answer["polarity_accuracy_by_sum"] == answer["accuracy"] == pytest.approx(np.mean(np.equal(by_sum, truth)))
    assert [sum(row) for row in answer["confusion_matrix"]] == [3, 8]
    assert found["majority"] == {"class": "positive", "share": pytest.approx(8 / 11)}
    two = save(tmp_path / "two", family="vanilla", classes=("positive", "negative"))
    against = command("--polarity", "--against", two, data=data, split="test")["against"]
    assert 0 <= against["accuracy"]["second"] <= 1
    assert "polarity_accuracy" not in against


def test_stimulus_maps_are_reported(command: Command, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    marking = np.zeros((60, 80), np.uint8)
    marking[20:50, 10:30] = 255
    Image.fromarray(marking).save(tmp_path / "marking.png")
    examples = [Example(photos / "val" / "awe" / f"{n}.png", n % 3, "val", None, tmp_path / "marking.png") for n in range(3)]
    monkeypatch.setattr(measuring, "load_examples", lambda *_: examples)
    found = command()["stimulus_maps"]
    assert found["images"] == 3
    assert found["maps"]["uniform"]["precision"] == pytest.approx(30 * 20 / (60 * 80))
    assert "| control: bump in the middle" in (tmp_path / "out" / "val.md").read_text()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--against", "other"], "--polarity"),
        (["--against", "gone"], "not a checkpoint folder"),
        (["--polarity"], "other-labels"),
    ],
)
def test_says_what_is_wrong(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], words: str):
    save(tmp_path / "other", classes=("awe", "joy", "fear"))
    monkeypatch.chdir(tmp_path)
    if flags == ["--polarity"]:
        data = tmp_path / "data" / "val" / "sunny"
        data.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(data / "0.png")
        assert words in command(*flags, data=tmp_path / "data")
    else:
        assert words in command(*flags)


def test_stopping_leaves_nothing(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "summarise", stop)
    assert command() == 130
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("family", ["cternet", "smad-f"])
def test_attention_is_audited(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture, family: str):
    found = command("--attention", weights=save(tmp_path / family, family=family))
    attention = found["attention"]
    assert attention["own"]["accuracy"] == pytest.approx(found["y"]["accuracy"])
    assert ("amount" in attention) is (family == "cternet")
    report = (tmp_path / "out" / "val.md").read_text()
    assert "## Does attention matter?" in report
    assert ("(val-attention.png)" in report) is (family == "cternet")
    assert "S turned around" in capsys.readouterr().out


def test_the_maps_are_drawn_with_and_without_their_photos(command: Command, tmp_path: Path):
    weights = save(tmp_path / "network", budget="equal")
    sides = []
    for flag in ("--photos", "--no-photos"):
        command("--attention", "--samples", "1", flag, weights=weights, pictures=True)
        pixels = Image.open(tmp_path / "out" / "val-attention.png").convert("RGB")
        sides.append(pixels.size)
        colours = np.asarray(pixels).reshape(-1, 3)
        assert len(np.unique(colours, axis=0)) > 50
    assert sides[0][0] > sides[1][0], "one panel less a photo"
    assert "Attention" in (tmp_path / "out" / "val.md").read_text()


def test_attention_of_a_network_without_such_a_head_is_refused(command: Command, tmp_path: Path):
    assert "a vanilla network has no head that is linear in such a map; give it one of the family smad-f or cternet" in command(
        "--attention", weights=save(tmp_path / "v", family="vanilla")
    )
    assert "leave out --polarity" in command("--attention", "--polarity")
