"""``python -m cternet``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cternet import Predictor
from cternet.__main__ import main
from cternet.networks.ras import RAS, RASConfig
from tests.tiny import tiny_network, tiny_photo

Command = Callable[..., int]


@pytest.fixture
def command(checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    folder = checkpoint()
    tiny_photo(1).save(tmp_path / "photo.png")

    def run(*arguments: object) -> int:
        flags = ["--weights", folder, "--out", tmp_path / "out", "--device", "cpu", *arguments]
        monkeypatch.setattr(sys, "argv", ["cternet", *map(str, flags)])
        return main()

    return run


def made(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "out").iterdir()} if (tmp_path / "out").exists() else set()


def test_figure_and_numbers(command: Command, tmp_path: Path):
    assert command(tmp_path / "photo.png") == 0
    assert made(tmp_path) == {"photo.png", "photo.json"}
    expected = Predictor.from_pretrained(tmp_path / "checkpoint", device="cpu").analyze(tmp_path / "photo.png")
    found = json.loads((tmp_path / "out" / "photo.json").read_text())
    assert found["prediction"] == expected.prediction
    assert list(found["Y_TE"].values()) == pytest.approx(list(expected.total_effect))


def test_another_allocation(command: Command, tmp_path: Path):
    assert command(tmp_path / "photo.png", "--allocation", "reverse", "--level", "map", "--arrays") == 0
    assert made(tmp_path) == {"photo.png", "photo.json", "photo.npz"}
    found = json.loads((tmp_path / "out" / "photo.json").read_text())
    assert (found["counterfactual"]["allocation"], found["counterfactual"]["level"]) == ("reverse", "map")
    assert found["predicted_with"] == {"answer": "Y_TE", "allocation": "random", "level": "attention", "budget": "free"}


def test_a_network_without_counterfactual(
    command: Command, checkpoint: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    plain = checkpoint(tiny_network(family="vanilla"), "plain")
    assert command(tmp_path / "photo.png", "--weights", plain, "--arrays") == 0
    assert made(tmp_path) == {"photo.png", "photo.json", "photo.npz"}
    expected = Predictor.from_pretrained(plain, device="cpu").analyze(tmp_path / "photo.png")
    assert json.loads((tmp_path / "out" / "photo.json").read_text()) == json.loads(json.dumps(expected.numbers()))
    assert command(tmp_path / "photo.png", "--weights", plain, "--allocation", "reverse") == 2
    assert "plain has no counterfactual S*; leave out --allocation, or give --weights of the family cternet" in (
        capsys.readouterr().err
    )


def test_a_saliency_network_names_no_emotions(
    command: Command, checkpoint: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    ras = checkpoint(RAS(RASConfig(backbone="test_efficientnet", channels=8, image_size=64)), "ras")
    assert command(tmp_path / "photo.png", "--weights", ras) == 2
    said = capsys.readouterr().err
    assert "RAS, a saliency network, which names no emotions; give a checkpoint of the family vanilla, wscnet" in said


def test_a_bad_photo_does_not_stop_the_others(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "letter.jpg").write_text("no photo")
    tiny_photo(2).save(tmp_path / "other.png")
    assert command(tmp_path / "photo.png", tmp_path / "letter.jpg", tmp_path / "other.png") == 1
    assert made(tmp_path) == {"photo.png", "photo.json", "other.png", "other.json"}
    assert "letter.jpg is not an image" in capsys.readouterr().err


def test_a_folder_is_a_survey(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "holiday").mkdir()
    assert command(tmp_path / "holiday", tmp_path / "photo.png") == 1
    captured = capsys.readouterr()
    assert f"for its photos: python -m cternet.survey {tmp_path / 'holiday'} --out report/" in captured.err
    assert made(tmp_path) == {"photo.png", "photo.json"}
    answer = Predictor.from_pretrained(tmp_path / "checkpoint", device="cpu").analyze(tmp_path / "photo.png")
    assert f"photo.png: {answer.prediction} ({answer.polarity}), {100 * answer.probabilities.max():.0f} %" in captured.out


def test_photos_of_the_same_name_are_both_kept(command: Command, tmp_path: Path):
    for name, ending in (("a", "png"), ("b", "png"), ("b", "bmp")):
        (tmp_path / name).mkdir(exist_ok=True)
        tiny_photo(3).save(tmp_path / name / f"same.{ending}")
    assert command(*sorted(tmp_path.glob("?/same.*"))) == 0
    assert len([name for name in made(tmp_path) if name.endswith(".json")]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--weights", "gone"], "not a checkpoint folder"),
        (["--emotion", "boredom"], "unknown emotion boredom"),
        (["--device", "abacus"], "torch cannot use the device abacus"),
        (
            ["--out", "/dev/null/out"],
            "/dev/null/out cannot be written to (Not a directory): check that it exists and works, or choose another --out",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
):
    assert command(tmp_path / "photo.png", *arguments) == 2
    assert words in capsys.readouterr().err
