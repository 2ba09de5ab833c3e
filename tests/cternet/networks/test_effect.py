"""Eq. 6 in closed form: expectation, spread and place map, against draws and by hand."""

import pytest
import torch

from cternet.networks.allocations import LEVELS, allocate
from cternet.networks.coupling import Coupling
from cternet.networks.effect import covariance, expectation, place_map, spread
from cternet.networks.sentiment_map import BUDGETS, Pooling, spend

DRAWS = 400_000


def pooling_of(classes: int, channels: int, centred: bool, budget: str = "free") -> Pooling:
    """Random weights; ``centred`` makes every m_k = 0, so that only the small-grid terms of the moments are left."""
    weight = torch.randn(classes, channels, dtype=torch.float64)
    bias = torch.randn(classes, dtype=torch.float64)
    return Pooling(weight, -weight.sum(dim=1) if centred else bias, budget)


def moments(level: str, s: torch.Tensor, pooling: Pooling) -> tuple[torch.Tensor, ...]:
    """Mean (N,), alpha and beta of one image's random S*."""
    return expectation("random", level, s, pooling).flatten(), *spread("random", level, s, pooling)


def draw(level: str, s: torch.Tensor, pooling: Pooling, count: int) -> torch.Tensor:
    """``count`` S* of one image's random allocation, (count, N), as the production code draws them."""
    channels = pooling.weight.shape[1]
    s_out = torch.empty(count, channels, *s.shape[-2:], dtype=torch.float64)
    generator = torch.Generator().manual_seed(5)
    many = s.expand(count, -1, -1, -1)
    return allocate("random", level, s_out=s_out, s=many, pooling=pooling, generator=generator).flatten(1)


