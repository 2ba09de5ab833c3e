"""Data sets of the Hugging Face library, from local folders: nothing is fetched."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from cternet.emotions import MIKELS
from tests.training.data.conftest import Place
from tests.training.data.made_up import class_folders, picture
from training.data import SPLITS, DataConfig, DataError, load_examples
from training.data.layouts import read

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def test_a_folder_of_images(made: Place):
    data = read(DataConfig(data=f"hf:{made('FI')}"))
    assert data.layout == "hub"
    assert {(row.split, row.label) for row in data.rows} == {(split, name) for split in SPLITS for name in MIKELS}
    assert len(data.rows) == 32
    assert all(row.path.parent.name == row.label for row in data.rows), "what lies on this machine is not copied"


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """Images as bytes, as the hub has them, with a split."""
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    features = datasets.Features(
        {"photo": datasets.Image(), "label": datasets.ClassLabel(names=["sad", "happy"]), "valence": datasets.Value("float32")}
    )
    for split in ("train", "validation"):
        images = [{"bytes": picture(tmp_path / f"{split}{number}.jpg").read_bytes(), "path": None} for number in range(4)]
        columns = {"photo": images, "label": [0, 1, 1, 0], "valence": [1.5, 2, 3, 4]}
        datasets.Dataset.from_dict(columns, features=features).to_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder.parent


def test_images_are_exported_once(parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = DataConfig(data=f"hf:{parquet}", valence_scale=(1, 5))
    data = read(config)
    assert [(row.split, row.label, row.valence) for row in data.rows[:2]] == [("train", "sadness", 1.5), ("train", "joy", 2.0)]
    assert data.scale == (1, 5)
    first = data.rows[0].path
    assert first.read_bytes() == (tmp_path / "train0.jpg").read_bytes()
    changed = first.stat().st_mtime_ns
    assert read(config).rows == data.rows
    assert first.stat().st_mtime_ns == changed
    assert len(load_examples(config, ("sadness", "joy"), ("train", "val"), every_class=True)) == 8


def test_one_split_is_none(tmp_path: Path):
    root = class_folders(tmp_path / "set", ("awe", "fear"), {"": 3})
    data = read(DataConfig(data=f"hf:{root}"))
    assert {row.split for row in data.rows} == {None}
    assert "taken as no split" in data.notes[-1]


def test_no_such_data_set():
    with pytest.raises(DataError, match=r"^hf:nobody/nothing cannot be loaded \(.*\); check the name") as caught:
        read(DataConfig(data="hf:nobody/nothing"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "message"), [("text", "has no column of images, only text"), ("image", r"has no column of class names \(label")]
)
def test_other_kinds_of_data_sets(tmp_path: Path, column: str, message: str):
    root = tmp_path / "set"
    root.mkdir()
    if column == "text":
        pd.DataFrame({"text": ["a", "b"]}).to_csv(root / "train.csv", index=False)
    else:
        picture(root / "a.jpg"), picture(root / "b.jpg")
    with pytest.raises(DataError, match=message):
        read(DataConfig(data=f"hf:{root}"))
    assert not list((tmp_path / "cache").rglob("manifest.csv"))


def test_an_export_that_was_cut_off_is_made_again(parquet: Path):
    config = DataConfig(data=f"hf:{parquet}")
    folder = read(config).root
    partial = folder.rename(folder.with_name(f".{folder.name}.partial"))
    (partial / "manifest.csv").unlink()
    shutil.copy(next(partial.glob("*.jpeg")), partial / "stray.jpg")
    assert len(read(config).rows) == 8
    assert not (folder / "stray.jpg").exists()
