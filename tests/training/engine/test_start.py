"""Before the first step: the run's folder, its rows, its start weights."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import tyro
from safetensors.torch import save_file

from cternet.networks.backbone import Backbone
from tests.tiny import tiny_network
from tests.training.conftest import Flags, Train
from tests.training.made_up import CLASSES
from training.data import DataError
from training.emotions.config import TrainConfig
from training.engine.run_folder import check_run_folder
from training.engine.start_weights import start_weights

# --- start weights


@pytest.fixture
def backbone() -> Backbone:
    torch.manual_seed(5)
    return Backbone("test_efficientnet")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_run_starts_from_given_weights(prepare: Train, checkpoint: Callable[..., Path], tmp_path: Path, kind: str):
    """A backbone's own tensors, or those inside a checkpoint of this project."""
    if kind == "file":
        source = Backbone("test_efficientnet")
        start = tmp_path / "start.safetensors"
        save_file(source.net.state_dict() | {"classifier.weight": torch.ones(3)}, start)
    else:
        source = (network := tiny_network(seed=6)).backbone
        start = checkpoint(network)
    run = prepare(start=start)
    ours, theirs = run.bare.backbone.net.state_dict(), source.net.state_dict()
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())


def test_missing_start_weights(tmp_path: Path):
    for path in (tmp_path / "gone.safetensors", tmp_path):
        with pytest.raises(DataError, match=r"start weights \S+\.safetensors do not exist; .*--start"):
            start_weights(path)


def test_damaged_start_weights(tmp_path: Path, backbone: Backbone):
    path = tmp_path / "start.safetensors"
    save_file(backbone.net.state_dict(), path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"start weights \S*start\.safetensors cannot be read"):
        start_weights(path)


def test_start_weights_of_another_backbone(prepare: Train, tmp_path: Path):
    save_file(Backbone("test_resnet").net.state_dict(), tmp_path / "start.safetensors")
    with pytest.raises(ValueError, match="not for this backbone"):
        prepare(start=tmp_path / "start.safetensors")


# --- the run's folder


def test_a_new_run_writes_down_its_settings(prepare: Train, tmp_path: Path):
    prepare()
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert settings["model"]["backbone"] == "test_efficientnet"
    assert settings["head_lr"] == 0.01


@pytest.mark.parametrize("name", ["best", "metrics.jsonl", "photo.jpg"])
def test_a_folder_that_holds_something_is_not_written_over(flags: Flags, tmp_path: Path, name: str):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).touch()
    with pytest.raises(DataError, match=r"run already holds a run; go on with --resume, or choose another --out"):
        check_run_folder(tyro.cli(TrainConfig, args=flags()))


def test_a_finished_run_is_not_written_over(train: Train, prepare: Train, tmp_path: Path):
    train(epochs=1)
    before = (tmp_path / "run" / "best" / "model.safetensors").read_bytes()
    with pytest.raises(DataError, match="already holds a run"):
        prepare(epochs=1)
    assert (tmp_path / "run" / "best" / "model.safetensors").read_bytes() == before


def test_a_run_that_never_began_may_be_started_again(prepare: Train, train: Train, tmp_path: Path):
    prepare()
    (tmp_path / "run" / "state" / ".step-2.new").mkdir(parents=True)
    train(epochs=1)
    assert (tmp_path / "run" / "best").is_dir()


def test_nothing_to_resume(prepare: Train):
    with pytest.raises(DataError, match="no checkpoint to resume from; start it without --resume"):
        prepare(resume=True)


def test_resuming_with_other_settings_names_them(train: Train, prepare: Train):
    train(epochs=1)
    with pytest.raises(DataError, match=r"started with other settings \(epochs, seed, model.dropout\)"):
        prepare(epochs=2, seed=1, model__dropout=0.5, resume=True)


def test_settings_that_compute_nothing_may_change(train: Train, prepare: Train, tmp_path: Path, photos: Path):
    train(epochs=1)
    moved = shutil.copytree(photos, tmp_path / "moved")
    (tmp_path / "run").rename(tmp_path / "renamed")
    run = prepare("renamed", epochs=1, resume=True, workers=1, save_every=7, data=moved, cache=tmp_path / "features")
    assert run.progress.epoch == 1


# --- examples


def test_test_images_are_never_read(prepare: Train, photos: Path, tmp_path: Path):
    copy = shutil.copytree(photos, tmp_path / "copy")
    shutil.copytree(copy / "val", copy / "test")
    for path in (copy / "test").rglob("*.png"):
        path.write_text("unreadable")
    run = prepare(data=copy)
    assert {split: len(found) for split, found in run.examples.items()} == {"train": 24, "val": 9}


@pytest.mark.parametrize("split", ["train", "val"])
def test_train_and_val_are_needed(prepare: Train, photos: Path, tmp_path: Path, split: str):
    copy = shutil.copytree(photos, tmp_path / "copy")
    shutil.rmtree(copy / split)
    with pytest.raises(DataError, match=f"has no image in the split {split}"):
        prepare(data=copy)


