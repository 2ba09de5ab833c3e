"""Many draws of S*: the exact mean and spread are theirs, and one draw is what an intervention shows."""

import io

import numpy as np
import pytest

from cternet import Analysis, Predictor
from cternet.networks.allocations import LEVELS
from cternet.networks.backbone import Backbone
from cternet.results.draws import CHUNK, MOST, draw, side_by_side
from cternet.show.draws_figure import draws_figure
from cternet.show.figure import DRAWING
from tests.tiny import tiny_network, tiny_photo


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo())


@pytest.mark.parametrize("level", LEVELS)
def test_the_exact_mean_and_spread_are_those_of_the_draws(analysis: Analysis, level: str):
    found = draw(analysis, MOST, level=level, seed=1)
    error = found.std / MOST**0.5
    assert (np.abs(found.samples.mean(axis=0) - found.mean) / error).max() < 4.5
    # Five standard deviations of a standard deviation over 1000 draws of nearly normal values are 11 %.
    assert np.allclose(found.samples.std(axis=0), found.std, rtol=0.15)
    exact = analysis.intervene("random", level=level)
    assert np.array_equal(found.mean, exact.total_effect)
    assert np.array_equal(found.std, exact.total_effect_std)


@pytest.mark.parametrize("level", LEVELS)
def test_the_first_draw_is_the_one_an_intervention_shows(analysis: Analysis, level: str):
    shown = analysis.intervene("random", level=level, seed=11).counterfactual.shown
    found = draw(analysis, 3, level=level, seed=11)
    assert np.allclose(found.samples[0], analysis.y_factual - analysis.y(shown), atol=1e-5)
    assert not np.allclose(found.samples[1], found.samples[0], atol=1e-3)


@pytest.mark.parametrize("level", LEVELS)
def test_draws_do_not_depend_on_how_many_are_in_memory(analysis: Analysis, level: str):
    many = draw(analysis, 3 * CHUNK + 5, level=level, seed=2).samples
    few = draw(analysis, CHUNK - 7, level=level, seed=2).samples
    assert np.allclose(many[: len(few)], few, atol=1e-5)
    assert len(np.unique(many[:, 0])) == len(many), "no draw comes twice"


def test_the_seed_decides(analysis: Analysis):
    one, same, other = (draw(analysis, 20, seed=seed).samples for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)


def test_a_painted_map_is_drawn_against(analysis: Analysis):
    painted = analysis.intervene(np.linspace(0, 2, 16).reshape(4, 4))
    shift = painted.y_factual - analysis.y_factual
    assert np.allclose(draw(painted, 5, seed=3).samples, draw(analysis, 5, seed=3).samples + shift, atol=1e-9)


def test_shares_and_quantiles(analysis: Analysis):
    found = draw(analysis, 400, level="map", seed=4)
    index = analysis.labels.index(analysis.prediction)
    others = sum(max(range(8), key=lambda k: sample[k]) != index for sample in found.samples)
    assert found.disagreement == others / 400
    low, middle, high = found.quantiles(0.1, 0.5, 0.9)
    ordered = np.sort(found.samples, axis=0)
    assert ((low < middle) & (middle < high)).all()
    assert np.allclose(middle, (ordered[199] + ordered[200]) / 2)


def test_some_networks_disagree_with_themselves():
    """With a small map and random weights the draws spread wide; the share is then between 0 and 1."""
    shares = [
        draw(Predictor(tiny_network(seed), device="cpu").analyze(tiny_photo(seed)), 200, level="map").disagreement
        for seed in range(4)
    ]
    assert any(0 < share < 1 for share in shares)


def test_no_backbone_runs(analysis: Analysis, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the backbone ran")

    monkeypatch.setattr(Backbone, "forward", refuse)
    draw(analysis, 10)
    side_by_side(analysis)


@pytest.mark.parametrize("count", [0, -1, MOST + 1])
def test_counts_out_of_range(analysis: Analysis, count: int):
    with pytest.raises(ValueError, match="from 1 to 1000"):
        draw(analysis, count)


def test_an_unknown_level(analysis: Analysis):
    with pytest.raises(ValueError, match="unknown level"):
        draw(analysis, 3, level="pixels")


# --- side by side


def test_allocations_side_by_side_on_one_seed(analysis: Analysis):
    found = side_by_side(analysis, level="map", seed=9)
    assert [one.counterfactual.allocation for one in found] == ["random", "uniform", "reverse", "shuffle"]
    for one in found:
        alone = analysis.intervene(one.counterfactual.allocation, level="map", seed=9)
        assert np.array_equal(one.counterfactual.shown, alone.counterfactual.shown)
        assert np.array_equal(one.total_effect, alone.total_effect)


def test_without_a_bank_there_is_no_shuffle():
    analysis = Predictor(tiny_network(), device="cpu").analyze(tiny_photo())
    assert len(side_by_side(analysis)) == 3
    with pytest.raises(ValueError, match="shuffle_bank"):
        side_by_side(analysis, ("shuffle",))


# --- the picture


def test_the_histogram_shows_every_draw_and_the_exact_lines(analysis: Analysis):
    found = draw(analysis, 300, seed=5)
    index = analysis.labels.index("fear")
    with DRAWING:
        figure = draws_figure(found, "fear")
        axes = figure.axes[0]
        assert sum(patch.get_height() for patch in axes.patches) == 300
        lines = sorted(float(line.get_xdata()[0]) for line in axes.lines)
        mean, std = found.mean[index], found.std[index]
        assert lines == pytest.approx([mean - std, mean, mean + std])
        assert "fear" in axes.get_xlabel()
        buffer = io.BytesIO()
        figure.savefig(buffer)
    assert buffer.getvalue().startswith(b"\x89PNG")


def test_the_histogram_of_one_draw_and_of_no_emotion(analysis: Analysis):
    with DRAWING:
        assert draws_figure(draw(analysis, 1)).axes[0].patches[0].get_height() == 1
        with pytest.raises(ValueError, match="unknown emotion"):
            draws_figure(draw(analysis, 2), "gloom")
