"""Every family on every kind of backbone, forward and backward."""

import pytest
import torch

from cternet.networks.allocations import LEVELS
from cternet.networks.config import CTERNetConfig
from cternet.networks.cternet import CTERNet
from cternet.networks.effect import expectation
from cternet.networks.sentiment_map import BUDGETS, spend
from tests.tiny import BACKBONES, SIZE, tiny_config, tiny_network

ANSWERS = {"vanilla": {"y"}, "wscnet": {"y", "v"}, "smad-f": {"y", "v"}, "cternet": {"y", "v", "y_star", "y_te"}}
ANSWERS = {family: logits | {"prediction"} for family, logits in ANSWERS.items()}
MAPS = {"vanilla": set(), "wscnet": {"s"}, "smad-f": {"s"}, "cternet": {"s", "s_star"}}
ALLOCATIONS = ("random", "uniform", "reverse", "shuffle")


def images(count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, SIZE, SIZE)


@pytest.mark.parametrize("family", ANSWERS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_forward(family: str, backbone: str):
    network = tiny_network(family=family, backbone=backbone, output_stride=BACKBONES[backbone])
    with torch.no_grad():
        out = network(images(), evidence=True)
    grid = network.backbone.grid(SIZE)
    shapes = dict.fromkeys(ANSWERS[family], (2, 8)) | dict.fromkeys(MAPS[family], (2, 1, *grid))
    if family in ("smad-f", "cternet"):
        shapes |= {"s_out": (2, 16, *grid), "evidence": (2, 8, *grid)}
    assert {name: tuple(t.shape) for name, t in vars(out).items() if t is not None} == shapes
    assert all(torch.isfinite(t).all() for t in vars(out).values() if t is not None)
    assert out.prediction is (out.y_te if family == "cternet" else out.y)


@pytest.mark.parametrize("eq7_alone", [False, True], ids=["default", "eq7"])
@pytest.mark.parametrize("family", ANSWERS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_backward_reaches_every_parameter(family: str, backbone: str, eq7_alone: bool):
    network = tiny_network(family=family, backbone=backbone, output_stride=BACKBONES[backbone]).train()
    network.backbone.eval()  # as training does
    terms = network.loss_terms(network(images(4)), torch.tensor([0, 3, 5, 7]), eq7_alone=eq7_alone)
    sum(terms.values()).backward()
    silent = [name for name, p in network.named_parameters() if p.grad is None]
    assert silent == []
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
    head = {name for name, p in network.named_parameters() if not name.startswith("backbone.") and not p.grad.any()}
    # The bias of Y cancels in the total effect, so Eq. 7 alone leaves it where it was.
    assert head == ({"coupling.classifier.bias"} if eq7_alone and family == "cternet" else set())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_backward_under_every_allocation(allocation: str, level: str):
    network = tiny_network(allocation=allocation, level=level).train()
    out = network(images(4))
    network.loss_terms(out, torch.tensor([0, 1, 2, 3]))["y_te"].backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
    assert torch.equal(out.y_te, out.y - out.y_star)


@pytest.mark.parametrize("family", ANSWERS)
def test_eval_is_deterministic(family: str):
    network, x = tiny_network(family=family, dropout=0.5), images()
    with torch.no_grad():
        first, second = network(x), network(x)
    assert torch.equal(first.prediction, second.prediction)


def test_training_drops_channels_before_the_head():
    network, x = tiny_network(dropout=0.5).train(), images()
    network.backbone.eval()
    with torch.no_grad():
        assert not torch.equal(network(x).y, network(x).y)


def test_total_effect_is_factual_minus_counterfactual(network: CTERNet):
    """Eq. 6's sign, from the maps by two head calls."""
    with torch.no_grad():
        x = network.forward_features(images())
        out = network.forward_head(x)
        reduced = network.coupling.reduce(x)
        expected = network.coupling(out.s, reduced) - network.coupling(out.s_star, reduced)
    assert torch.allclose(out.y_te, expected, atol=1e-5)
    assert out.y_te.abs().max() > 1e-2


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("allocation", ["random", "uniform"])
def test_eval_uses_the_expectation(allocation: str, level: str, budget: str):
    network = tiny_network(allocation=allocation, level=level, budget=budget)
    with torch.no_grad():
        out = network(images())
        exact = expectation(allocation, level, out.s, network.sentiment_map.pooling)
    assert torch.equal(out.s_star, exact)


def test_training_draws_and_can_use_the_expectation():
    drawn, exact = tiny_network().train(), tiny_network(training_effect="exact").train()
    s_out = torch.randn(2, 16, 4, 4)
    s = drawn.sentiment_map(s_out)[1]
    first, again, other = (drawn.counterfactual(s_out, s, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    expected = expectation("random", "attention", s, exact.sentiment_map.pooling)
    assert torch.equal(exact.counterfactual(s_out, s), expected)


@pytest.mark.parametrize("budget", BUDGETS)
def test_several_draws_are_averaged(budget: str):
    """Their spread falls with the root of their number; their mean is the expectation."""
    images = torch.randn(2, 3, SIZE, SIZE)
    spread = {}
    for draws in (1, 16):
        network = tiny_network(draws=draws, budget=budget)
        with torch.no_grad():
            x = network.forward_features(images)
            network.training = True  # the head alone: batch norms keep their statistics
            generator = torch.Generator().manual_seed(0)
            found = torch.stack([network.forward_head(x, generator=generator).y_te for _ in range(200)])
        spread[draws] = found.std(dim=0).mean().item()
        network.training = False
        with torch.no_grad():
            exact = network.forward_head(x).y_te
        assert torch.allclose(found.mean(dim=0), exact, atol=5 * spread[draws] / 200**0.5)
    assert spread[1] / spread[16] == pytest.approx(4, rel=0.2)


def test_on_an_equal_budget_attention_and_its_counterfactual_hold_as_much():
    network, free = tiny_network(budget="equal"), tiny_network()
    x = images()
    with torch.no_grad():
        found, plain = network(x), free(x)
    assert torch.allclose(found.s.mean(dim=(2, 3)), torch.ones(2, 1), atol=1e-5)
    least = 0.5 * plain.s.mean(dim=(2, 3), keepdim=True)
    assert torch.allclose(found.s, spend(plain.s - least), atol=1e-5), "Eq. 4 stays before it"
    assert (found.s >= 0).all()
    assert (plain.s < 0).any(), "the case is there"
    assert torch.equal(found.s_star, torch.ones_like(found.s))
    assert torch.equal(found.v, plain.v)


def test_a_new_network_on_an_equal_budget_starts_as_a_plain_classifier():
    """Its S is about 1 everywhere, and even attention is 1, not 0 / 0."""
    torch.manual_seed(0)
    network = CTERNet(tiny_config(budget="equal", allocation="uniform")).train()
    network.backbone.eval()
    with torch.no_grad():
        found = network(images())
    assert (found.s - 1).abs().max() < 0.5
    assert torch.allclose(found.s_star, torch.ones_like(found.s), atol=1e-4)


@pytest.mark.parametrize("family", ["vanilla", "wscnet", "smad-f", "cternet"])
@pytest.mark.parametrize("answer", ["y", "y_te"])
def test_what_it_answers_with(family: str, answer: str):
    network = tiny_network(family=family, answer=answer)
    with torch.no_grad():
        found = network(images())
    expected = found.y_te if family == "cternet" and answer == "y_te" else found.y
    assert torch.equal(found.prediction, expected)


def test_shuffle_answers_with_the_mean_of_other_images():
    """A single image must not need a batch: the running mean of S stands for E[S*]."""
    torch.manual_seed(0)
    network = CTERNet(tiny_config(allocation="shuffle"))
    assert network.shuffle_mean.isnan().all()
    network.train()
    with torch.no_grad():
        first = network(images(4)).s.mean(dim=0, keepdim=True)
        assert torch.equal(network.shuffle_mean, first)
        second = network(images(4)).s.mean(dim=0, keepdim=True)
        assert torch.allclose(network.shuffle_mean, 0.99 * first + 0.01 * second, atol=1e-6)
        kept = network.eval().shuffle_mean.clone()
        out = network(images(1))
    assert torch.equal(out.s_star, kept)
    assert torch.equal(network.shuffle_mean, kept), "eval changes nothing"


def test_shuffle_draws_another_image_in_training():
    network = tiny_network(allocation="shuffle").train()
    network.backbone.eval()
    with torch.no_grad():
        out = network(images(4))
    for i in range(4):
        same = [torch.allclose(out.s_star[i], out.s[j], atol=1e-5) for j in range(4)]
        assert sum(same) == 1
        assert not same[i]


def test_starting_at_a_later_section_is_the_same(network: CTERNet):
    x = images()
    with torch.no_grad():
        later = network(network.backbone(x, 0, 3), start=3)
        assert torch.equal(later.y_te, network(x).y_te)


def test_reduced_channels_by_default():
    assert CTERNet(tiny_config(reduced_channels=None)).coupling.reduce.out_channels == 64, "C where C is small"
    wide = CTERNet(tiny_config(reduced_channels=None, backbone="resnet18", output_stride=None, classes=("awe", "fear")))
    assert wide.coupling.reduce.out_channels == 512


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": "nonsense"}, "unknown family 'nonsense': choose one of vanilla, wscnet, smad-f"),
        ({"classes": ("awe",)}, "two"),
        ({"draws": 0}, "draws must be at least 1"),
        ({"budget": "large"}, "unknown budget 'large': choose one of equal, free"),
        ({"answer": "v"}, "unknown answer 'v': choose one of y, y_te"),
    ],
)
def test_config_that_makes_no_sense(changes: dict, words: str):
    with pytest.raises(ValueError, match=words):
        CTERNetConfig(**changes)


def test_config_read_from_json_compares_equal():
    config = tiny_config()
    assert CTERNetConfig(**vars(config) | {"classes": list(config.classes), "mean": list(config.mean)}) == config


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_the_effect_is_exact_under_autocast(allocation: str):
    """The convolutions run in bfloat16; the difference of logits does not."""
    network = tiny_network(allocation=allocation)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(images(), evidence=True)
    assert {t.dtype for t in vars(out).values() if t is not None} == {torch.float32}
    shares = (out.s - out.s_star) * out.evidence
    assert torch.allclose(shares.mean(dim=(2, 3)), out.y_te, atol=1e-4)
