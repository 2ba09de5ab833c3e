"""One image's result: exact maps and spreads, and interventions that need no network."""

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
import torch
from torch import nn

from cternet import Analysis, Counterfactual, Predictor
from cternet.emotions import MIKELS
from cternet.networks.allocations import LEVELS, allocate
from cternet.networks.backbone import Backbone
from tests.tiny import photo_tensor, tiny_network, tiny_photo

NAMES = ("random", "uniform", "reverse", "shuffle")
EVERY = [(name, level) for name in NAMES for level in LEVELS]


@pytest.fixture(params=["free y_te", "equal y"])
def predictor(request: pytest.FixtureRequest) -> Predictor:
    budget, answer = request.param.split()
    network = tiny_network(budget=budget, answer=answer)
    return Predictor(network, name="tiny", device="cpu").with_bank([tiny_photo(seed) for seed in (7, 8, 9)])


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo())


def head_call(predictor: Predictor, attention: np.ndarray) -> np.ndarray:
    """Y(attention, X) by the network itself."""
    with torch.no_grad():
        x = predictor.model.forward_features(photo_tensor(predictor.config, tiny_photo()))
        s = torch.from_numpy(np.asarray(attention, np.float32))[None, None]
        return predictor.model.coupling(s, predictor.model.coupling.reduce(x))[0].numpy()


