"""Every allocation at every level."""

from typing import get_args

import pytest
import torch

from cternet.networks.allocations import (
    ALLOCATIONS,
    LEVELS,
    AllocationName,
    allocate,
    available,
    painted,
    random,
    reverse,
    shuffle,
    uniform,
)
from cternet.networks.sentiment_map import Pooling, spend

B, D, H, W = 4, 6, 3, 5


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def attention() -> torch.Tensor:
    return torch.randn(B, D, H, W)


@pytest.fixture
def pooling() -> Pooling:
    return Pooling(torch.randn(3, D), torch.randn(3))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ALLOCATIONS)
def test_registry(name: str, level: str, attention: torch.Tensor, pooling: Pooling):
    s = pooling(attention)[1]
    before = attention.clone(), s.clone()
    options = {"painting": torch.rand(H, W)} if name == "painted" else {}
    found = [allocate(name, level, s_out=attention, s=s, pooling=pooling, generator=seeded(3), **options) for _ in range(2)]
    assert found[0].shape == (B, 1, H, W)
    assert torch.isfinite(found[0]).all()
    assert torch.equal(*found), "the same seed gives the same S*"
    assert torch.equal(attention, before[0])
    assert torch.equal(s, before[1])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ALLOCATIONS)
def test_an_equal_budget_is_kept(name: str, level: str, attention: torch.Tensor, pooling: Pooling):
    """Whatever the allocation, and however negative the attention: as much of it as S has, and none below 0."""
    equal = Pooling(pooling.weight, pooling.bias, "equal")
    s = equal(attention)[1]
    painting = torch.zeros(H, W)
    painting[1, 2:4] = 0.2
    options = {"painting": painting} if name == "painted" else {}
    found = allocate(name, level, s_out=attention, s=s, pooling=equal, generator=seeded(3), **options)
    for values in (s, found):
        assert (values >= 0).all()
        assert torch.allclose(values.mean(dim=(2, 3)), torch.ones(B, 1), atol=1e-5)
    if name == "painted":
        assert torch.allclose(found, spend(painting.expand(B, 1, H, W)))
        assert found[0, 0, 1, 2].item() == pytest.approx(H * W / 2, rel=1e-3), "all of it on the two painted cells"
    if name in ("random", "reverse"):
        assert found.std() > 0.1, "visible beside S"
    if name == "uniform":
        assert torch.allclose(found, torch.ones_like(found), atol=1e-4)


def test_reverse_on_an_equal_budget_by_hand():
    s = torch.tensor([0.0, 1.0, 2.0]).reshape(1, 1, 1, 3)
    pooling = Pooling(torch.ones(1, 1), torch.zeros(1), "equal")
    found = allocate("reverse", "map", s_out=s, s=s, pooling=pooling)
    assert found.flatten().tolist() == pytest.approx([2, 1, 0], abs=1e-5)


def test_an_empty_painting_says_nowhere_to_look(attention: torch.Tensor, pooling: Pooling):
    equal = Pooling(pooling.weight, pooling.bias, "equal")
    s = equal(attention)[1]
    with pytest.raises(ValueError, match="empty: paint"):
        allocate("painted", "map", s_out=attention, s=s, pooling=equal, painting=torch.zeros(H, W))


def test_the_five_of_the_paper_and_the_app():
    assert set(ALLOCATIONS) == {"random", "uniform", "reverse", "shuffle", "painted"}


@pytest.mark.parametrize("name", ["random", "uniform", "reverse", "shuffle"])
def test_attention_level_pools_the_allocated_attention(name: str, attention: torch.Tensor, pooling: Pooling):
    s = torch.full((B, 1, H, W), torch.nan)  # not looked at
    found = allocate(name, "attention", s_out=attention, s=s, pooling=pooling, generator=seeded(1))
    assert torch.equal(found, pooling(ALLOCATIONS[name].draw(attention, generator=seeded(1)))[1])


@pytest.mark.parametrize("name", ["random", "uniform", "reverse", "shuffle"])
def test_map_level_acts_on_the_map(name: str, attention: torch.Tensor, pooling: Pooling):
    s_out = torch.full_like(attention, torch.nan)  # not looked at
    s = attention[:, :1]
    found = allocate(name, "map", s_out=s_out, s=s, pooling=pooling, generator=seeded(1))
    assert torch.equal(found, ALLOCATIONS[name].draw(s, generator=seeded(1)))


@pytest.mark.parametrize("name", ["random", "uniform", "reverse", "shuffle"])
def test_scaled_map_level(name: str, attention: torch.Tensor, pooling: Pooling):
    """Random and uniform take the mean of S; the others are of its size already."""
    s = attention[:, :1] + 2
    scale = s.mean(dim=(2, 3), keepdim=True) if name in ("random", "uniform") else 1
    on_map, scaled = (
        allocate(name, level, s_out=attention, s=s, pooling=pooling, generator=seeded(1)) for level in ("map", "scaled-map")
    )
    assert torch.equal(scaled, on_map * scale)


