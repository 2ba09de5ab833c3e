"""The command, from folder to summary and picture; and the search for near-duplicates."""

import json
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet.emotions import MIKELS
from tests.training.data.conftest import Place
from tests.training.data.made_up import MADE, picture
from training.data import SPLITS, DataConfig, load_examples
from training.data import __main__ as command
from training.data.inspection import inspect_all, near_duplicates


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["training.data", *map(str, arguments)])
    command.main()


@pytest.fixture
def damaged(made: Place, tmp_path: Path) -> Path:
    """FI's layout with a broken file, a copy in another split, and one with another label."""
    root = shutil.copytree(made("FI"), tmp_path / "fi")
    (root / "train" / "awe" / "0.jpg").write_text("not an image")
    shutil.copy(root / "train" / "anger" / "0.jpg", root / "test" / "anger" / "copy.jpg")
    shutil.copy(root / "train" / "fear" / "0.jpg", root / "train" / "sadness" / "copy.jpg")
    (root / "train" / "awe" / "notes.txt").write_text("not an image")
    return root


def test_command_line(damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """As ``python -m training.data``."""
    monkeypatch.setattr(sys, "argv", ["training.data", "describe", str(damaged), "--out", str(tmp_path / "out")])
    monkeypatch.delitem(sys.modules, "training.data.__main__")
    runpy.run_module("training.data", run_name="__main__")
    said = capsys.readouterr().out
    assert "Layout class-folders: 34 images" in said
    assert "Unreadable: 1 images." in said
    assert (tmp_path / "out" / "summary.md").read_text() in said
    assert Image.open(tmp_path / "out" / "contact-sheet.jpg").height > 8 * 100


def test_summary(damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run(monkeypatch, "describe", damaged, "--out", tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["counts"]["anger"] == {"train": 2, "val": 1, "test": 2}
    assert list(summary["unreadable"]) == [str(damaged / "train" / "awe" / "0.jpg")]
    assert summary["sizes"]["width"] == {"min": 32, "median": 32, "max": 32}
    near = summary["near_duplicates"]
    assert (near["groups"], near["images"], near["across_splits"], near["with_several_labels"]) == (2, 4, 1, 1)
    assert [str(damaged / "test" / "anger" / "copy.jpg"), str(damaged / "train" / "anger" / "0.jpg")] in map(
        sorted, near["members"]
    )
    assert any("1 files that are not images by name" in note and "notes.txt" in note for note in summary["notes"])


def test_a_picture_under_several_labels(damaged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Such as Flickr's for photos that are no longer available; and training leaves all of them out, in every split."""
    gone = Image.new("RGB", (64, 48), (243, 245, 246))
    gone.paste((120, 120, 120), (20, 20, 44, 28))
    for place in ("train/awe", "train/fear", "val/awe", "test/sadness"):
        gone.save(damaged / place / "gone.png")
    run(monkeypatch, "describe", damaged)
    said = capsys.readouterr().out
    assert "gone.png is found 4 times, under awe, fear, sadness." in said
    assert "--several-labels skip" in said
    settings = {"data": str(damaged), "on_bad_image": "skip"}
    kept = load_examples(DataConfig(**settings), MIKELS, SPLITS)
    left = load_examples(DataConfig(**settings, several_labels="skip"), MIKELS, SPLITS)
    assert {example.path.name for example in kept} - {example.path.name for example in left} == {"gone.png"}
    assert len(kept) - len(left) == 6  # and fear's photo with its copy in sadness
    assert "left out 6 images that are 2 pictures under several labels (the largest is found 4 times" in capsys.readouterr().err


@pytest.mark.parametrize("name", MADE)
def test_every_layout_is_described(made: Place, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    beside = made(name).parent
    before = sorted(beside.iterdir())
    run(monkeypatch, "describe", made(name), "--out", tmp_path)
    assert f"Layout {MADE[name].layout}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contact-sheet.jpg", "summary.json", "summary.md"]
    assert sorted(beside.iterdir()) == before, "describe writes nothing beside the data"


def test_without_a_folder_it_only_prints(made: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(monkeypatch, "describe", made("OASIS"))
    out = capsys.readouterr().out
    assert "| valence | 3.90 | 1.73 | 1.00 | 6.80 |" in out
    assert "no split yet" in out
    assert not list(tmp_path.iterdir())


def test_split_command(made: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    run(monkeypatch, "split", made("OASIS"), "--splits", tmp_path / "splits.csv")
    assert "train 20, val 5, test 5" in capsys.readouterr().out
    run(monkeypatch, "describe", made("OASIS"), "--splits", tmp_path / "splits.csv")
    assert "| no label |    20 |   5 |    5 |  30 |" in capsys.readouterr().out


def test_errors_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match=r"^error: \S*gone is not a folder or manifest; give the data set with --data$"):
        run(monkeypatch, "describe", tmp_path / "gone")


def test_near_duplicates(tmp_path: Path):
    """Copies of another size, quality or brightness are found; other images are not."""
    rng = np.random.default_rng(3)
    photo = Image.fromarray(rng.integers(40, 200, (12, 12, 3), dtype=np.uint8)).resize((200, 150), Image.Resampling.BICUBIC)
    photo.save(tmp_path / "a.png")
    photo.resize((90, 70)).save(tmp_path / "b.jpg", quality=60)
    photo.point(lambda value: value * 0.8).save(tmp_path / "c.png")
    photo.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "d.png")
    paths = [tmp_path / name for name in ("a.png", "b.jpg", "c.png", "d.png")]
    paths += [picture(tmp_path / f"{number}.png", seed=number) for number in range(100)]
    groups = near_duplicates(inspect_all(paths), block=64)
    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups)) == len(paths) - 2


def test_flat_images_are_alike_only_as_copies(tmp_path: Path):
    """A difference hash of one dark thing or another on black is nearly the same."""
    paths = []
    for name, box in (("a", (2, 2, 6, 4)), ("copy", (2, 2, 6, 4)), ("b", (50, 40, 60, 44)), ("none", (0, 0, 0, 0))):
        image = Image.new("RGB", (64, 64))
        image.paste("white", box)
        image.save(tmp_path / f"{name}.png")
        paths.append(tmp_path / f"{name}.png")
    groups = near_duplicates(inspect_all(paths))
    assert groups[0] == groups[1]
    assert len(set(groups)) == 3


def test_nothing_readable(tmp_path: Path):
    (tmp_path / "a.jpg").write_text("no")
    (tmp_path / "b.jpg").write_text("no")
    assert len(set(near_duplicates(inspect_all([tmp_path / "a.jpg", tmp_path / "b.jpg"])))) == 2
