"""Class folders, unreadable images, and augmentations that depend on (seed, view, index) alone."""

import shutil
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tests.tiny import tiny_config
from tests.training.made_up import CLASSES
from training.data import (
    DataConfig,
    DataError,
    Example,
    Photos,
    eval_transform,
    leave_out_unreadable,
    load_examples,
    train_transform,
    unreadable,
)


def load(root: Path, classes: tuple[str, ...] = CLASSES, **settings: object) -> list[Example]:
    return load_examples(DataConfig(data=str(root), **settings), classes, ("train", "val"), every_class=True)


@pytest.fixture
def copy(photos: Path, tmp_path: Path) -> Path:
    """The data set, to damage."""
    return shutil.copytree(photos, tmp_path / "copy")


def dataset(root: Path, seed: int = 0) -> Photos:
    examples = [example for example in load(root) if example.split == "train"]
    return Photos(examples, train_transform(tiny_config(), (0.5, 1.0)), seed)


# --- folders


def test_examples(photos: Path):
    examples = load(photos)
    assert [(example.split, example.label) for example in examples[:9]] == [("train", 0)] * 8 + [("train", 1)]
    assert len(examples) == 33
    assert all(
        example.path.parent.name == CLASSES[example.label] and example.path.parent.parent.name == example.split
        for example in examples
    )


def test_classes_are_pinned_by_name(photos: Path):
    examples = load(photos, ("fear", "amusement"), other_labels="skip")
    assert {(example.label, example.path.parent.name) for example in examples} == {(0, "fear"), (1, "amusement")}


def test_order_does_not_depend_on_the_file_system(copy: Path):
    before = [example.path.name for example in load(copy)]
    for path in sorted(copy.glob("train/*/*"), reverse=True):  # made again, in another order
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert [example.path.name for example in load(copy)] == before


def test_files_that_are_no_images_are_not_examples(copy: Path):
    (copy / "train" / "awe" / "notes.txt").write_text("not an image")
    assert len(load(copy)) == 33


def test_label_outside_the_classes_is_named_and_counted(photos: Path):
    with pytest.raises(
        DataError, match=r"none of the classes fear, amusement: awe: 11 \(first: \S*train/awe/0.png\).*--other-labels skip"
    ):
        load(photos, ("fear", "amusement"))


# --- unreadable images


def damage(copy: Path) -> list[Path]:
    bad = [copy / "train" / "awe" / "0.png", copy / "val" / "fear" / "2.png"]
    bad[0].write_bytes(bad[0].read_bytes()[:300])
    bad[1].write_text("not an image")
    return bad


def test_unreadable_images_are_found(copy: Path):
    bad = damage(copy)
    found = unreadable(load(copy))
    assert set(found) == set(bad)
    assert "damaged" in found[bad[0]]
    assert "not an image" in found[bad[1]]


def test_unreadable_images_are_fatal(copy: Path):
    bad = damage(copy)
    with pytest.raises(DataError, match=r"2 unreadable images .*--on-bad-image skip") as caught:
        leave_out_unreadable(load(copy), "fail")
    assert all(str(path) in str(caught.value) for path in bad)


def test_unreadable_images_are_skipped_counted_and_named(copy: Path, capsys: pytest.CaptureFixture[str]):
    bad = damage(copy)
    examples, left_out = leave_out_unreadable(load(copy), "skip")
    assert len(examples) == 31
    assert not {example.path for example in examples} & set(bad)
    assert set(left_out) == set(bad)
    said = capsys.readouterr().err
    assert "left out 2 unreadable images" in said
    assert all(str(path) in said for path in bad)


@pytest.mark.parametrize("on_bad_image", ["fail", "skip"])
def test_photos_without_their_end_are_kept_counted_and_named(copy: Path, capsys: pytest.CaptureFixture[str], on_bad_image: str):
    """As far as they go, as everywhere."""
    short = copy / "train" / "awe" / "1.png"
    short.write_bytes(short.read_bytes()[:-200])
    examples, left_out = leave_out_unreadable(load(copy), on_bad_image)
    assert short in {example.path for example in examples}
    assert not left_out
    assert f"1 images lack their end and are used as far as they go: {short}" in capsys.readouterr().err


def test_readable_images_are_all_kept(photos: Path):
    examples = load(photos)
    assert leave_out_unreadable(examples, "fail") == (examples, {})


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
    example = load(photos)[0]
    twice = Photos([example, example], train_transform(tiny_config(), (0.5, 1.0)))
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

    from cternet.photos.preprocess import preprocess

    config = tiny_config()
    examples = load(photos)
    with Image.open(examples[0].path) as image:
        expected = preprocess(image.convert("RGB"), config)[1]
    for view in (0, 5):
        assert torch.equal(Photos(examples, eval_transform(config))[0, view][0], expected)