def test_random_is_uniform_between_0_and_2():
    u = random(torch.empty(20, 10, 20, 20, dtype=torch.float64), generator=seeded(0))
    assert u.min() >= 0
    assert u.max() <= 2
    assert u.mean().item() == pytest.approx(1, abs=5 * (1 / 3 / u.numel()) ** 0.5)
    assert u.var().item() == pytest.approx(1 / 3, abs=5e-3)
    assert u.unique().numel() > 0.99 * u.numel(), "every image, channel and place has its own draw"


def test_random_follows_its_generator_only(attention: torch.Tensor):
    torch.manual_seed(1)
    first = random(attention, generator=seeded(2))
    torch.manual_seed(9)
    assert torch.equal(first, random(attention, generator=seeded(2)))
    assert not torch.equal(first, random(attention, generator=seeded(3)))


def test_uniform_is_one(attention: torch.Tensor):
    assert torch.equal(uniform(attention), torch.ones(B, D, H, W))


def test_reverse_by_hand():
    a = torch.tensor([[1.0, 2.0, 5.0], [-1.0, 0.0, 3.0]]).reshape(1, 2, 1, 3)
    assert reverse(a).tolist() == [[[[5.0, 4.0, 1.0]], [[3.0, 2.0, -1.0]]]]


def test_reverse_turns_each_channel_around(attention: torch.Tensor):
    turned = reverse(attention)
    assert torch.allclose(reverse(turned), attention, atol=1e-6)
    assert torch.equal(turned.flatten(2).argmax(dim=2), attention.flatten(2).argmin(dim=2))
    for extreme in ("amax", "amin"):
        ours, theirs = (getattr(a, extreme)(dim=(2, 3)) for a in (turned, attention))
        assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_shuffle_is_a_derangement(size: int):
    """Each image gets the whole attention of another one, and each is used once."""
    a = torch.arange(size).float().reshape(-1, 1, 1, 1) * 100 + torch.arange(6).float().reshape(1, 2, 1, 3)
    seen = set()
    for seed in range(60):
        got = shuffle(a, generator=seeded(seed))
        sources = (got[:, 0, 0, 0] / 100).long()
        assert torch.equal(got, a[sources])
        assert sorted(sources.tolist()) == list(range(size))
        assert not (sources == torch.arange(size)).any()
        seen.add(tuple(sources.tolist()))
    assert len(seen) > 1 or size == 2


def test_shuffle_of_one_image_needs_a_bank():
    with pytest.raises(ValueError, match="bank"):
        shuffle(torch.ones(1, 2, 3, 3))


@pytest.mark.parametrize("level", LEVELS)
def test_shuffle_from_a_bank(level: str, attention: torch.Tensor, pooling: Pooling):
    bank = torch.randn(3, D, H, W)
    one, s = attention[:1], pooling(attention[:1])[1]
    every = [pooling(entry[None])[1] for entry in bank]
    chosen = set()
    for seed in range(20):
        got = allocate("shuffle", level, s_out=one, s=s, pooling=pooling, generator=seeded(seed), bank=bank)
        chosen.add(next(i for i, entry in enumerate(every) if torch.allclose(got, entry, atol=1e-5)))
    assert chosen == {0, 1, 2}


@pytest.mark.parametrize("level", LEVELS)
def test_painted_takes_the_place_of_the_map(level: str, attention: torch.Tensor, pooling: Pooling):
    painting = torch.rand(H, W)
    got = allocate("painted", level, s_out=attention, s=attention[:, :1], pooling=pooling, painting=painting)
    assert torch.equal(got, painting.expand(B, 1, H, W))
    got.zero_()
    assert painting.sum() > 0, "the painting itself is not handed out"


@pytest.mark.parametrize("painting", [None, torch.ones(W, H), torch.ones(H, W + 1), torch.ones(4)])
def test_painted_needs_a_map_of_the_right_shape(painting: torch.Tensor | None, attention: torch.Tensor):
    with pytest.raises(ValueError, match=f"{H}x{W} cells"):
        painted(attention, painting=painting)


@pytest.mark.parametrize(("name", "level", "word"), [("nonsense", "map", "reverse"), ("random", "nonsense", "attention")])
def test_unknown_names_are_answered_with_the_choice(
    name: str, level: str, word: str, attention: torch.Tensor, pooling: Pooling
):
    with pytest.raises(ValueError, match=f"nonsense.*{word}"):
        allocate(name, level, s_out=attention, s=attention[:, :1], pooling=pooling)


def test_what_can_be_named_is_what_needs_no_painting():
    assert get_args(AllocationName) == available(bank=True)
    assert set(available(bank=True)) - set(available(bank=False)) == {"shuffle"}
