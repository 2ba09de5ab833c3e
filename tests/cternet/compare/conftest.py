"""Tiny networks of every kind, from saved checkpoints, and a photo they look at."""

from pathlib import Path

import pytest
import torch

from cternet import Predictor
from cternet.compare import Networks, Sample, load_samples
from cternet.networks.ras import RAS, RASConfig
from tests.tiny import SIZE, tiny_config, tiny_network, tiny_photo, tiny_rater


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Checkpoint folders of the networks beside CTERNet, by name."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(3)
    made = {
        "vanilla": tiny_network(1, family="vanilla", classes=tiny_config().classes[::-1]),  # in an order of its own
        "wscnet": tiny_network(2, family="wscnet"),
        "ras": RAS(RASConfig(backbone="test_efficientnet", channels=8, image_size=SIZE)).eval(),
        "valence-arousal": tiny_rater(),
    }
    for name, network in made.items():
        network.save_pretrained(folder / name)
    return {name: folder / name for name in made}


@pytest.fixture(scope="session")
def networks(sources: dict[str, Path]) -> Networks:
    """All of them; they keep nothing of any image, so that tests can share them."""
    torch.set_num_threads(1)
    predictor = Predictor(tiny_network(), name="tiny", device="cpu").with_bank([tiny_photo(seed) for seed in (7, 8, 9)])
    found = Networks(predictor, sources)
    assert not found.reasons
    return found


@pytest.fixture
def sample(networks: Networks) -> Sample:
    """A photo nothing has been made of but CTERNet's analysis."""
    return load_samples(networks, [tiny_photo(5)])[0]
