"""CCIM: what it starts as, what its equations give, and that it leaves attention linear."""

import numpy as np
import pytest
import torch

from cternet import Predictor, load_model
from cternet.networks.ccim import CCIM, INTERVENTIONS
from tests.tiny import photo_tensor, tiny_config, tiny_network, tiny_photo, tiny_rater

SIZE = {"confounders": (5, 6)}


def stirred(module: CCIM) -> CCIM:
    """Every part of it does something."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        module.dictionary.normal_()
        module.prior.copy_(torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05]))
    return module.eval()


@pytest.mark.parametrize("intervention", INTERVENTIONS)
def test_the_equations(intervention: str):
    module = stirred(CCIM(8, 5, 6, intervention, attention_channels=4))
    h, z, p = torch.randn(3, 8), module.dictionary, module.prior
    expected = []
    for one in h:
        scores = []
        for confounder in z:
            query, key = module.query.weight @ one, module.key.weight @ confounder
            additive = intervention == "additive"
            scores.append(module.score.weight[0] @ torch.tanh(query + key) if additive else query @ key / 2)
        weights = torch.stack(scores).softmax(0)
        g = sum(5 * weight * share * confounder for weight, share, confounder in zip(weights, p, z, strict=True))
        u = module.own.weight @ one + module.context.weight @ g
        expected.append(u + 0.3 * module.mlp(module.norm(u[None]))[0])
    assert torch.allclose(module.adjusted(h), torch.stack(expected), atol=1e-5)
    assert torch.allclose(module.weights(h).sum(dim=1), torch.ones(3))
    x = torch.randn(3, 8, 2, 3)
    assert torch.allclose(module(x).mean(dim=(2, 3)), module.adjusted(x.mean(dim=(2, 3))), atol=1e-5)


def test_it_starts_as_no_change():
    module = CCIM(8, 5, 6).eval()
    module.dictionary.normal_()
    x = torch.randn(2, 8, 3, 3)
    assert torch.allclose(module(x), x, atol=1e-6)


@pytest.mark.parametrize("family", ["vanilla", "wscnet", "smad-f", "cternet"])
@pytest.mark.parametrize("intervention", INTERVENTIONS)
def test_every_family_takes_it_and_keeps_it(family: str, intervention: str, checkpoint):
    torch.manual_seed(0)
    network = type(tiny_network(family=family))(tiny_config(family=family, deconfound=intervention, **SIZE)).eval()
    images = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in (1, 2)])
    before = network(images).prediction
    stirred(network.ccim)
    after = network(images).prediction
    assert (before - after).abs().max() > 1e-3
    again = load_model(checkpoint(network))
    assert torch.allclose(again(images).prediction, after, atol=1e-6)
    assert torch.equal(again.ccim.prior, network.ccim.prior)
    network.train()(images).prediction.sum().backward()
    assert all(parameter.grad is not None for parameter in network.ccim.parameters())


def test_the_answer_stays_linear_in_attention():
    network = type(tiny_network())(tiny_config(deconfound="dot-product", **SIZE)).eval()
    stirred(network.ccim)
    analysis = Predictor(network, device="cpu").analyze(tiny_photo(3))
    rebuilt = (analysis.s[None] * analysis.evidence).mean(axis=(1, 2)) + analysis.bias
    assert np.allclose(rebuilt, analysis.y_factual, atol=1e-4)
    assert np.allclose(analysis.effect_map.sum(axis=(1, 2)), analysis.total_effect, atol=1e-4)


def test_a_network_that_rates_takes_it_too():
    network = tiny_rater(deconfound="additive", **SIZE)
    stirred(network.ccim)
    said = network(photo_tensor(network.config, tiny_photo()))
    x = network.forward_features(photo_tensor(network.config, tiny_photo()))
    assert torch.allclose(1 + 8 * network.maps(x, said)["valence"].mean(dim=(1, 2)).sigmoid(), said.valence, atol=1e-4)


def test_without_a_size_it_cannot_be_made():
    with pytest.raises(ValueError, match="does not give its size"):
        type(tiny_network())(tiny_config(deconfound="dot-product"))
