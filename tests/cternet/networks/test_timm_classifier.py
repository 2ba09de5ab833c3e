"""Classifiers of timm: from a folder, with a local one in place of the hub, and by timm's own names."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch

from cternet import CheckpointError, Predictor, load_model
from cternet.networks.checkpoint import CONFIG
from cternet.networks.timm_classifier import TimmClassifier, TimmConfig
from tests.tiny import TIMM, tiny_photo, tiny_timm

Save = Callable[..., Path]
LABELS = ("calm", "storm", "fog")


@pytest.mark.parametrize("name", TIMM)
def test_it_answers_as_timm_does(tmp_path: Path, name: str):
    folder, net = tiny_timm(tmp_path / name, name, LABELS)
    network = load_model(folder)
    assert type(network) is TimmClassifier
    assert not network.training
    assert network.config.classes == LABELS
    images = torch.randn(2, 3, network.config.image_size, network.config.image_size)
    with torch.no_grad():
        torch.testing.assert_close(network(images).prediction, net(images))


@pytest.mark.parametrize("name", TIMM)
def test_every_place_of_its_features_reaches_the_answer(tmp_path: Path, name: str):
    """Else no method by gradients could see where it looked: a class token hides them from the last features."""
    network = load_model(tiny_timm(tmp_path / name, name, LABELS)[0])
    images = torch.randn(1, 3, network.config.image_size, network.config.image_size)
    x = network.forward_features(images).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(network.forward_head(x).y[0, 0], x)
    grid = network.on_grid(gradient)
    assert grid.ndim == 4 and grid.shape[2] == grid.shape[3] > 1
    assert (grid.abs().amax(dim=1) > 0).all()


@pytest.mark.parametrize("name", ["test_vit", "swin_tiny_patch4_window7_224"])
def test_the_grid_is_the_photo_the_right_way_up(tmp_path: Path, name: str):
    """Where the photo is changed the features change most."""
    network = load_model(tiny_timm(tmp_path / name, name, LABELS)[0])
    side = network.config.image_size
    plain = torch.zeros(1, 3, side, side)
    changed = plain.clone()
    changed[..., : side // 4, -side // 4 :] = 3 * torch.randn(3, side // 4, side // 4)
    with torch.no_grad():
        before, after = (network.on_grid(network.forward_features(images)) for images in (plain, changed))
    difference = (after - before).norm(dim=1)[0]
    rows, columns = difference.shape
    top = int(difference.argmax())
    assert top // columns < rows / 2 and top % columns >= columns / 2


def test_what_it_says_of_a_photo(tmp_path: Path):
    folder, _ = tiny_timm(tmp_path / "some", "test_efficientnet", LABELS)
    found = Predictor.from_pretrained(folder, device="cpu").analyze(tiny_photo())
    assert found.prediction in LABELS
    assert found.polarity == "unknown"
    assert found.geometry["mode"] == "center"
    assert found.seen.shape[0] == found.seen.shape[1] == found.geometry["input"]


@pytest.mark.parametrize(
    ("written", "classes"),
    [({}, ("0", "1", "2")), ({"label_names": LABELS}, LABELS), ({"family": "timm", "classes": LABELS[::-1]}, LABELS[::-1])],
)
def test_names_of_its_classes(tmp_path: Path, written: dict, classes: tuple[str, ...]):
    folder, _ = tiny_timm(tmp_path / "some", "test_efficientnet", None)
    config = json.loads((folder / CONFIG).read_text()) | written
    (folder / CONFIG).write_text(json.dumps(config))
    assert load_model(folder).config.classes == classes


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"family": "timm", "classes": ["one", "two"]}, "it has 3 classes, but 2 different names are given"),
        ({"architecture": "no_such_model"}, "does not describe a network"),
        ({"architecture": "test_resnet"}, "does not (describe a network|fit)"),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, written: dict, words: str):
    folder, _ = tiny_timm(tmp_path / "some", "test_efficientnet", LABELS)
    config = json.loads((folder / CONFIG).read_text()) | written
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=words) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (timm.create_model("test_resnet", num_classes=0), "no classifier"),
        (
            timm.create_model("test_resnet", pretrained_cfg_overlay={"input_size": (3, 96, 160)}),
            "it takes 3 channels of 96x160 pixels, but photos are squares",
        ),
    ],
)
def test_what_is_no_classifier_of_photos(net: torch.nn.Module, words: str):
    with pytest.raises(ValueError, match=words):
        TimmClassifier(net, TimmConfig())


@pytest.mark.parametrize(
    ("source", "revision"),
    [
        ("someone/some", None),
        ("hf-hub:someone/some", None),
        ("someone/some@v1", "v1"),
        ("hf-hub:someone/some@refs/pr/1", "refs/pr/1"),
    ],
)
def test_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, revision: str | None):
    """A local folder stands in for the hub."""
    folder, net = tiny_timm(tmp_path / "hub", "test_efficientnet", LABELS)

    def download(repo_id: str, filename: str, revision: str | None = None, **_: object) -> str:
        assert (repo_id, revision) == asked
        copied = tmp_path / "cache" / filename
        copied.parent.mkdir(exist_ok=True)
        return str(shutil.copy(folder / filename, copied))

    asked = ("someone/some", revision)
    monkeypatch.setattr("cternet.networks.hub.hf_hub_download", download)
    monkeypatch.setattr("timm.models._hub.hf_hub_download", download)
    network = load_model(source)
    images = torch.randn(1, 3, network.config.image_size, network.config.image_size)
    with torch.no_grad():
        torch.testing.assert_close(network(images).y, net(images))
    assert network.config.classes == LABELS


def test_by_a_name_of_timm(monkeypatch: pytest.MonkeyPatch):
    asked = []
    create = timm.create_model

    def offline(name: str, pretrained: bool = False) -> torch.nn.Module:
        asked.append((name, pretrained))
        return create(name)

    monkeypatch.setattr("timm.create_model", offline)
    assert len(load_model("test_efficientnet.r160_in1k").config.classes) == 1000
    assert asked == [("test_efficientnet.r160_in1k", True)]
