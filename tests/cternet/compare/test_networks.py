"""Which networks can be compared, what the others say, and batches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cternet import Predictor
from cternet.compare import MapError, Networks, compare, load_samples, make_map
from tests.tiny import tiny_network, tiny_photo

Save = Callable[..., Path]


def test_a_batch_equals_one_by_one(networks: Networks):
    photos = [tiny_photo(seed, width, 70) for seed, width in ((1, 90), (2, 40), (3, 200))]
    together = load_samples(networks, photos, ("vanilla", "wscnet", "ras"))
    for photo, sample in zip(photos, together, strict=True):
        (alone,) = load_samples(networks, [photo])
        assert set(alone.features) == {"cternet"}
        for method in ("cam", "wscnet", "ras", "s", "effect"):
            label = networks.classes[0]
            np.testing.assert_allclose(make_map(sample, method, label), make_map(alone, method, label), atol=1e-4)


def test_probabilities_are_those_of_the_network(networks: Networks):
    (sample,) = load_samples(networks, [tiny_photo(4)])
    for name in networks.classifiers:
        found = networks.probabilities(name, sample.pixels(name)[None])
        assert found.sum() == pytest.approx(1, abs=1e-5)
    index = networks.class_index("cternet", sample.analysis.prediction)
    assert networks.probabilities("cternet", sample.pixels("cternet")[None])[0, index] == pytest.approx(
        sample.analysis.probabilities.max(), abs=1e-4
    )


def test_classes_go_by_name(networks: Networks):
    assert networks.classifiers["vanilla"].config.classes == networks.classes[::-1]
    assert [networks.class_index("vanilla", label) for label in networks.classes] == list(range(7, -1, -1))


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("vanilla", {"family": "vanilla", "geometry": "center"}, "another part of a photo"),
        ("vanilla", {"family": "vanilla", "classes": ("mild", "spicy")}, "different classes from tiny: mild, spicy"),
        ("vanilla", {"family": "smad-f"}, "holds CTERNet without its counterfactual; give a checkpoint of the family vanilla"),
        ("wscnet", {"family": "vanilla"}, "holds a plain classifier; give a checkpoint of the family wscnet"),
    ],
)
def test_a_network_that_cannot_be_compared_says_why(
    predictor: Predictor, checkpoint: Save, name: str, changes: dict, said: str
):
    networks = Networks(predictor, {name: checkpoint(tiny_network(**changes))})
    assert said in networks.reasons[name] and name not in networks


def test_without_weights_the_rest_goes_on(predictor: Predictor, tmp_path: Path):
    networks = Networks(predictor, {"vanilla": tmp_path / "nowhere"})
    assert set(networks.reasons) == {"vanilla", "wscnet", "ras", "valence-arousal"}
    assert str(tmp_path) not in networks.reasons["vanilla"]  # pages show it
    (sample,) = load_samples(networks, [tiny_photo()], ("cternet", "vanilla"))
    found = compare(sample, ("cam", "ras", "s"))
    assert [panel.values is None for panel in found.panels] == [True, True, False]
    assert "nowhere is not a checkpoint folder" in found.panels[0].problem
    assert found.panels[1].problem == "no weights were given for ras"
    with pytest.raises(MapError):
        sample.need("wscnet")


@pytest.mark.slow
def test_quickened_networks_answer_alike(predictor: Predictor):
    networks = Networks(predictor, {})
    images = torch.rand(5, 3, 64, 64)
    before = networks.probabilities("cternet", images)
    networks.quicken()
    after = networks.probabilities("cternet", images)
    assert not torch.equal(before, after)
    torch.testing.assert_close(after, before, atol=0.05, rtol=0)
