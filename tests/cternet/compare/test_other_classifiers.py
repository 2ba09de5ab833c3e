"""A classifier that is not CTERNet: what methods can say of it, and what they say when they cannot."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM, HiResCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from cternet import Predictor
from cternet.compare import METRICS, Networks, Sample, compare, load_samples, make_map, measure
from cternet.compare.__main__ import main
from cternet.compare.cam import FAMILY
from tests.tiny import TIMM, tiny_network, tiny_photo, tiny_timm

Save = Callable[..., Path]
LABELS = ("calm", "storm", "fog")


@pytest.fixture
def look(tmp_path: Path) -> Callable[[str], tuple[Sample, nn.Module]]:
    """A photo as a timm classifier of that name sees it, and the classifier as timm made it."""

    def sample(name: str) -> tuple[Sample, nn.Module]:
        folder, net = tiny_timm(tmp_path / "some", name, LABELS)
        networks = Networks(Predictor.from_pretrained(folder, device="cpu"), {})
        return load_samples(networks, [tiny_photo(5)])[0], net

    return sample


@pytest.mark.parametrize("name", TIMM)
def test_every_cam_and_its_numbers(look: Callable, name: str):
    sample, _ = look(name)
    comparison = compare(sample, tuple(FAMILY))
    seen = [panel for panel in comparison.panels if panel.values is not None]
    assert {"grad-cam", "hires-cam", "eigen-cam"} & {panel.method for panel in seen}
    for panel in seen:
        assert panel.values.shape == sample.grid
        assert (panel.values >= 0).all() and panel.values.max() > panel.values.min()
    *_, measured = measure(sample, comparison)
    assert set(measured.controls) == {"vanilla"}
    for panel in measured.panels:
        assert (panel.numbers is None) == (panel.values is None)
        if panel.numbers is not None:
            assert all(np.isfinite(getattr(panel.numbers, metric)) for metric in METRICS)


LAYERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "test_efficientnet": lambda net: net.bn2,  # the last features
    "test_vit": lambda net: net.blocks[-2],  # what goes into the last block
    "swin_tiny_patch4_window7_224": lambda net: net.norm,
}
"""Where the grad-cam package has to look to see what we see."""


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("method", "kind"), [("grad-cam", GradCAM), ("hires-cam", HiResCAM)])
def test_maps_are_those_of_the_package_on_timms_own_model(look: Callable, name: str, method: str, kind: type):
    """With its hooks and reshape transform; it stretches maps to [0, 1]."""
    sample, net = look(name)
    network, label = sample.networks.classifiers["vanilla"], LABELS[1]
    side = network.config.image_size

    def reshape(x: Tensor) -> Tensor:
        if x.ndim == 3:
            cells = round((x.shape[1] - 1) ** 0.5)
            return x[:, 1:].transpose(1, 2).unflatten(2, (cells, cells))
        return x if name == "test_efficientnet" else x.permute(0, 3, 1, 2)

    images = sample.networks.normalised("vanilla", sample.pixels("vanilla")[None])
    package = kind(net, [LAYERS[name](net)], reshape_transform=reshape)
    expected = package(images, [ClassifierOutputTarget(1)])[0]
    found = torch.from_numpy(make_map(sample, method, label))[None, None]
    found = torch.nn.functional.interpolate(found, (side, side), mode="bilinear", align_corners=False)[0, 0].numpy()
    found = (found - found.min()) / (found.max() - found.min())
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_what_it_has_not_is_said(look: Callable):
    sample, _ = look("test_efficientnet")
    found = {panel.method: panel.problem for panel in compare(sample, ("s", "effect", "cam", "spectral-residual")).panels}
    assert found["s"] == found["effect"] == "some is an image classifier of timm, not CTERNet"
    assert "one linear layer" in found["cam"]
    assert found["spectral-residual"] == ""


def test_the_plain_classifier_alone(checkpoint: Save):
    """One of our own in the place of CTERNet has the methods of its place, CAM among them."""
    folder = checkpoint(tiny_network(family="vanilla"), "plain")
    networks = Networks(Predictor.from_pretrained(folder, device="cpu"))
    assert networks.main == "vanilla" and networks.names["vanilla"] == "plain"
    (sample,) = load_samples(networks, [tiny_photo(5)])
    assert make_map(sample, "cam", sample.analysis.prediction).shape == sample.grid == (4, 4)


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    folder, _ = tiny_timm(tmp_path / "some", "test_vit", LABELS)
    tiny_photo(5).save(tmp_path / "photo.png")
    out = [tmp_path / name for name in ("maps.npz", "numbers.csv", "figure.png")]
    flags = ["--weights", folder, "--methods", "grad-cam,hires-cam,s", "--measure", "--device", "cpu", "--out", *out]
    monkeypatch.setattr(sys, "argv", ["compare", str(tmp_path / "photo.png"), *map(str, flags)])
    assert main() == 0
    assert "no map of S: some is an image classifier of timm, not CTERNet" in capsys.readouterr().err
    with out[1].open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert rows["hires-cam"]["explains"] == "vanilla" and rows["hires-cam"]["prediction"] in LABELS
    assert np.isfinite(float(rows["hires-cam"]["road"]))
    with np.load(out[0]) as arrays:
        assert [array.shape for name, array in arrays.items() if "hires" in name] == [(10, 10)]
    assert out[2].stat().st_size
