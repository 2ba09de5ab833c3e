"""Which photo has which mask in which split, and what is said when something is wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.saliency.made_up import write_duts, write_pair
from training.data import DataError
from training.saliency.pairs import PairSource, read_pairs

ALL = ("train", "val", "test")


def source(trees: Path, **changes: object) -> PairSource:
    return PairSource(**{"data": trees / "images", "masks": trees / "masks"} | changes)


def refusal(where: PairSource, *words: str, splits: tuple[str, ...] = ("train", "val")) -> None:
    with pytest.raises(DataError) as caught:
        read_pairs(where, splits)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_two_trees(trees: Path, capsys: pytest.CaptureFixture[str]):
    pairs, left_out = read_pairs(source(trees), ALL)
    assert {split: len(members) for split, members in pairs.items()} == {"train": 16, "val": 6, "test": 4}
    assert not left_out
    for split, members in pairs.items():
        for pair in members:
            assert pair.path.relative_to(trees / "images").with_suffix("") == pair.mask.relative_to(
                trees / "masks"
            ).with_suffix("")
            assert pair.path.relative_to(trees / "images").parts[0] == pair.split == split
    assert "without" not in capsys.readouterr().err


def test_duts(tmp_path: Path):
    """Val is the same share of the training photos every time; test is never taken from."""
    where = PairSource(data=write_duts(tmp_path / "DUTS"), val_share=0.2)
    pairs, _ = read_pairs(where, ALL)
    assert {split: len(members) for split, members in pairs.items()} == {"train": 16, "val": 4, "test": 3}
    assert not set(pairs["train"]) & set(pairs["val"])
    assert {pair.path.parts[-3] for pair in pairs["train"] + pairs["val"]} == {"DUTS-TR"}
    assert {pair.mask.parent.name for pair in pairs["test"]} == {"DUTS-TE-Mask"}
    assert read_pairs(where, ALL)[0] == pairs


def test_trees_without_val_get_it_from_train(trees: Path):
    shutil.rmtree(trees / "masks" / "val")
    pairs, _ = read_pairs(source(trees, val_share=0.25), ("train", "val"))
    assert (len(pairs["train"]), len(pairs["val"])) == (12, 4)


def test_photos_without_a_mask_are_counted(trees: Path, capsys: pytest.CaptureFixture[str]):
    for index in (0, 2):
        (trees / "masks" / "train" / "even" / f"{index}.png").unlink()
    (trees / "images" / "val" / "odd" / "1.jpg").unlink()
    pairs, _ = read_pairs(source(trees), ("train", "val"))
    assert (len(pairs["train"]), len(pairs["val"])) == (14, 5)
    said = capsys.readouterr().err
    assert "left out 2 photos without a mask (first: " in said
    assert f"{trees / 'masks'}: 1 masks belong to no photo" in said


def test_folders_that_are_not_there(trees: Path, tmp_path: Path):
    refusal(source(trees, data=tmp_path / "gone"), str(tmp_path / "gone"), "--data")
    refusal(source(trees, masks=tmp_path / "gone"), str(tmp_path / "gone"), "--masks")


def test_no_known_layout(trees: Path, tmp_path: Path):
    refusal(source(trees, masks=None), "no photos with masks", "DUTS-TR", "--masks")
    empty = tmp_path / "empty"
    empty.mkdir()
    refusal(source(trees, masks=empty), "no photos with masks", "train, val, test")


def test_an_empty_split(trees: Path):
    shutil.rmtree(trees / "images" / "test")
    refusal(source(trees), "no photo with a mask in the split test", splits=("test",))


def test_other_names_are_no_pairs(trees: Path):
    for path in (trees / "masks").rglob("*.png"):
        path.rename(path.with_name(f"mask-{path.name}"))
    refusal(source(trees), "no photo with a mask in the split train")


@pytest.mark.parametrize("name", ["images/train/even/0.jpg", "masks/train/even/0.png"])
def test_unreadable_files(trees: Path, name: str):
    (trees / name).write_bytes(b"not a picture")
    refusal(source(trees), "1 unreadable images", "--on-bad-image skip", str(trees / name))
    pairs, left_out = read_pairs(source(trees, on_bad_image="skip"), ("train", "val"))
    assert list(left_out) == [trees / name]
    assert len(pairs["train"]) == 15
    assert not [pair for pair in pairs["train"] if trees / name in (pair.path, pair.mask)]


def fill_masks(trees: Path, split: str, *values: int) -> None:
    for path in (trees / "masks" / split).rglob("*.png"):
        grey = np.full((30, 30), values[0], np.uint8)
        grey[:10] = values[-1]
        Image.fromarray(grey).save(path)


def test_masks_that_mark_nothing(trees: Path):
    fill_masks(trees, "train", 0)
    refusal(source(trees), "each of the 16 masks of train", "one single value", "white where the photo is salient")


def test_masks_of_zeros_and_ones(trees: Path):
    """A common mistake: 1 of 255 is black to everyone."""
    fill_masks(trees, "val", 0, 1)
    refusal(source(trees), "none of the 6 masks of val", "the brightest: 1 of 255")


def test_some_masks_may_be_empty(trees: Path):
    path = trees / "masks" / "train" / "even" / "0.png"
    Image.fromarray(np.zeros((30, 30), np.uint8)).save(path)
    assert path in {pair.mask for pair in read_pairs(source(trees), ("train",))[0]["train"]}


def test_any_picture_format(tmp_path: Path):
    for index in range(4):
        write_pair(tmp_path / "i" / "train" / f"{index}.webp", tmp_path / "m" / "train" / f"{index}.bmp", index)
    pairs, _ = read_pairs(PairSource(data=tmp_path / "i", masks=tmp_path / "m", val_share=0.3), ("train", "val"))
    assert (len(pairs["train"]), len(pairs["val"])) == (3, 1)
