"""What stands beside a checkpoint's weights about its own answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cternet import CheckpointError, Predictor
from cternet.networks.reliability import FIGURES, PROBE, PhotoProbe, Reliability, read_reliability
from tests.tiny import tiny_network, tiny_photo


def made_up(**changes) -> Reliability:
    probe = PhotoProbe(torch.tensor([1.0, 0, -1, 0]), -0.5)
    found = Reliability(2.0, 0.6, 0.5, 0.85, {"awe": 0.7, "fear": None}, 100, probe)
    return replace(found, **changes)


def test_it_comes_back_as_it_was_written(tmp_path: Path):
    assert read_reliability(tmp_path) is None
    made_up(probe=None).save(tmp_path)
    assert read_reliability(tmp_path).probe is None
    made_up().save(tmp_path)
    found = read_reliability(tmp_path)
    assert (found.temperature, found.right_when_said, found.images) == (2.0, {"awe": 0.7, "fear": None}, 100)
    torch.testing.assert_close(found.probe.weight, made_up().probe.weight)
    assert found.probe.bias == -0.5


@pytest.mark.parametrize("damage", ["no json", '{"temperature": 1}', '{"temperature": -1}'])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, damage: str):
    made_up().save(tmp_path)
    figures = json.loads((tmp_path / FIGURES).read_text())
    (tmp_path / FIGURES).write_text(json.dumps(figures | {"temperature": -1}) if "-1" in damage else damage)
    with pytest.raises(ValueError, match=r"reliability\.json is damaged .*restore or delete it"):
        read_reliability(tmp_path)


def test_damaged_arrays_stop_a_checkpoint_with_a_sentence(tmp_path: Path):
    tiny_network().save_pretrained(tmp_path)
    made_up().save(tmp_path)
    (tmp_path / PROBE).write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"photo_probe\.safetensors is damaged"):
        Predictor.from_pretrained(tmp_path)


def test_strangeness_is_the_side_of_the_plane():
    pooled = torch.tensor([[1.0, 9, 0, 9], [0, 9, 1, 9]])
    torch.testing.assert_close(made_up().probe.strangeness(pooled), torch.tensor([0.5, -1.5]))


def test_the_temperature_changes_probabilities_and_no_answer():
    network, photo = tiny_network(), tiny_photo()
    plain = Predictor(network).analyze(photo)
    cold, warm = (Predictor(network, reliability=made_up(temperature=t, probe=None)).analyze(photo) for t in (0.1, 10.0))
    assert plain.prediction == cold.prediction == warm.prediction
    np.testing.assert_array_equal(plain.scores, cold.scores)
    assert warm.probabilities.max() < plain.probabilities.max() < cold.probabilities.max()
    assert (plain.sure, cold.sure, warm.sure) == (None, True, False)
    assert cold.probabilities.sum() == pytest.approx(1)
    likely = 100 * warm.probabilities.max()
    assert warm.headline.startswith("unsure: ") and f"{warm.prediction} ({likely:.0f} %)" in warm.headline
    assert warm.numbers()["sure"] is False and len(warm.candidates) == 3
    assert cold.headline.startswith(cold.prediction)


def test_the_shipped_networks_tell_blank_pages_and_text_from_photos():
    from PIL import Image

    from training.reliability.strange_pictures import strange_pictures

    root = Path(__file__).resolve().parents[3]
    predictor = Predictor.from_pretrained(root / "assets" / "weights" / "cternet-fi")
    documents = [picture for kind, picture in strange_pictures(4, seed=9) if kind == "document"]
    assert predictor.analyze(Image.new("RGB", (300, 200), "white")).unlike
    assert all(result.unlike for result in predictor.analyze_batch(documents))
    photos = sorted((root / "assets" / "examples").glob("*.jpg"))
    assert sum(result.unlike for result in predictor.analyze_batch(photos)) <= 1
