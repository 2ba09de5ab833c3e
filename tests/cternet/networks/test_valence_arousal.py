"""The network that rates: its scale, its maps, what labels it is nearest to, and checkpoints that share a backbone."""

import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from cternet import CheckpointError, Predictor, Rated, load_model
from cternet.networks.backbone_network import WEIGHTS
from tests.tiny import PLACES, photo_tensor, tiny_network, tiny_photo, tiny_rater


def test_ratings_lie_on_the_scale_and_the_maps_mean_is_what_the_sigmoid_takes():
    network = tiny_rater()
    with torch.no_grad():
        x = network.forward_features(torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in range(4)]))
        said = network.forward_head(x)
        maps = network.maps(x, said)
    for name, values in (("valence", said.valence), ("arousal", said.arousal)):
        assert ((values > 1) & (values < 9)).all() and values.std() > 0.01
        assert torch.allclose(1 + 8 * maps[name].mean(dim=(1, 2)).sigmoid(), values, atol=1e-4)
        assert maps[name].std(dim=(1, 2)).min() > 0, "places differ"
    assert said.logits is None


def test_a_classifier_beside_the_ratings():
    network = tiny_rater(categories=True)
    said = network(photo_tensor(network.config, tiny_photo()))
    assert said.logits.shape == (1, 2)
    rated = Predictor(network, device="cpu").analyze(tiny_photo())
    assert rated.valence == pytest.approx(said.valence.item(), abs=1e-4)


def test_the_nearest_word():
    about = {"photo": None, "seen": None, "geometry": {}, "model": "m", "labels": ("amusement", "anger")}
    for here in ((6.9, 5.2), (2.0, 7.5), (4.8, 5.0)):
        rated = Rated(**about, places=PLACES, valence=here[0], arousal=here[1])
        expected = min(range(2), key=lambda i: math.dist(PLACES[i], here))
        assert rated.nearest == rated.labels[expected] == rated.numbers()["nearest"]
    assert Rated(**about, valence=5.0, arousal=5.0).nearest is None


def test_places_are_those_of_the_classes():
    with pytest.raises(ValueError, match="3 classes but 2 places"):
        tiny_rater(classes=("amusement", "anger", "awe"))


def test_a_checkpoint_may_hold_only_what_differs_from_another(tmp_path, checkpoint):
    base = checkpoint(tiny_network(family="vanilla"), "weights/base")
    network = tiny_rater(base="base")
    network.backbone.load_state_dict(tiny_network(family="vanilla").backbone.state_dict())
    with torch.no_grad():
        network.backbone.net.conv_stem.weight.mul_(1.5)
    whole = checkpoint(network, "weights/rater")
    expected, ours, theirs = (
        network(photo_tensor(network.config, tiny_photo())),
        load_file(whole / WEIGHTS),
        load_file(base / WEIGHTS),
    )
    kept = {name: value for name, value in ours.items() if name not in theirs or not value.equal(theirs[name])}
    assert sorted(kept) == ["backbone.net.conv_stem.weight", "rate.bias", "rate.weight"]
    save_file(kept, whole / WEIGHTS)
    found = load_model(whole)(photo_tensor(network.config, tiny_photo()))
    assert found.valence.item() == expected.valence.item()
    save_file({name: kept[name] for name in kept if name != "rate.bias"}, whole / WEIGHTS)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_model(whole)
    base.rename(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match=r"rater shares weights with base, but .*put that checkpoint there"):
        load_model(whole)
