"""The registry of families: what each says of itself, and folders that name one, an older one, or none that is known."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cternet import FAMILIES, CheckpointError, CTERNet, CTERNetConfig, EmotionNetwork, load_model
from cternet.networks.checkpoint import CONFIG
from cternet.networks.classifier import ANSWERS
from cternet.networks.families import family_of, make_network
from cternet.networks.vanilla import Vanilla
from tests.tiny import SIZE, tiny_config, tiny_network

Save = Callable[..., Path]
CLASSIFYING = [name for name, family in FAMILIES.items() if issubclass(family.network, EmotionNetwork)]


def rename(folder: Path, **changes: str) -> None:
    """The config as it was before it named a family, with ``changes``."""
    config = json.loads((folder / CONFIG).read_text())
    del config["family"]
    (folder / CONFIG).write_text(json.dumps(config | changes))


@pytest.mark.parametrize("name", CLASSIFYING)
def test_what_a_family_says_is_what_its_networks_do(name: str):
    family, network = FAMILIES[name], tiny_network(family=name)
    assert type(network) is family.network
    assert family.name == name
    with torch.no_grad():
        found = network(torch.randn(2, 3, SIZE, SIZE), evidence=True)
    assert set(network.answers) <= set(ANSWERS)
    assert {answer for answer in ANSWERS if getattr(found, answer, None) is not None} == set(network.answers) | {"y"}
    assert found.prediction is getattr(found, network.predicts_with)
    assert (getattr(found, "evidence", None) is not None) == family.has_evidence
    assert hasattr(found, "s_star") == family.has_counterfactual


def test_evidence_and_bias_make_the_answer():
    for name in (name for name in CLASSIFYING if FAMILIES[name].has_evidence):
        network = tiny_network(family=name)
        with torch.no_grad():
            found = network(torch.randn(2, 3, SIZE, SIZE), evidence=True)
        rebuilt = (found.s * found.evidence).mean(dim=(2, 3)) + network.bias
        torch.testing.assert_close(rebuilt, found.y, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_a_folder_from_before_families(checkpoint: Save, name: str):
    network = tiny_network(family=name)
    folder = checkpoint(network)
    rename(folder, variant=name)
    again = load_model(folder)
    assert type(again) is type(network)
    assert again.config == network.config


def test_weights_of_another_family_are_never_left_at_random(checkpoint: Save):
    """Not by the class itself either, of a folder that does not say its family."""
    folder = checkpoint(tiny_network(family="vanilla"))
    rename(folder, variant="vanilla")
    with pytest.raises(RuntimeError, match="Missing key"):
        CTERNet.from_pretrained(folder)


def test_a_family_that_is_not_known(checkpoint: Save):
    folder = checkpoint()
    rename(folder, family="clairvoyant")
    with pytest.raises(CheckpointError, match="unknown family 'clairvoyant': choose one of vanilla, wscnet, smad-f, cternet"):
        load_model(folder)
    with pytest.raises(ValueError, match="unknown family 'clairvoyant'"):
        family_of("clairvoyant")


def test_a_config_of_another_family_is_refused():
    with pytest.raises(ValueError, match="a CTERNet is of the family cternet, but the config says vanilla"):
        CTERNet(tiny_config(family="vanilla"))
    assert type(make_network(tiny_config(family="vanilla"))) is Vanilla


def test_a_plain_answer_is_what_others_can_start_with():
    """With the parameters of ``as_plain`` and S = 1, a network answers like the classifier."""
    plain = tiny_network(family="vanilla", reduced_channels=None).plain_classifier
    x = torch.randn(2, plain.in_features, 4, 4)
    expected = plain(x.mean(dim=(2, 3)))
    for name in ("wscnet", "smad-f", "cternet"):
        network = make_network(CTERNetConfig(**vars(tiny_config(family=name, reduced_channels=None)))).eval()
        network.load_state_dict(network.state_dict() | network.as_plain(plain))
        conv = network.wscnet.sentiment_map.conv if name == "wscnet" else network.sentiment_map.conv
        with torch.no_grad():
            conv.weight.zero_(), conv.bias.fill_(1)
            torch.testing.assert_close(network.forward_head(x).y, expected, atol=1e-4, rtol=1e-4)
    assert plain.in_features == 64
