"""A network that rates photos where others name emotions: the same predictor, command line and files."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from cternet import CheckpointError, Classifier, Predictor, Rated
from cternet.__main__ import main
from cternet.networks.backbone import Backbone
from cternet.networks.config import EmotionConfig
from cternet.networks.families import FAMILIES, Family, register
from cternet.networks.network import Rater, Ratings
from cternet.show.export import figure_of
from tests.tiny import SIZE, photo_tensor, tiny_photo


@dataclass
class ToyConfig(EmotionConfig):
    family: str = "toy-rater"


class ToyRater(Rater, PyTorchModelHubMixin):
    """Two numbers from pooled features, on the scale from 1 to 9."""

    family = "toy-rater"

    def __init__(self, config: ToyConfig, pretrained: bool = False) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)
        self.head = nn.Linear(self.backbone.channels, 2)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.backbone(images)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Ratings:
        valence, arousal = (1 + 8 * self.head(x.mean(dim=(2, 3))).sigmoid()).unbind(dim=1)
        return Ratings(valence, arousal)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A checkpoint of it."""
    register(Family("a toy that rates", ToyConfig, ToyRater))
    torch.manual_seed(0)
    ToyRater(ToyConfig(backbone="test_efficientnet", image_size=SIZE)).save_pretrained(tmp_path / "rater")
    yield tmp_path / "rater"
    del FAMILIES["toy-rater"]


def test_valence_and_arousal_are_the_networks(folder: Path):
    predictor = Predictor.from_pretrained(folder, device="cpu")
    found = predictor.analyze_batch([tiny_photo(1), tiny_photo(2)])
    for photo, rated in zip((tiny_photo(1), tiny_photo(2)), found, strict=True):
        assert type(rated) is Rated
        with torch.no_grad():
            expected = predictor.model(photo_tensor(predictor.config, photo))
        assert rated.valence == pytest.approx(expected.valence.item(), abs=1e-4)
        assert rated.arousal == pytest.approx(expected.arousal.item(), abs=1e-4)
        assert rated.headline == f"valence {rated.valence:.1f}, arousal {rated.arousal:.1f}"
    assert found[0].valence != found[1].valence


def test_its_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    tiny_photo(1).save(tmp_path / "photo.png")
    flags = [tmp_path / "photo.png", "--weights", folder, "--arrays", "--out", tmp_path / "out", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["cternet", *map(str, flags)])
    assert main() == 0
    rated = Predictor.from_pretrained(folder, device="cpu").analyze(tmp_path / "photo.png")
    assert json.loads((tmp_path / "out" / "photo.json").read_text()) == rated.numbers()
    assert rated.headline in capsys.readouterr().out
    with np.load(tmp_path / "out" / "photo.npz") as arrays:
        assert arrays["photo"].shape == (SIZE, SIZE, 3)
    (point,) = figure_of(rated).axes[1].get_lines()[:1]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (rated.valence, rated.arousal)
    monkeypatch.setattr(sys, "argv", ["cternet", *map(str, flags), "--emotion", "awe"])
    assert main() == 2
    assert "rater has no counterfactual S*; leave out --emotion" in capsys.readouterr().err


def test_it_is_no_classifier(folder: Path):
    with pytest.raises(CheckpointError, match="rater holds a toy that rates; give a checkpoint of the family vanilla"):
        Predictor.from_pretrained(folder, device="cpu", kind=Classifier)
