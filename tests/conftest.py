"""Fixtures every room's tests share.  Small networks with random weights; nothing is downloaded."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cternet import CTERNet, Predictor
from tests.tiny import tiny_network, tiny_photo

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def one_thread_fixed_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; tests that use it are marked slow."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED


@pytest.fixture
def network() -> CTERNet:
    """A cternet network in eval mode whose every part does something."""
    return tiny_network()


@pytest.fixture
def predictor(network: CTERNet) -> Predictor:
    """A predictor on the CPU with a shuffle bank of three photos."""
    return Predictor(network, name="tiny", device="cpu").with_bank([tiny_photo(seed) for seed in (7, 8, 9)])


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Saves a network, by default a tiny one, to a new folder."""

    def save(network: CTERNet | None = None, name: str = "checkpoint") -> Path:
        folder = tmp_path / name
        (network or tiny_network()).save_pretrained(folder)
        return folder

    return save
