"""Runs of CLEF, and runs on photos that evoke several emotions at once: trained, resumed, evaluated, and what is refused."""

import json
from pathlib import Path

import pytest
import torch

from cternet import load_image, load_model
from tests.cternet.networks.test_ras import tiny_ras
from tests.tiny import tiny_clef
from tests.training.conftest import Command
from tests.training.data.made_up import caers, emotic
from training import evaluate, train
from training.data import Example, Photos, eval_transform
from training.emotions.several import several_figures

BASE = {
    "epochs": 1,
    "precision": "no",
    "batch-size": 4,
    "frozen-sections": 2,
    "views": 1,
    "workers": 0,
    "sample-maps": 0,
    "start": "None",
    "model.backbone": "test_efficientnet",
    "model.image-size": 64,
}
SEVERAL = ["--model.several", "--model.classes", "emotic"]


@pytest.fixture
def finder(tmp_path: Path) -> Path:
    network = tiny_ras()
    network.save_pretrained(tmp_path / "finder", config=vars(network.config))
    return tmp_path / "finder"


@pytest.fixture
def flags(tmp_path: Path, finder: Path):
    def make(data: Path, out: str, *more: object, **changes: object) -> list[object]:
        settings = BASE | {"data": data, "out": tmp_path / out, "saliency": finder}
        settings |= {name.replace("_", "-"): value for name, value in changes.items()}
        return ["--cpu", *(part for name, value in settings.items() for part in (f"--{name}", value)), *more]

    return make


def test_clef_learns_from_boxes_of_faces(flags, finder: Path, tmp_path: Path, command: Command):
    (tmp_path / "data").mkdir()
    data = caers(tmp_path / "data")
    assert command(train, "fi-clef", *flags(data, "run", "--model.classes", "caer", "--cache", tmp_path / "cache")) is None
    network = load_model(tmp_path / "run" / "best")
    assert network.family == "clef" and network.config.finder["backbone"] == "test_efficientnet"
    own = load_model(finder).state_dict()
    assert not [name for name, one in network.backbone.finder.state_dict().items() if not torch.equal(one, own[name])]
    where = ["--weights", tmp_path / "run" / "best", "--data", data, "--workers", 0, "--out", tmp_path / "figures"]
    assert command(evaluate, *where) is None
    found = json.loads((tmp_path / "figures" / "test.json").read_text())
    assert found["prediction"] == "tie" and {"y_c", "y_ce", "tie"} <= set(found)


def test_a_cache_changes_nothing(flags, photos: Path, tmp_path: Path, command: Command):
    more = ["--model.classes", "amusement", "awe", "fear"]
    for name, cache in (("without", []), ("with", ["--cache", tmp_path / "cache"])):
        assert command(train, "fi-clef", *flags(photos, name, *more, *cache, epochs=2)) is None
    one, other = (load_model(tmp_path / name / "last").state_dict() for name in ("without", "with"))
    assert not [name for name in one if not torch.equal(one[name], other[name])]


def test_a_finder_that_is_none_is_a_sentence(flags, photos: Path, tmp_path: Path, command: Command):
    more = ["--model.classes", "amusement", "awe", "fear"]
    assert "--saliency: " in command(train, "fi-clef", *flags(photos, "run", *more, saliency=tmp_path / "gone"))


def test_subjects_go_with_the_photo(tmp_path: Path):
    data = caers(tmp_path)
    path = next((data / "train" / "Happy").iterdir())
    width, height = load_image(path).size
    boxes = [(0, 0, width // 2, height), (-50, -50, 0, 0), None]
    examples = [Example(path, 0, "train", box=box) for box in boxes]
    shown = Photos(examples, eval_transform(tiny_clef().config), subjects=True)
    left, outside, unknown = (shown[index, 0][0] for index in range(3))
    assert left.shape == (4, 64, 64)
    assert (left[3, :, :31] == 1).all() and (left[3, :, 33:] == 0).all()
    assert (outside[3] == 0).all() and (unknown[3] == -1).all()
    assert torch.equal(left[:3], unknown[:3])
    bare = Photos([examples[2]], eval_transform(tiny_clef().config), subjects=True)
    assert bare[0, 0][0].shape[0] == 3


@pytest.mark.parametrize("recipe", ["emotions", "fi-clef"])
def test_people_of_emotic_are_learnt_and_measured(recipe: str, flags, tmp_path: Path, command: Command):
    (tmp_path / "data").mkdir()
    data = emotic(tmp_path / "data")
    assert command(train, recipe, *flags(data, "run", *SEVERAL, patience=1, epochs=2)) is None
    network = load_model(tmp_path / "run" / "best")
    assert network.config.several and len(network.config.classes) == 26
    where = ["--weights", tmp_path / "run" / "best", "--data", data, "--workers", 0, "--out", tmp_path / "figures"]
    assert command(evaluate, *where) is None
    found = json.loads((tmp_path / "figures" / "test.json").read_text())
    chosen = found[found["prediction"]]
    assert 0 < chosen["map"] <= 1 and chosen["per_class"]["yearning"] is None
    assert "mean (mAP)" in (tmp_path / "figures" / "test.md").read_text()
    assert "--attention is for photos of one label each" in command(evaluate, *where, "--attention")


def test_what_several_cannot_do_is_a_sentence(flags, photos: Path, tmp_path: Path, command: Command):
    (tmp_path / "data").mkdir()
    data = emotic(tmp_path / "data")
    assert "--mixup is for photos of one label each" in command(train, *flags(data, "run", *SEVERAL, mixup=0.2))
    wrong = command(train, *flags(data, "run", "--model.several", "--model.classes", "fear", "pain"))
    assert "none of the classes fear, pain: peace" in wrong and "--other-labels skip" in wrong
    assert "no categories that hold together" in command(train, *flags(photos, "run", *SEVERAL))


def test_average_precision_by_hand():
    """Ranked 1, 3 of three for the first class, however large its logits are; the second is perfect; the third never holds."""
    logits = torch.tensor([[900.0, 0.1, 0.5], [800.0, 0.8, 0.4], [700.0, 0.2, 0.3]])
    targets = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
    found = several_figures({"y": logits}, targets, ("a", "b", "c"), "y")["y"]
    assert found["per_class"] == {"a": pytest.approx((1 + 2 / 3) / 2), "b": 1.0, "c": None}
    assert found["map"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2) and found["chance"] == 0.5
    same = several_figures({"y": torch.zeros(3, 3)}, targets, ("a", "b", "c"), "y")["y"]
    assert same["map"] == pytest.approx(0.5), "equal answers are worth what chance is"