def painting(analysis: Analysis, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random(analysis.s.shape).astype(np.float32)


# --- exact numbers


@pytest.mark.parametrize(("name", "level"), EVERY)
def test_effect_map_sums_to_the_difference_of_two_head_calls(predictor: Predictor, analysis: Analysis, name: str, level: str):
    found = analysis.intervene(name, level=level, seed=4)
    expected = head_call(predictor, found.s) - head_call(predictor, found.counterfactual.mean)
    assert np.allclose(found.effect_map.sum(axis=(1, 2)), expected, atol=1e-4)
    assert np.allclose(found.total_effect, expected, atol=1e-4)
    assert np.abs(expected).max() > 1e-2


def test_effect_map_is_a_share_of_each_place(analysis: Analysis):
    s, s_star, g = (a.astype(float) for a in (analysis.s, analysis.counterfactual.mean, analysis.evidence))
    k, i, j = 2, 1, 3
    assert analysis.effect_map[k, i, j] == pytest.approx((s[i, j] - s_star[i, j]) * g[k, i, j] / s.size)


def test_answers_equal_the_networks(predictor: Predictor, analysis: Analysis):
    with torch.no_grad():
        out = predictor.model(photo_tensor(predictor.config, tiny_photo()))
    for ours, theirs in [
        (analysis.y_factual, out.y),
        (analysis.y_counterfactual, out.y_star),
        (analysis.total_effect, out.y_te),
        (analysis.scores, out.prediction),
        (analysis.v, out.v),
    ]:
        assert np.allclose(ours, theirs[0], atol=1e-4)
    assert np.allclose(analysis.probabilities, out.prediction.softmax(dim=1)[0], atol=1e-4)
    assert analysis.prediction == MIKELS[out.prediction.argmax()]


def test_evenly_keeps_the_amount_of_attention_and_forgets_where(analysis: Analysis):
    even = analysis.evenly
    np.testing.assert_allclose(even.attended, analysis.s.mean(), rtol=1e-6)
    expected = analysis.evidence.mean(axis=(1, 2)) * analysis.s.mean() + analysis.bias
    np.testing.assert_allclose(even.y_factual, expected, rtol=1e-4)
    np.testing.assert_array_equal(even.y_counterfactual, analysis.y_counterfactual)


@pytest.mark.parametrize("level", LEVELS)
def test_spread_equals_that_of_many_draws(analysis: Analysis, level: str):
    found = analysis.intervene("random", level=level)
    draws = 20_000
    s_star = allocate(
        "random",
        level,
        s_out=torch.empty(draws, *analysis.s_out.shape),
        s=torch.from_numpy(analysis.s).expand(draws, 1, -1, -1),
        pooling=analysis.pooling,
        generator=torch.Generator().manual_seed(0),
    )
    effects = found.y_factual - np.stack([found.y(one) for one in s_star[:, 0].numpy()])
    error = effects.std(axis=0) / draws**0.5
    assert (np.abs(effects.mean(axis=0) - found.total_effect) / error).max() < 4.5
    # The variance of a variance is about 2 sigma^4 / n; five of its standard deviations are 5 %.
    assert np.allclose(effects.std(axis=0), found.total_effect_std, rtol=0.03)
    scale = np.outer(found.total_effect_std, found.total_effect_std)
    assert np.allclose(np.cov(effects.T) / scale, found.total_effect_covariance / scale, atol=0.05)


@pytest.mark.parametrize(("name", "level"), [pair for pair in EVERY if pair[0] not in ("random", "shuffle")])
def test_nothing_varies_where_nothing_is_drawn(analysis: Analysis, name: str, level: str):
    assert not analysis.intervene(name, level=level).total_effect_std.any()


# --- interventions


def test_putting_the_map_in_its_own_place_changes_nothing_at_all(analysis: Analysis):
    same = analysis.intervene(analysis.s.copy())
    assert not same.change_by_painting.any()
    assert np.array_equal(same.scores, analysis.scores)
    assert np.array_equal(same.effect_map, analysis.effect_map)


@pytest.mark.parametrize("level", LEVELS)
def test_the_map_as_its_own_counterfactual_has_no_effect_at_all(analysis: Analysis, level: str):
    same = analysis.intervene("painted", level=level, painting=analysis.s.copy())
    rounding = 0 if analysis.pooling.budget == "free" else 1e-5  # a painting is put on the budget, S is on it already
    assert np.abs(same.total_effect).max() <= rounding
    assert np.abs(same.effect_map).max() <= rounding
    assert not same.total_effect_std.any()


def test_a_painted_map_takes_the_place_of_the_factual_one(predictor: Predictor, analysis: Analysis):
    painted = painting(analysis)
    found = analysis.intervene(painted)
    assert np.allclose(found.y_factual, head_call(predictor, painted), atol=1e-4)
    effect = head_call(predictor, painted) - head_call(predictor, analysis.own.mean)
    assert np.allclose(found.own_effect, effect, atol=1e-4)
    assert np.array_equal(found.scores, found.y_factual if found.answer == "y" else found.own_effect)
    assert np.allclose(found.change_by_painting, head_call(predictor, painted) - head_call(predictor, analysis.s), atol=1e-4)
    assert found.prediction == MIKELS[found.scores.argmax()]
    assert np.array_equal(found.s, analysis.s), "the factual map is still there"


def test_ignoring_a_region(analysis: Analysis):
    """It takes (1/N) sum over the region of S_p g_p; not its contribution."""
    hole = analysis.s.copy()
    hole[1:3, :2] = 0
    expected = (analysis.s * analysis.evidence)[:, 1:3, :2].sum(axis=(1, 2)) / analysis.s.size
    assert np.allclose(analysis.intervene(hole).change_by_painting, -expected, atol=1e-5)


@pytest.mark.parametrize(("name", "level"), EVERY)
def test_no_allocation_changes_the_prediction(analysis: Analysis, name: str, level: str):
    found = analysis.intervene(name, level=level, seed=1)
    assert np.array_equal(found.scores, analysis.scores)
    assert found.prediction == analysis.prediction
    assert found.polarity == analysis.polarity
    assert (found.counterfactual.allocation, found.counterfactual.level) == (name, level)


def test_interventions_are_pure(analysis: Analysis):
    arrays = {f.name: getattr(analysis, f.name) for f in fields(analysis) if isinstance(getattr(analysis, f.name), np.ndarray)}
    before = {name: array.copy() for name, array in arrays.items()}
    effect = analysis.total_effect.copy()
    found = [analysis.intervene(name, level=level) for name, level in EVERY] + [analysis.intervene(painting(analysis))]
    assert all(np.array_equal(arrays[name], before[name]) for name in before)
    assert np.array_equal(analysis.total_effect, effect)
    assert np.array_equal(found[-1].intervene("random").intervene(analysis.s).scores, analysis.scores)
    with pytest.raises(FrozenInstanceError):
        analysis.s = analysis.s


def test_interventions_never_run_the_backbone(analysis: Analysis, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the backbone ran")

    monkeypatch.setattr(Backbone, "forward", refuse)
    assert not any(isinstance(getattr(analysis, f.name), nn.Module) for f in fields(analysis))
    for name, level in EVERY:
        found = analysis.intervene(name, level=level, seed=2)
        assert np.isfinite(found.total_effect_std).all()
        assert np.isfinite(found.path(0.5)[1]).all()
    assert np.isfinite(analysis.intervene(painting(analysis)).scores).all()


@pytest.mark.parametrize("level", LEVELS)
def test_the_seed_changes_the_picture_and_not_the_numbers(analysis: Analysis, level: str):
    one, same, other = (analysis.intervene("random", level=level, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.counterfactual.shown, same.counterfactual.shown)
    assert not np.array_equal(one.counterfactual.shown, other.counterfactual.shown)
    assert np.array_equal(one.total_effect, other.total_effect)
    assert one.counterfactual.seed == 1


def maps_of_bank(analysis: Analysis) -> np.ndarray:
    return analysis.pooling(analysis.bank)[1][:, 0].numpy()


def test_shuffle_shows_an_image_of_the_bank(analysis: Analysis):
    bank = maps_of_bank(analysis)
    shown = [analysis.intervene("shuffle", seed=seed).counterfactual.shown for seed in range(12)]
    nearest = {int(np.abs(bank - one).max(axis=(1, 2)).argmin()) for one in shown}
    assert nearest == {0, 1, 2}
    assert all(np.abs(bank - one).max(axis=(1, 2)).min() < 1e-4 for one in shown)


def test_the_effect_of_borrowed_attention_is_that_over_the_whole_bank(predictor: Predictor, analysis: Analysis):
    """Whichever map is shown: the mean over the bank, and its spread."""
    effects = np.stack([head_call(predictor, analysis.s) - head_call(predictor, one) for one in maps_of_bank(analysis)])
    for seed in (0, 1):
        found = analysis.intervene("shuffle", seed=seed)
        assert np.allclose(found.total_effect, effects.mean(axis=0), atol=1e-4)
        assert np.allclose(found.total_effect_std, effects.std(axis=0), atol=1e-4)
        assert np.allclose(found.effect_map.sum(axis=(1, 2)), found.total_effect, atol=1e-6)
        assert found.total_effect_std.min() > 1e-3


@pytest.mark.parametrize("with_bank", [True, False])
def test_a_network_that_keeps_the_mean_of_others_is_measured_against_it(with_bank: bool):
    predictor = Predictor(tiny_network(allocation="shuffle", budget="equal"), name="tiny", device="cpu")
    mean = predictor.model.shuffle_mean[0, 0].numpy()
    if with_bank:
        predictor = predictor.with_bank([tiny_photo(seed) for seed in (7, 8, 9)])
    analysis = predictor.analyze(tiny_photo())
    looked = analysis.intervene("shuffle", seed=3) if with_bank else analysis
    for one in (analysis, looked):
        assert np.array_equal(one.counterfactual.mean, mean)
        assert np.allclose(one.total_effect, analysis.scores)
    assert bool(looked.total_effect_std.any()) is with_bank
    if with_bank:
        assert np.abs(maps_of_bank(analysis) - looked.counterfactual.shown).max(axis=(1, 2)).min() < 1e-4


def test_a_photo_of_the_bank_never_borrows_from_itself():
    network = tiny_network(budget="equal")
    predictor = Predictor(network, name="tiny", device="cpu").with_bank([tiny_photo(seed) for seed in (0, 7, 8)])
    rounded = Predictor(network, name="tiny", device="cpu", bank=predictor.bank.half().float())
    analysis = rounded.analyze(tiny_photo(0))
    found = [analysis.intervene("shuffle", seed=seed).counterfactual for seed in range(12)]
    assert all(len(one.borrowed) == 2 for one in found)
    assert all(np.abs(one.shown - analysis.s).max() > 0.05 for one in found)
    alone = Predictor(network, name="tiny", device="cpu").with_bank([tiny_photo(0)]).analyze(tiny_photo(0))
    assert np.allclose(alone.intervene("shuffle").counterfactual.shown, alone.s, atol=1e-4), "there is no other"


def test_shuffle_needs_a_bank(analysis: Analysis):
    with pytest.raises(ValueError, match="shuffle_bank"):
        replace(analysis, bank=None).intervene("shuffle")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("nonsense", "unknown allocation"),
        (np.ones((4, 5)), "4x4 cells"),
        (np.ones(16), "4x4 cells"),
        (np.full((4, 4), np.nan), "non-finite"),
        (np.full((4, 4), np.inf), "non-finite"),
    ],
)
def test_interventions_that_make_no_sense(analysis: Analysis, change, words: str):
    with pytest.raises(ValueError, match=words):
        analysis.intervene(change)


@pytest.mark.parametrize("bad", [None, np.ones((3, 3)), np.ones((2, 4, 4)), np.full((4, 4), np.nan)])
def test_paintings_that_make_no_sense(analysis: Analysis, bad):
    with pytest.raises(ValueError, match=r"4x4 cells|non-finite"):
        analysis.intervene("painted", painting=bad)


@pytest.mark.parametrize("name", NAMES)
def test_the_path_is_straight(predictor: Predictor, analysis: Analysis, name: str):
    found = analysis.intervene(name, seed=6)
    ends = head_call(predictor, found.s), head_call(predictor, found.counterfactual.shown)
    for share in (0.0, 0.25, 0.5, 1.0):
        attention, y = found.path(share)
        assert np.allclose(attention, (1 - share) * found.s + share * found.counterfactual.shown, atol=1e-6)
        assert np.allclose(y, (1 - share) * ends[0] + share * ends[1], atol=1e-4)
    assert np.array_equal(found.path(0.0)[0], found.attended)
    assert np.array_equal(found.path(1.0)[0], found.counterfactual.shown)


# --- polarity


def with_scores(analysis: Analysis, **scores: float) -> Analysis:
    """An analysis whose logits are given: constant evidence under a map of ones against zeros, without a bias."""
    values = np.array([scores.get(label, -9.0) for label in analysis.labels], np.float32)
    evidence = np.broadcast_to(values[:, None, None], analysis.evidence.shape).copy()
    ones, zeros = np.ones_like(analysis.s), np.zeros_like(analysis.s)
    own = Counterfactual("uniform", "map", None, mean=zeros, shown=zeros)
    return replace(analysis, evidence=evidence, bias=np.zeros_like(analysis.bias), attended=ones, own=own)


def test_polarity_both_ways(analysis: Analysis):
    """One strong emotion on one side, three weaker ones on the other, together more probable."""
    split = with_scores(analysis, fear=1.0, awe=0.5, amusement=0.5, excitement=0.5)
    assert (split.prediction, split.polarity, split.polarity_by_sum) == ("fear", "negative", "positive")
    split = with_scores(analysis, awe=1.0, fear=0.5, anger=0.5, sadness=0.5)
    assert (split.prediction, split.polarity, split.polarity_by_sum) == ("awe", "positive", "negative")
    agreed = with_scores(analysis, disgust=3.0, awe=0.5)
    assert (agreed.prediction, agreed.polarity, agreed.polarity_by_sum) == ("disgust", "negative", "negative")


def test_probabilities_are_a_softmax(analysis: Analysis):
    found = with_scores(analysis, fear=np.log(3.0), awe=0.0, **dict.fromkeys(set(MIKELS) - {"fear", "awe"}, -100.0))
    expected = [{"fear": 0.75, "awe": 0.25}.get(label, 0.0) for label in MIKELS]
    assert found.probabilities == pytest.approx(expected, abs=1e-6)


def test_polarity_is_unknown_for_classes_nobody_pinned():
    analysis = Predictor(tiny_network(classes=("joy", "gloom")), device="cpu").analyze(tiny_photo())
    assert (analysis.polarity, analysis.polarity_by_sum) == ("unknown", "unknown")


def test_a_shuffle_bank_of_another_grid_is_refused():
    predictor = Predictor(tiny_network(), device="cpu", bank=torch.zeros(2, 16, 3, 3))
    with pytest.raises(ValueError, match="shuffle bank"):
        predictor.analyze(tiny_photo()).intervene("shuffle")
