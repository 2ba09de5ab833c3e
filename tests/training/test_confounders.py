"""The dictionary of confounders: what is clustered, where it is from, and what a run does with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cternet import load_model
from cternet.networks.confounders import FILE
from cternet.networks.subject import without
from tests.cternet.networks.test_ras import tiny_ras
from tests.tiny import tiny_network
from tests.training.conftest import Command, Flags, Train
from training import confounders, evaluate, train
from training.confounders import clustered, principal
from training.context import subjects
from training.data import Example
from training.engine.confounders import dictionary_on


@pytest.fixture
def build(photos: Path, tmp_path: Path, command: Command):
    """The command, on the made-up photos."""
    tiny_network(family="vanilla").save_pretrained(tmp_path / "plain")
    tiny_ras().save_pretrained(tmp_path / "ras")

    def run(*more: object) -> int | str | None:
        where = ["--data", photos, "--weights", tmp_path / "plain", "--saliency", tmp_path / "ras", "--workers", 0]
        return command(confounders, *where, "--out", tmp_path / "found.safetensors", "--number", 4, *more)

    return run


def test_the_command_and_a_run(build, flags: Flags, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    assert build() is None
    assert "4 confounders of 64 channels from 24 photos" in capsys.readouterr().out.replace("  ", " ")
    found = dictionary_on("test_efficientnet", tmp_path / "found.safetensors")
    assert found.prior.sum().item() == pytest.approx(1) and found.provenance.photos == 24
    assert all(one.endswith(".png") and "/" in one for several in found.examples for one in several)
    given = ["--model.deconfound", "additive", "--confounders", tmp_path / "found.safetensors"]
    assert command(train, *flags(model__output_stride=16), *given) is None
    network = load_model(tmp_path / "run" / "best")
    assert torch.equal(network.ccim.dictionary, found.confounders) and network.config.confounders == (4, 64)
    assert network.ccim.context.weight.abs().max() > 0, "it was trained"
    assert command(train, *flags(model__output_stride=16, resume=True), *given) is None, "nothing changed"
    assert dictionary_on("test_efficientnet", tmp_path / "run" / "best" / FILE).examples == found.examples


def test_an_evaluation_asks_whether_the_dictionary_matters(
    build, flags: Flags, photos: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert build() is None
    given = ["--model.deconfound", "dot-product", "--confounders", tmp_path / "found.safetensors"]
    assert command(train, *flags(model__family="vanilla", head_lr=0.1), *given) is None
    where = ["--data", photos, "--split", "val", "--out", tmp_path / "figures", "--workers", 0, "--cpu"]
    for context in (True, False):
        if not context:  # what does nothing is found out
            network = load_model(tmp_path / "run" / "best")
            torch.nn.init.zeros_(network.ccim.context.weight)
            network.save_pretrained(tmp_path / "run" / "best")
        assert command(evaluate, "--weights", tmp_path / "run" / "best", *where) is None
        found = json.loads((tmp_path / "figures" / "val.json").read_text())
        assert "Without its dictionary of contexts" in capsys.readouterr().out
        same = found["contexts"] == {"accuracy": found["y"]["accuracy"], "changes": 0.0}
        assert context or same
    assert "Do contexts matter?" in (tmp_path / "figures" / "val.md").read_text()


def test_fewer_channels_and_photos(build, tmp_path: Path):
    assert build("--channels", 3, "--photos", 12) is None
    found = dictionary_on("test_efficientnet", tmp_path / "found.safetensors")
    assert found.confounders.shape == (4, 3) and found.provenance.photos == 12


def test_what_cannot_be_built_or_taken_is_a_sentence(
    build, flags: Flags, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert "12 training photos for 20 confounders" in build("--photos", 12, "--number", 20)
    assert "principal components at most" in build("--channels", 60)
    assert build("--photos", 1) == 2
    assert "--photos must be at least 2" in capsys.readouterr().err
    assert build() is None
    dictionary = tmp_path / "found.safetensors"
    given = ["--model.deconfound", "dot-product", "--confounders"]
    other = command(train, *flags(model__backbone="test_resnet", frozen_sections=0), *given, dictionary)
    assert "contexts as test_efficientnet sees them, and this network's backbone is test_resnet" in other
    assert "there is no dictionary" in command(train, *flags(), *given, tmp_path / "gone")
    assert "together, or neither" in command(train, *flags(), "--model.deconfound", "additive")
    assert "together, or neither" in command(train, *flags(), "--confounders", dictionary)
    save_file({"confounders": torch.zeros(4, 64)}, dictionary)
    assert "not a dictionary of confounders, or is damaged" in command(train, *flags(), *given, dictionary)


def test_starting_from_a_plain_head_it_answers_the_same(build, train: Train, photos: Path, tmp_path: Path, prepare):
    assert build() is None
    plain = train("plain-run", epochs=1, model__family="vanilla")
    folder = tmp_path / "plain-run" / "best"
    more = {
        "model__deconfound": "dot-product",
        "confounders": tmp_path / "found.safetensors",
        "start": folder,
        "start_head": True,
    }
    run = prepare("with", model__family="vanilla", **more)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = load_model(folder)(images).y
        assert torch.allclose(run.bare.eval()(images).y, expected, atol=1e-4)
    assert plain.main


def test_a_box_or_what_is_salient_is_taken_out():
    pixels = torch.rand(2, 3, 64, 64) + 0.1
    box = Example(Path("a"), None, None, box=(-10, 50, 100, 100))
    subject = subjects(pixels, [box, Example(Path("b"), None, None)], [(200, 100), (64, 64)], tiny_ras())
    expected = torch.zeros(64, 64, dtype=torch.bool)
    expected[32:, :32] = True
    assert torch.equal(subject[0], expected)
    left = without(pixels, subject)
    assert (left[0][:, expected] == 0).all() and torch.equal(left[0][:, ~expected], pixels[0][:, ~expected])


def test_a_large_set_is_clustered_in_parts(monkeypatch: pytest.MonkeyPatch):
    noise = np.random.default_rng(0)
    centres = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0]], np.float32)
    features = (centres[np.arange(300) % 3] + noise.normal(0, 0.3, (300, 3))).astype(np.float32)
    whole, of_whole = clustered(features, 3, seed=0)
    monkeypatch.setattr(confounders, "AT_ONCE", 100)
    monkeypatch.setattr(confounders, "PART", 60)
    found, cluster = clustered(features, 3, seed=0)
    order = np.linalg.norm(found[:, None] - whole, axis=2).argmin(axis=1)
    assert sorted(order) == [0, 1, 2] and (order[cluster] == of_whole).all()
    assert np.linalg.norm(found - whole[order], axis=1).max() < 0.5
    assert principal(features, 2).shape == (300, 2)


def test_pictures_only_if_asked_for(build, tmp_path: Path):
    assert build() is None
    assert dictionary_on("test_efficientnet", tmp_path / "found.safetensors").thumbnails is None
    assert build("--thumbnails", 24) is None
    found = dictionary_on("test_efficientnet", tmp_path / "found.safetensors").thumbnails
    assert found.shape == (4, 24, 24, 3) and found.dtype == torch.uint8 and found.float().std() > 1


def test_provenance_is_kept(tmp_path: Path, build):
    assert build() is None
    path = tmp_path / "found.safetensors"
    found = dictionary_on("test_efficientnet", path)
    found.save(tmp_path / "again.safetensors")
    again = dictionary_on("test_efficientnet", tmp_path / "again.safetensors")
    assert again.provenance == found.provenance and again.examples == found.examples
    assert json.dumps(vars(found.provenance))
