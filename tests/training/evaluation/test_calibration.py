"""Calibration against a case by hand and against torchmetrics' own class."""

import pytest
import torch
from torchmetrics.classification import MulticlassCalibrationError

from training.evaluation.calibration import BINS, calibration
from training.evaluation.pictures import reliability_figure


def test_by_hand():
    """Confidences 0.7, 0.7, 0.9, 0.9 in two of five bins, right on one and on two."""
    probabilities = torch.tensor([[0.7, 0.3], [0.7, 0.3], [0.9, 0.1], [0.1, 0.9]], dtype=torch.float64)
    found = calibration((probabilities + 1e-9).log(), torch.tensor([0, 1, 0, 1]), bins=5)
    assert found["error"] == pytest.approx((2 * abs(0.5 - 0.7) + 2 * abs(1 - 0.9)) / 4, abs=1e-6)
    assert found["confidence"] == pytest.approx(0.8, abs=1e-6)
    assert [entry["images"] for entry in found["bins"]] == [0, 0, 0, 2, 2]
    assert found["bins"][3]["accuracy"] == 0.5
    assert found["bins"][3]["confidence"] == pytest.approx(0.7, abs=1e-6)
    assert found["bins"][0] == {"low": 0.0, "high": pytest.approx(0.2), "images": 0, "confidence": None, "accuracy": None}


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_the_bins_add_up_to_the_error(scale: float):
    torch.manual_seed(0)
    logits, labels = scale * torch.randn(500, 8), torch.randint(0, 8, (500,))
    found = calibration(logits, labels)
    filled = [entry for entry in found["bins"] if entry["images"]]
    by_bins = sum(entry["images"] * abs(entry["accuracy"] - entry["confidence"]) for entry in filled) / 500
    assert len(found["bins"]) == BINS
    assert found["error"] == pytest.approx(by_bins)
    reference = MulticlassCalibrationError(8, n_bins=BINS)(logits.softmax(dim=1), labels)
    assert found["error"] == pytest.approx(reference.item(), abs=1e-5)


def test_certain_logits_stay_in_the_last_bin():
    found = calibration(torch.tensor([[2000.0, 0.0], [2000.0, 0.0]]), torch.tensor([0, 1]))
    assert found["bins"][-1]["images"] == 2
    assert found["error"] == pytest.approx(0.5)


def test_the_diagram_shows_the_bins():
    torch.manual_seed(1)
    found = {name: calibration(torch.randn(200, 4), torch.randint(0, 4, (200,))) for name in ("v", "y_te")}
    figure = reliability_figure(found, {"v": "one", "y_te": "two"}, "title")
    bars = [patch.get_height() for patch in figure.axes[0].patches]
    assert bars == [entry["accuracy"] for entry in found["v"]["bins"] if entry["images"]]
    counts = [patch.get_height() for patch in figure.axes[3].patches]
    assert counts == [entry["images"] for entry in found["y_te"]["bins"]]
    assert f"{found['y_te']['error']:.1%}" in figure.axes[1].get_title()
