"""What frozen sections put out, stored: the values themselves, once per combination of what they depend on."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cternet.networks.backbone import Backbone
from tests.tiny import tiny_config
from tests.training.conftest import Train
from tests.training.made_up import CLASSES
from training.data import DataConfig, eval_transform, load_examples
from training.engine.cache import FeatureCache
from training.files import SaveError

SHAPE = (4, 3, 3)
Make = Callable[..., FeatureCache]


@pytest.fixture
def make(photos: Path, tmp_path: Path) -> Make:
    torch.manual_seed(0)
    sections = Backbone("test_efficientnet").sections()[:2]
    examples = load_examples(DataConfig(data=str(photos)), CLASSES, ("train", "val"))

    def build(**changes) -> FeatureCache:
        settings = {
            "examples": examples,
            "sections": sections,
            "transform": eval_transform(tiny_config()),
            "view_seed": 0,
            "shape": SHAPE,
            "dtype": torch.float32,
            "owner": "one",
        } | changes
        return FeatureCache(tmp_path / "cache", settings.pop("examples"), settings.pop("sections"), **settings)

    return build


def fill(cache: FeatureCache, features: torch.Tensor, view: int = 0) -> None:
    cache.create(view)
    memory = cache.open_partial(view)
    order = torch.randperm(len(features))
    for indices in order.split(5):
        cache.write(memory, indices, features[indices])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_come_back_to_the_bit(make: Make, dtype: torch.dtype):
    cache = make(dtype=dtype)
    features = torch.randn(33, *SHAPE).to(dtype)
    fill(cache, features, view=2)
    cache.finish(2)
    dataset = cache.dataset()
    assert len(dataset) == 33
    for index in (0, 7, 32):
        found, label, same = dataset[index, 2]
        assert found.dtype == dtype
        assert torch.equal(found, features[index])
        assert (label, same) == (cache.examples[index].label, index)


def test_channels_last_features_are_stored_in_order(make: Make):
    cache = make()
    features = torch.randn(33, *SHAPE)
    fill(cache, features.contiguous(memory_format=torch.channels_last))
    cache.finish(0)
    assert torch.equal(cache.dataset()[9, 0][0], features[9])


def test_views_are_kept_apart(make: Make):
    cache = make()
    first, second = torch.randn(2, 33, *SHAPE)
    for view, features in enumerate((first, second)):
        fill(cache, features, view)
        cache.finish(view)
    dataset = cache.dataset()
    for view in (1, 0, 1):
        assert torch.equal(dataset[3, view][0], (first, second)[view][3])


def test_an_unfinished_view_is_not_there(make: Make):
    cache = make()
    fill(cache, torch.randn(33, *SHAPE))
    assert not cache.has(0)
    cache.finish(0)
    assert cache.has(0)
    assert not cache.has(1)
    assert make().has(0), "the next run finds it"


def test_two_runs_never_fill_the_same_file(make: Make):
    one, two = make(owner="one"), make(owner="two")
    assert one.folder == two.folder
    ours, theirs = torch.randn(2, 33, *SHAPE)
    fill(one, ours)
    fill(two, theirs)
    one.finish(0)
    assert torch.equal(two.dataset()[4, 0][0], ours[4])
    two.finish(0)
    assert torch.equal(make().dataset()[4, 0][0], theirs[4])


def test_another_combination_is_another_folder(make: Make, photos: Path, tmp_path: Path):
    base = make()
    torch.manual_seed(1)
    others = {
        "weights": make(sections=Backbone("test_efficientnet").sections()[:2]),
        "depth": make(sections=Backbone("test_efficientnet").sections()[:3]),
        "transform": make(transform=eval_transform(tiny_config(image_size=32))),
        "views": make(view_seed=1),
        "precision": make(dtype=torch.bfloat16),
        "examples": make(examples=base.examples[1:]),
        "order": make(examples=base.examples[::-1]),
    }
    copy = shutil.copytree(photos, tmp_path / "copy")
    examples = load_examples(DataConfig(data=str(copy)), CLASSES, ("train", "val"))
    others["copy"] = make(examples=examples)
    examples[0].path.write_bytes(examples[1].path.read_bytes())
    others["changed image"] = make(examples=examples)
    folders = [base.folder, *(cache.folder for cache in others.values())]
    assert len(set(folders)) == len(folders)
    assert make().folder == base.folder


def test_a_cached_run_equals_an_uncached_one_to_the_bit(train: Train, tmp_path: Path):
    """Three epochs of two views: the third reads what the first stored; the last run reads everything."""
    plain = train("plain")
    for name in ("filling", "reading"):
        cached = train(name, cache=tmp_path / "features")
        assert cached.progress.history == plain.progress.history
        ours, theirs = (run.average.state_dict() for run in (cached, plain))
        assert all(torch.equal(tensor, theirs[key]) for key, tensor in ours.items())
    for view in (0, 1):
        assert cached.features.cache.has(view)
    assert not list((tmp_path / "features").rglob("*.partial"))


def test_a_cached_run_opens_no_training_image(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    train("filling", cache=tmp_path / "features")
    monkeypatch.setattr("training.data.Photos.__getitem__", None)
    train("reading", cache=tmp_path / "features")


def test_every_image_is_stored_where_batches_do_not_come_out_even(train: Train, tmp_path: Path):
    """24 images in batches of 5 leave four out of the steps, not out of the cache."""
    plain, cached = train("plain", batch_size=5), train("cached", batch_size=5, cache=tmp_path / "features")
    assert cached.progress.history == plain.progress.history
    dataset = cached.features.cache.dataset()
    stored = torch.stack([dataset[index, 0][0] for index in range(24)])
    assert stored.flatten(1).any(dim=1).all()


def test_a_full_disk_is_told_before_anything_is_written(make: Make, monkeypatch: pytest.MonkeyPatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    cache = make()
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(SaveError, match="the disk is full"):
        cache.create(0)
    assert not cache.partial(0).exists()
    assert not cache.has(0)
