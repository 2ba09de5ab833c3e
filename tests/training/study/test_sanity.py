"""Randomised weights: which parts change, and what becomes of the maps."""

import copy

import numpy as np
import pytest
import torch

from cternet import Predictor
from cternet.compare import Networks, load_samples, make_map
from tests.tiny import tiny_network, tiny_photo
from training.engine.config import RunConfig
from training.study.sanity import SEED, STAGES, likeness, randomise, randomised


@pytest.mark.parametrize("family", ["vanilla", "wscnet", "cternet"])
@pytest.mark.parametrize("share", STAGES.values())
def test_random_from_the_head_downwards(family: str, share: float):
    trained = tiny_network(family=family)
    before = copy.deepcopy(trained.state_dict())
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.add_(0.5)  # nothing is as an untrained network has it
    marked = copy.deepcopy(trained.state_dict())
    changed = randomise(trained, share, seed=4)
    sections = trained.backbone.sections()
    first_random = len(sections) - round(share * len(sections))
    for number, (old, new) in enumerate(zip(sections, changed.backbone.sections(), strict=True)):
        same = all(torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))
        assert same == (number < first_random)
    head = [name for name, value in changed.named_parameters() if not name.startswith("backbone.")]
    assert head and not any(torch.equal(changed.state_dict()[name], marked[name]) for name in head)
    assert all(torch.equal(trained.state_dict()[name], marked[name]) for name in before)  # the trained one is left alone


def test_the_same_seed_gives_the_same_network():
    one, other = (randomise(tiny_network(), 1.0, seed=2) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_random_heads_are_not_those_that_training_starts_from():
    assert RunConfig.seed != SEED


def test_maps_of_what_was_learnt_change_and_others_do_not(networks: Networks):
    methods = ("cam", "s", "effect", "ras", "spectral-residual")
    photos = [tiny_photo(seed) for seed in range(4)]
    found = likeness(networks, photos, methods, others=photos)
    assert set(found) == set(STAGES)
    for rows in found.values():
        assert set(rows) == set(methods) and all(values.shape == (4,) for values in rows.values())
        np.testing.assert_allclose(rows["spectral-residual"], 1.0)  # it has no weights
    for method in ("cam", "s", "effect", "ras"):
        assert (found["everything"][method] < 0.999).all()


def test_the_map_of_the_class_predicted_before(networks: Networks):
    """Nothing random: the very same maps."""
    again = randomised(networks, 0.0, [tiny_photo(seed) for seed in range(4)])
    again.all = networks.classifiers
    photo = tiny_photo(9)
    (old,), (new,) = load_samples(networks, [photo]), load_samples(again, [photo])
    label = old.analysis.prediction
    np.testing.assert_array_equal(make_map(old, "cam", label), make_map(new, "cam", label))
    assert not np.allclose(make_map(old, "s", label), make_map(new, "s", label))


def test_a_borrowed_counterfactual_is_the_random_networks_own():
    """Not the trained network's bank, and never a map of nothing, whose correlation of 0 would say nothing."""
    photos = [tiny_photo(seed) for seed in range(4)]
    trained = Predictor(tiny_network(allocation="shuffle")).with_bank(photos)
    changed = randomised(Networks(trained, {}), 1.0, photos)
    (analysis,) = changed.predictor.analyze_batch(photos[:1])
    own = np.mean([other.s for other in changed.predictor.analyze_batch(photos)], axis=0)
    np.testing.assert_allclose(analysis.counterfactual.mean, own, rtol=1e-4)
    assert own.std() > 0
    assert not torch.equal(changed.predictor.bank, trained.bank)