def test_unreadable_images_fail_or_are_left_out(prepare: Train, photos: Path, tmp_path: Path):
    copy = shutil.copytree(photos, tmp_path / "copy")
    bad = copy / "train" / "awe" / "3.png"
    bad.write_bytes(bad.read_bytes()[:200])
    with pytest.raises(DataError, match=r"1 unreadable images .*awe/3\.png"):
        prepare(data=copy)
    assert not (tmp_path / "run").exists(), "a refused run leaves no folder"
    run = prepare(data=copy, on_bad_image="skip")
    assert len(run.examples["train"]) == 23
    assert list(json.loads((tmp_path / "run" / "skipped.json").read_text())) == [str(bad)]


# --- a head trained before


def test_a_run_starts_from_a_trained_head(prepare: Train, checkpoint: Callable[..., Path]):
    network = tiny_network(seed=6, classes=CLASSES, maps_per_class=4)
    run = prepare(start=checkpoint(network), start_head=True)
    ours, theirs = dict(run.bare.named_parameters()), dict(network.named_parameters())
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())


def test_another_head_is_refused(prepare: Train, checkpoint: Callable[..., Path]):
    with pytest.raises(DataError, match=r"--start-head: the head in \S+ does not fit into the cternet network"):
        prepare(start=checkpoint(tiny_network(seed=6, reduced_channels=8, classes=CLASSES)), start_head=True)


def test_a_backbone_nobody_knows(prepare: Train):
    with pytest.raises(DataError, match=r"timm cannot make the backbone resnet5000 .*choose another --model.backbone"):
        prepare(model__backbone="resnet5000")


def test_a_backbone_that_asserts_its_own_stride(prepare: Train):
    with pytest.raises(DataError, match=r"the backbone vgg11 with output stride 16; .* or --model.output-stride None$"):
        prepare(model__backbone="vgg11", model__output_stride=16)


def test_weights_that_cannot_be_fetched(prepare: Train, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match=r"timm's weights of test_efficientnet cannot be fetched .*--start") as caught:
        prepare(pretrained=True)
    assert "\n" not in str(caught.value)


def test_a_head_for_other_classes_is_refused(prepare: Train, checkpoint):
    other = tiny_network(classes=("fear", "awe", "amusement"))
    with pytest.raises(DataError, match=r"has other classes, or in another order \(fear, awe, amusement\)"):
        prepare(start=checkpoint(other), start_head=True)


def test_a_head_without_weights(prepare: Train):
    with pytest.raises(ValueError, match="give a checkpoint with --start"):
        prepare(start_head=True)


def test_frozen_random_sections_are_told(prepare: Train, capsys: pytest.CaptureFixture[str]):
    prepare()
    assert "the first 2 sections of the backbone stay as they were drawn at random" in capsys.readouterr().err
    prepare("all", frozen_sections=0)
    assert "drawn at random" not in capsys.readouterr().err


# --- what became of a run that is resumed


def test_killed_before_its_first_state(train: Train, prepare: Train, tmp_path: Path):
    """The weights of the first epoch may lie there already; without a state the run begins again."""
    train(epochs=1)
    shutil.rmtree(tmp_path / "run" / "state")
    (tmp_path / "run" / "metrics.jsonl").unlink()
    (tmp_path / "run" / ".best.new").mkdir()
    prepare(epochs=1)


def test_other_images_are_noticed(train: Train, prepare: Train, photos: Path, tmp_path: Path):
    copy = shutil.copytree(photos, tmp_path / "copy")
    train(epochs=2, data=copy)
    prepare(epochs=2, data=shutil.copytree(copy, tmp_path / "moved" / "copy"), resume=True)
    (copy / "train" / "awe" / "3.png").rename(copy / "train" / "awe" / "33.png")
    with pytest.raises(DataError, match=r"the images, their labels or their split are not those .* was saved with"):
        prepare(epochs=2, data=copy, resume=True)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.bin", "custom_checkpoint_0.pkl"])
def test_a_state_cut_short(train: Train, prepare: Train, tmp_path: Path, name: str):
    train(epochs=1)
    state = next((tmp_path / "run" / "state").iterdir())
    content = (state / name).read_bytes()
    (state / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"state/step-6 is damaged or cut short .*--start \S*run/last --start-head") as caught:
        prepare(epochs=1, resume=True)
    assert (tmp_path / "run" / "best" / "model.safetensors").exists(), caught.value


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_settings_that_are_lost(train: Train, prepare: Train, tmp_path: Path, damage: str):
    train(epochs=1)
    path = tmp_path / "run" / "settings.json"
    path.unlink() if damage == "missing" else path.write_text("")
    with pytest.raises(DataError, match=r"settings.json is missing or damaged"):
        prepare(epochs=1, resume=True)


def test_unreadable_classes_are_missing_classes(prepare: Train, photos: Path, tmp_path: Path):
    copy = shutil.copytree(photos, tmp_path / "copy")
    for path in (copy / "val" / "awe").iterdir():
        path.write_text("unreadable")
    with pytest.raises(DataError, match="copy has no image of awe in the split val"):
        prepare(data=copy, on_bad_image="skip")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"views": 0}, "--views must be at least 1"),
        ({"accumulate": 0}, "--accumulate must be at least 1"),
        ({"save_every": 0}, "--save-every must be at least 1"),
        ({"patience": 0}, "--patience must be at least 1"),
        ({"ema": 2}, "--ema must lie between 0 and 1"),
    ],
)
def test_settings_out_of_range(changes: dict, said: str):
    with pytest.raises(ValueError, match=said):
        TrainConfig(data="data", out=Path("out"), **changes)
