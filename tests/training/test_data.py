"""Class folders, unreadable images, and augmentations that depend on (seed, view, index) alone."""

import shutil
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tests.tiny import tiny_config
from tests.training.made_up import CLASSES
from training.data import (
    DataError,
    Photos,
    eval_transform,
    leave_out_unreadable,
    read_class_folders,
    train_transform,
    unreadable,
)


@pytest.fixture
def copy(photos: Path, tmp_path: Path) -> Path:
    """The data set, to damage."""
    return shutil.copytree(photos, tmp_path / "copy")


def dataset(root: Path, seed: int = 0) -> Photos:
    rows = [row for row in read_class_folders(root, CLASSES) if row.split == "train"]
    return Photos(rows, train_transform(tiny_config(), (0.5, 1.0)), seed)


# --- folders


def test_rows(photos: Path):
    rows = read_class_folders(photos, CLASSES)
    assert [(row.split, row.label) for row in rows[:9]] == [("train", 0)] * 8 + [("train", 1)]
    assert len(rows) == 33
    assert all(row.path.parent.name == CLASSES[row.label] and row.path.parent.parent.name == row.split for row in rows)


def test_classes_are_pinned_by_name(photos: Path):
    rows = read_class_folders(photos, ("fear", "amusement"))
    assert {(row.label, row.path.parent.name) for row in rows} == {(0, "fear"), (1, "amusement")}


def test_order_does_not_depend_on_the_file_system(copy: Path):
    before = [row.path.name for row in read_class_folders(copy, CLASSES)]
    for path in sorted(copy.glob("train/*/*"), reverse=True):  # made again, in another order
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert [row.path.name for row in read_class_folders(copy, CLASSES)] == before


def test_files_that_are_no_images_are_not_rows(copy: Path):
    (copy / "train" / "awe" / "notes.txt").write_text("not an image")
    assert len(read_class_folders(copy, CLASSES)) == 33


def test_no_such_folder(tmp_path: Path):
    with pytest.raises(DataError, match=r"gone is not a folder; .*--data"):
        read_class_folders(tmp_path / "gone", CLASSES)


def test_no_splits(tmp_path: Path):
    with pytest.raises(DataError, match="none of the folders train, val, test"):
        read_class_folders(tmp_path, CLASSES)


def test_missing_class_folder_is_named(copy: Path):
    shutil.rmtree(copy / "val" / "awe")
    with pytest.raises(DataError, match=r"class folder \S*val/awe is missing"):
        read_class_folders(copy, CLASSES)


def test_empty_class_folder_is_named(copy: Path):
    for path in (copy / "train" / "fear").iterdir():
        path.rename(path.with_suffix(".txt"))
    with pytest.raises(DataError, match=r"class folder \S*train/fear holds no image"):
        read_class_folders(copy, CLASSES)


# --- unreadable images


def damage(copy: Path) -> list[Path]:
    bad = [copy / "train" / "awe" / "0.png", copy / "val" / "fear" / "2.png"]
    bad[0].write_bytes(bad[0].read_bytes()[:300])
    bad[1].write_text("not an image")
    return bad


def test_unreadable_images_are_found(copy: Path):
    bad = damage(copy)
    found = unreadable(read_class_folders(copy, CLASSES))
    assert set(found) == set(bad)
    assert "damaged" in found[bad[0]]
    assert "not an image" in found[bad[1]]


def test_unreadable_images_are_fatal(copy: Path):
    bad = damage(copy)
    with pytest.raises(DataError, match=r"2 unreadable images .*--on-bad-image skip") as caught:
        leave_out_unreadable(read_class_folders(copy, CLASSES), "fail")
    assert all(str(path) in str(caught.value) for path in bad)


def test_unreadable_images_are_skipped_counted_and_named(copy: Path, capsys: pytest.CaptureFixture[str]):
    bad = damage(copy)
    rows, left_out = leave_out_unreadable(read_class_folders(copy, CLASSES), "skip")
    assert len(rows) == 31
    assert not {row.path for row in rows} & set(bad)
    assert set(left_out) == set(bad)
    said = capsys.readouterr().err
    assert "left out 2 unreadable images" in said
    assert all(str(path) in said for path in bad)


def test_readable_images_are_all_kept(photos: Path):
    rows = read_class_folders(photos, CLASSES)
    assert leave_out_unreadable(rows, "fail") == (rows, {})


# --- photos as tensors


def test_item(photos: Path):
    tensor, label, index = dataset(photos)[17, 0]
    assert tensor.shape == (3, 64, 64)
    assert (label, index) == (2, 17)


def test_augmentation_depends_on_seed_view_and_index(photos: Path):
    first = dataset(photos)[5, 1][0]
    torch.manual_seed(99)  # the state of the process does not matter
    assert torch.equal(dataset(photos)[5, 1][0], first)
    assert not torch.equal(dataset(photos)[5, 2][0], first)
    assert not torch.equal(dataset(photos, seed=1)[5, 1][0], first)


def test_each_image_is_augmented_in_its_own_way(photos: Path):
    row = read_class_folders(photos, CLASSES)[0]
    twice = Photos([row, row], train_transform(tiny_config(), (0.5, 1.0)))
    assert not torch.equal(twice[0, 0][0], twice[1, 0][0])


def test_augmenting_leaves_the_random_state_alone(photos: Path):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    dataset(photos)[0, 0]
    assert torch.equal(torch.rand(3), expected)


def test_augmentation_does_not_depend_on_workers(photos: Path):
    keys = [(index, 3) for index in range(12)]
    batches = [
        torch.cat([images for images, _, _ in DataLoader(dataset(photos), batch_size=4, sampler=keys, num_workers=workers)])
        for workers in (0, 2)
    ]
    assert torch.equal(*batches)


def test_evaluation_sees_what_the_predictor_sees(photos: Path):
    from PIL import Image

    from cternet.preprocess import preprocess

    config = tiny_config()
    rows = read_class_folders(photos, CLASSES)
    with Image.open(rows[0].path) as image:
        expected = preprocess(image.convert("RGB"), config)[1]
    for view in (0, 5):
        assert torch.equal(Photos(rows, eval_transform(config))[0, view][0], expected)
