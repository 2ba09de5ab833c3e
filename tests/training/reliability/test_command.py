"""The command that measures how far a checkpoint's answers can be trusted."""

from pathlib import Path

import pytest

from cternet import Predictor
from tests.tiny import tiny_network, tiny_photo
from tests.training.conftest import Command
from tests.training.made_up import CLASSES, write_data_set
from training.reliability import __main__ as reliability


@pytest.mark.parametrize("photos", [0, 12])
def test_it_is_written_beside_the_weights(photos: int, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    data = write_data_set(tmp_path / "data", {"train": 8, "val": 4, "test": 4})
    weights = tmp_path / "weights"
    tiny_network(family="vanilla", classes=CLASSES).save_pretrained(weights)
    flags = ["--data", data, "--train-photos", photos, "--strange", 3, "--device", "cpu"]
    assert command(reliability, weights, *flags) is None
    printed = capsys.readouterr().out
    assert "calibration error after" in printed and ("called unlike photos" in printed) == bool(photos)
    predictor = Predictor.from_pretrained(weights, device="cpu")
    assert predictor.reliability.images == 12 and predictor.reliability.temperature > 0
    assert (predictor.reliability.probe is None) == (photos == 0)
    assert (predictor.analyze(tiny_photo(1)).strangeness is None) == (photos == 0)
