"""CLEF: what its equations give, what each part of its loss trains, and that the subject matters."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from cternet import Predictor, load_model
from cternet.networks.clef import CounterfactualInference, fuse
from tests.cternet.networks.test_ras import tiny_ras
from tests.tiny import photo_tensor, tiny_clef, tiny_network, tiny_photo


def test_the_equations():
    inference = CounterfactualInference()
    with torch.no_grad():
        inference.e_star.fill_(0.7)
    y_c, y_e = torch.randn(3, 4), torch.randn(3, 4)
    said = inference(y_c, y_e)
    assert torch.allclose(said.y_ce, torch.log(torch.sigmoid(y_c + y_e)), atol=1e-6)
    void = fuse(torch.zeros(3, 4), torch.tensor(0.7))  # Y_{c*,e*}
    assert torch.allclose(said.te, said.y_ce - void, atol=1e-6)
    assert torch.allclose(said.nde, fuse(y_c, torch.tensor(0.7)) - void, atol=1e-6)
    assert torch.allclose(said.prediction, said.te - said.nde, atol=1e-6)


@pytest.mark.parametrize("several", [False, True])
def test_the_divergence_trains_e_star_alone(several: bool):
    network = tiny_clef(several=several).train()
    images = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in (1, 2)])
    target = torch.tensor([[1.0, 0, 0, 1, 0, 0, 0, 0]] * 2) if several else torch.tensor([1, 2])
    terms = network.loss_terms(network(images), target)
    assert set(terms) == {"y_c", "y_ce", "kl"}
    terms["kl"].backward(retain_graph=True)
    moved = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert moved == {"inference.e_star"}
    network.zero_grad()
    (terms["y_c"] + terms["y_ce"]).backward()
    assert network.inference.e_star.grad is None
    assert network.context.weight.grad is not None and network.ensemble.weight.grad is not None
    assert all(parameter.grad is None for parameter in network.backbone.finder.parameters())


def test_the_loss_of_one_label_and_of_several():
    network = tiny_clef()
    images = photo_tensor(network.config, tiny_photo(1))
    said = network(images)
    one = network.loss_terms(said, torch.tensor([3]))
    assert one["y_ce"].item() == pytest.approx(F.cross_entropy(said.y_ce, torch.tensor([3])).item())
    imagined = fuse(said.y_c, network.inference.e_star).softmax(1)
    factual = said.y_ce.softmax(1)
    assert one["kl"].item() == pytest.approx((factual * (factual / imagined).log()).sum().item(), abs=1e-5)
    network.config = replace(network.config, several=True)
    target = torch.tensor([[1.0, 0, 1, 0, 0, 0, 0, 0]])
    p = (said.y_c + said.y_e).sigmoid()
    several = network.loss_terms(said, target)
    expected = -(target * p.log() + (1 - target) * (1 - p).log()).sum()
    assert several["y_ce"].item() == pytest.approx(expected.item(), abs=1e-4)
    q = (said.y_c + network.inference.e_star).sigmoid()
    divergence = (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).sum()
    assert several["kl"].item() == pytest.approx(divergence.item(), abs=1e-4)


def test_the_context_branch_does_not_see_the_subject():
    network = tiny_clef()
    image = photo_tensor(network.config, tiny_photo(2))
    subject = torch.zeros(1, 1, 64, 64)
    subject[..., :32] = 1
    other = image.clone()
    other[..., :32] = torch.randn(1, 3, 64, 32)
    one, two = (network(torch.cat([pixels, subject], dim=1)) for pixels in (image, other))
    assert torch.allclose(one.y_c, two.y_c, atol=1e-5) and not torch.allclose(one.y_e, two.y_e, atol=1e-3)
    elsewhere = network(torch.cat([image, subject.flip(3)], dim=1))
    assert (elsewhere.prediction - one.prediction).abs().max() > 1e-3


def test_an_unknown_subject_is_found_as_without_the_channel():
    network = tiny_clef()
    images = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in (1, 2)])
    found = network.backbone.find(images)
    assert 0.02 < found.float().mean() < 0.98
    channel = torch.full((2, 1, 64, 64), -1.0)
    assert torch.allclose(network(torch.cat([images, channel], dim=1)).prediction, network(images).prediction, atol=1e-5)
    channel[1] = 0  # there is none in the second
    half = network(torch.cat([images, channel], dim=1))
    assert torch.allclose(half.prediction[:1], network(images[:1]).prediction, atol=1e-5)
    assert torch.equal(network.backbone.subjects(torch.cat([images, channel], dim=1))[1], torch.zeros(64, 64).bool())


def test_cached_features_go_on_where_they_stopped():
    network = tiny_clef()
    images = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in (1, 2)])
    half = network.backbone(images, 0, 2)
    assert torch.allclose(network(half, start=2).prediction, network(images).prediction, atol=1e-5)
    assert network.backbone.finder in network.backbone.frozen_parts(2)


def test_the_finder_stays_as_it_is_in_training():
    network = tiny_clef().train()
    assert not network.backbone.finder.training and network.backbone.net.training


def test_a_result_tells_all_branches():
    network = tiny_clef()
    result = Predictor(network, name="clef", device="cpu").analyze(tiny_photo(3))
    assert 0 < result.subject.mean() < 1 and (result.context[result.subject] == 0).all()
    assert (result.context[~result.subject] == result.seen[~result.subject]).all()
    images = photo_tensor(network.config, tiny_photo(3))
    with torch.no_grad():
        said = network(images)
    assert np.allclose(result.scores, said.tie[0], atol=1e-5) and np.allclose(result.context_only, said.y_c[0], atol=1e-5)
    numbers = result.numbers()
    te, tie, nde = (np.array(list(numbers[name].values())) for name in ("te", "tie", "nde"))
    assert np.allclose(te, tie + nde) and numbers["predicted_with"] == {"answer": "TIE"}
    assert set(result.maps()) >= {"cam", "subject", "scores", "y_c", "y_ce", "nde", "photo"}
    assert len(repr(result)) < 60


def test_a_checkpoint_may_leave_out_what_two_others_hold(checkpoint):
    network = tiny_clef()
    folder = checkpoint(network, "weights/clef")
    base = tiny_network(family="vanilla")
    base.backbone.net.load_state_dict(network.backbone.net.state_dict())
    checkpoint(base, "weights/plain")
    finder = tiny_ras()
    own = network.backbone.finder.state_dict()
    finder = type(finder)(type(finder.config)(**network.config.finder))
    finder.load_state_dict(own)
    finder.save_pretrained(folder.parent / "finder", config={**vars(finder.config)})
    images = photo_tensor(network.config, tiny_photo(1))
    expected = network(images).prediction
    network.config.base, network.config.finder_base = "plain", "finder"
    checkpoint(network, "weights/clef")
    state = {name: one for name, one in load_file(folder / "model.safetensors").items() if not name.startswith("backbone.")}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    assert torch.allclose(load_model(folder)(images).prediction, expected, atol=1e-5)


def test_several_emotions_have_probabilities_of_their_own():
    network = tiny_network(family="vanilla", several=True)
    result = Predictor(network, device="cpu").analyze(tiny_photo(1))
    assert np.allclose(result.probabilities, 1 / (1 + np.exp(-result.scores)))
    target = torch.tensor([[1.0, 0, 1, 0, 0, 0, 0, 0]])
    said = network(photo_tensor(network.config, tiny_photo(1)))
    expected = F.binary_cross_entropy_with_logits(said.y, target, reduction="sum")
    assert network.loss_terms(said, target)["y"].item() == pytest.approx(expected.item(), abs=1e-5)
