"""``python -m cternet.compare``."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cternet import Predictor
from cternet.compare import METRICS
from cternet.compare import __main__ as command_line
from tests.tiny import tiny_network, tiny_photo

Command = Callable[..., int]


@pytest.fixture
def command(sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    tiny_network().save_pretrained(tmp_path / "tiny")
    for seed, name in enumerate(("a.png", "b.png")):
        tiny_photo(seed).save(tmp_path / name)
    (tmp_path / "letter.jpg").write_text("no photo")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> int:
        flags = {"--weights": "tiny", "--device": "cpu"} | {f"--{name}": folder for name, folder in sources.items()}
        others = [part for flag, value in flags.items() if flag not in arguments for part in (flag, value)]
        monkeypatch.setattr(sys, "argv", ["cternet.compare", *map(str, [*arguments, *others])])
        return command_line.main()

    return run


def test_files_of_every_kind(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    outs = ("--out", "o/f.pdf", "o/f.svg", "--out", "o/f.png", "o/m.npz", "o/n.csv", "o/t.tex")
    methods = ("--methods", "cam,saliency", "cternet")
    assert command("a.png", "letter.jpg", "b.png", *methods, *outs, "--emotion", "awe", "--measure") == 1
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"f.pdf", "f.svg", "f.png", "m.npz", "n.csv", "t.tex"}
    captured = capsys.readouterr()
    assert "letter.jpg is not an image" in captured.err
    said = captured.out.splitlines()
    assert said[2:] == [name for name in outs if name != "--out"]
    answers = Predictor.from_pretrained(tmp_path / "tiny", device="cpu").analyze_batch(["a.png", "b.png"])
    assert said[:2] == [f"{name}: {one.headline}" for name, one in zip(("a.png", "b.png"), answers, strict=True)]
    assert f"{100 * answers[0].probabilities.max():.0f} %" in said[0]
    table = pd.read_csv(tmp_path / "o" / "n.csv")
    assert table.method.tolist() == ["cam", "ras", "s", "s-star", "effect"] * 2
    assert table.photo.tolist() == ["a.png"] * 5 + ["b.png"] * 5 and set(table.label) == {"awe"}
    assert table[list(METRICS)][table.problem.isna()].notna().all(axis=None)
    with np.load(tmp_path / "o" / "m.npz") as maps:
        assert maps["002_b/s"].shape == (4, 4)


def test_by_default_a_picture(command: Command, tmp_path: Path):
    assert command("a.png", "--methods", "s", "--style", "overlay", "--scale", "shared", "--width", "5") == 0
    with Image.open(tmp_path / "comparison.png") as image:
        assert image.width <= 1500


def test_a_missing_network_is_said_and_the_rest_goes_on(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert command("a.png", "--methods", "ras", "s", "--ras", "gone", "--out", "n.csv") == 0
    assert "no map of RAS: gone is not a checkpoint folder" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "n.csv").problem.notna().tolist() == [True, False]


def test_photos_of_the_same_name_keep_their_folders(command: Command, tmp_path: Path):
    (tmp_path / "more").mkdir()
    tiny_photo(9).save(tmp_path / "more" / "a.png")
    assert command("a.png", "more/a.png", "--methods", "s", "--out", "n.csv") == 0
    assert pd.read_csv(tmp_path / "n.csv").photo.tolist() == ["a.png", "more/a.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.png", "--methods", "cam,glance"], "unknown method: glance; choose from cam"),
        (["a.png", "--methods", ","], "at least one method"),
        (["a.png", "--out", "f.mat"], "'f.mat'"),
        (["a.png", "--out", "t.tex"], "add --measure"),
        (["a.png", "--emotion", "boredom"], "unknown emotion boredom; choose one of amusement"),
        (["a.png", "--width", "nan"], "--width is in inches, up to 100.0, not nan"),
        (["a.png", "--width", "0"], "--width is in inches, up to 100.0, not 0.0"),
        ([], "at least one photo"),
    ],
)
def test_what_cannot_be_done_is_said_first(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
):
    assert command(*arguments) == 2
    captured = capsys.readouterr().err
    assert words in captured and captured.count("\n") == 1
    assert not (tmp_path / "comparison.png").exists()


def test_a_folder_is_a_survey(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "holiday").mkdir()
    assert command("holiday", "a.png", "--methods", "s", "--out", "n.csv") == 1
    assert "holiday is a folder; for its photos: python -m cternet.survey holiday --out report/" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "n.csv").photo.tolist() == ["a.png"]


def test_no_photo_that_can_be_read(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert command("letter.jpg", "--out", "n.csv") == 1
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "n.csv").exists()


def test_interrupted_measuring_keeps_the_numbers_so_far(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = command_line.measure

    def interrupted(sample, comparison):
        for count, measured in enumerate(real(sample, comparison)):
            if count == 2:
                raise KeyboardInterrupt
            yield measured

    monkeypatch.setattr(command_line, "measure", interrupted)
    assert command("a.png", "b.png", "--methods", "s", "effect", "--measure", "--out", "n.csv", "f.png") == 130
    table = pd.read_csv(tmp_path / "n.csv")
    assert table.road.notna().tolist() == [True, False, False, False]
    assert (tmp_path / "f.png").exists()