def z_scores(samples: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """How many standard errors the mean of samples (n, ...) is from what is expected."""
    error = samples.std(dim=0) / len(samples) ** 0.5
    return ((samples.mean(dim=0) - expected) / error).abs()


def products(samples: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
    """(n, P) -> (n, P, P), whose mean is the covariance."""
    centred = samples - mean
    return centred[:, :, None] * centred[:, None, :]


CASES = [
    pytest.param("attention", (2, 3), (2, 2), False, id="attention"),
    pytest.param("attention", (3, 2), (1, 3), True, id="attention-centred"),
    pytest.param("attention", (1, 1), (1, 1), True, id="attention-one-cell"),
    pytest.param("map", (2, 3), (2, 3), False, id="map"),
    pytest.param("scaled-map", (2, 3), (2, 3), False, id="scaled-map"),
]


@pytest.mark.parametrize(("level", "sizes", "grid", "centred"), CASES)
def test_moments_of_random_against_draws(level: str, sizes: tuple, grid: tuple, centred: bool):
    pooling = pooling_of(*sizes, centred)
    s = 1 + torch.rand(1, 1, *grid, dtype=torch.float64)
    mean, alpha, beta = moments(level, s, pooling)
    drawn = draw(level, s, pooling, DRAWS)
    n = drawn.shape[1]
    assert z_scores(drawn, mean).max() < 4.5
    expected = alpha * torch.eye(n, dtype=torch.float64) + beta
    assert z_scores(products(drawn, mean), expected).max() < 4.5


@pytest.mark.parametrize(("level", "sizes", "grid", "centred"), CASES)
def test_effect_of_random_against_draws(level: str, sizes: tuple, grid: tuple, centred: bool):
    """Mean and covariance of Y(S) - Y(S*) with a real head."""
    pooling = pooling_of(*sizes, centred)
    s = 1 + torch.rand(1, 1, *grid, dtype=torch.float64)
    coupling = Coupling(4, 3, 3).double()
    reduced = coupling.reduce(torch.randn(1, 4, *grid, dtype=torch.float64))
    expected, alpha, beta = moments(level, s, pooling)
    with torch.no_grad():
        drawn = draw(level, s, pooling, DRAWS)
        effects = coupling(s, reduced) - coupling(drawn.reshape(-1, 1, *grid), reduced)
        mean = (coupling(s, reduced) - coupling(expected.reshape(s.shape), reduced))[0]
        spread_of_effects = covariance(coupling.evidence(reduced), alpha, beta)[0]
    assert z_scores(effects, mean).max() < 4.5
    assert z_scores(products(effects, mean), spread_of_effects).max() < 4.5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("sizes", "grid"), [((2, 3), (4, 5)), ((8, 16), (3, 3)), ((3, 2), (1, 2))])
def test_random_on_an_equal_budget_against_draws(level: str, sizes: tuple, grid: tuple):
    """Mean 1 everywhere, exactly; the covariance that of a vector with a fixed sum, as large as a sample of draws says."""
    pooling = pooling_of(*sizes, False, "equal")
    s = spend(torch.rand(1, 1, *grid, dtype=torch.float64))
    mean, alpha, beta = moments(level, s, pooling)
    drawn = draw(level, s, pooling, DRAWS // 4)
    n = drawn.shape[1]
    assert (drawn >= 0).all()
    assert torch.allclose(drawn.sum(dim=1), torch.full((len(drawn),), float(n), dtype=torch.float64))
    assert mean.tolist() == [1] * n
    assert z_scores(drawn, mean).max() < 4.5
    assert (alpha + n * beta).item() == pytest.approx(0, abs=1e-9), "the sum never varies"
    found = drawn.T.cov()
    expected = alpha * torch.eye(n, dtype=torch.float64) + beta
    assert found.diagonal().mean().item() == pytest.approx((alpha + beta).item(), rel=0.35 if n == 2 else 0.2)
    assert torch.allclose(found, expected, atol=0.25 * float(alpha + beta))


def test_the_sampled_spread_is_within_two_per_cent_on_the_shipped_grid():
    pooling = pooling_of(8, 64, False, "equal")
    s = torch.ones(1, 1, 14, 14, dtype=torch.float64)
    alpha, beta = spread("random", "attention", s, pooling)
    drawn = draw("attention", s, pooling, 4000)
    assert (alpha + beta).item() == pytest.approx((drawn - 1).square().mean().item(), rel=0.02)
    again = spread("random", "attention", torch.rand(1, 1, 14, 14, dtype=torch.float64), pooling)
    assert torch.equal(again[0], alpha), "no image changes it"


def test_one_cell_on_an_equal_budget_never_varies():
    found = spread("random", "map", torch.ones(1, 1, 1, 1, dtype=torch.float64), pooling_of(2, 3, False, "equal"))
    assert [value.item() for value in found] == [0, 0]


def test_random_by_hand():
    """K = D = N = 1, w = 1, b = 0: S* = U^2, mean 4/3, variance E U^4 - (4/3)^2 = 64/45."""
    pooling = Pooling(torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
    mean, alpha, beta = moments("attention", torch.ones(1, 1, 1, 1, dtype=torch.float64), pooling)
    assert mean.item() == pytest.approx(4 / 3)
    assert alpha.item() == pytest.approx(14 / 45)
    assert beta.item() == pytest.approx(50 / 45)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("level", LEVELS)
def test_uniform_is_certain(level: str, budget: str):
    """Its mean is the map itself, and nothing varies."""
    pooling = pooling_of(2, 3, False, budget)
    s_out, s = torch.randn(2, 3, 2, 2, dtype=torch.float64), torch.rand(2, 1, 2, 2, dtype=torch.float64)
    mean = expectation("uniform", level, s, pooling)
    assert torch.allclose(mean, allocate("uniform", level, s_out=s_out, s=s, pooling=pooling), atol=1e-5)
    assert [values.tolist() for values in spread("uniform", level, s, pooling)] == [[0, 0], [0, 0]]


def test_the_expectation_is_not_the_all_ones_value():
    """S* is quadratic in U."""
    pooling = pooling_of(2, 3, False)
    s = torch.ones(1, 1, 2, 2, dtype=torch.float64)
    expected = (pooling.weight.square().sum(dim=1) / (3 * 4)).mean()
    gap = expectation("random", "attention", s, pooling) - expectation("uniform", "attention", s, pooling)
    assert torch.allclose(gap, expected.expand_as(gap))


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["reverse", "shuffle", "painted"])
def test_no_expectation_where_s_star_depends_on_the_image(name: str, level: str, budget: str):
    s, pooling = torch.ones(1, 1, 2, 2), pooling_of(2, 3, False, budget)
    assert expectation(name, level, s, pooling) is None
    assert [values.item() for values in spread(name, level, s, pooling)] == [0, 0]


def test_covariance_equals_loops():
    g = torch.randn(2, 3, 2, 2, dtype=torch.float64)
    alpha, beta = torch.tensor([0.5, 2.0]).double(), torch.tensor([0.25, 0.0]).double()
    found = covariance(g, alpha, beta)
    for image in range(2):
        places = g[image].flatten(1)
        expected = torch.zeros(3, 3, dtype=torch.float64)
        for p in range(4):
            for q in range(4):
                cov = alpha[image] * (p == q) + beta[image]
                expected += cov * torch.outer(places[:, p], places[:, q]) / 16
        assert torch.allclose(found[image], expected)


def test_place_map_by_hand():
    """More attention than the counterfactual on positive evidence is a positive share."""
    s, s_star = torch.tensor([3.0, 1.0]).reshape(1, 1, 1, 2), torch.ones(1, 1, 1, 2)
    g = torch.tensor([[5.0, 7.0], [-4.0, 1.0]]).reshape(1, 2, 1, 2)
    assert place_map(s, s_star, g).flatten(2).tolist() == [[[5.0, 0.0], [-4.0, 0.0]]]


def test_place_map_sums_to_the_effect_of_two_head_calls():
    coupling = Coupling(6, 4, 3).double()
    reduced = coupling.reduce(torch.randn(2, 6, 3, 4, dtype=torch.float64))
    s, s_star = torch.randn(2, 2, 1, 3, 4, dtype=torch.float64)
    shares = place_map(s, s_star, coupling.evidence(reduced))
    assert torch.allclose(shares.sum(dim=(2, 3)), coupling(s, reduced) - coupling(s_star, reduced), atol=1e-12)
