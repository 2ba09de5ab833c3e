"""The smallest sets against every set there is."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from cternet import Analysis, Predictor
from cternet.minimal_sets import keeping_set, turning_set
from cternet.results.painting import paint
from tests.tiny import tiny_network, tiny_photo


def made_up(seed: int, answer: str = "y", shape: tuple[int, int] = (3, 3)) -> Analysis:
    """An analysis whose map, evidence and bias are random; four classes."""
    noise = np.random.default_rng(seed)
    real = Predictor(tiny_network(answer=answer)).analyze(tiny_photo())
    s = noise.gamma(0.7, size=shape).astype(np.float32)
    own = replace(real.own, mean=noise.gamma(0.7, size=shape).astype(np.float32))
    return replace(
        real,
        labels=real.labels[:4],
        s=s,
        attended=s,
        evidence=noise.normal(size=(4, *shape)).astype(np.float32),
        bias=(0.15 * noise.normal(size=4)).astype(np.float32),
        own=own,
        counterfactual=own,
    )


def sets(analysis: Analysis) -> list[np.ndarray]:
    """Every set of cells, as what is left out, the smallest first."""
    cells = range(analysis.s.size)
    found = []
    for size in range(analysis.s.size + 1):
        for chosen in combinations(cells, size):
            mask = np.zeros(analysis.s.size, bool)
            mask[list(chosen)] = True
            found.append(mask.reshape(analysis.s.shape))
    return found


def answer_without(analysis: Analysis, left_out: np.ndarray) -> str:
    return analysis.intervene(np.where(left_out, 0, analysis.s).astype(np.float32)).prediction


@pytest.mark.parametrize("answer", ["y", "y_te"])
@pytest.mark.parametrize("seed", range(12))
def test_no_smaller_set_turns_the_answer_or_keeps_it(seed, answer):
    analysis = made_up(seed, answer)
    everything = sets(analysis)
    turning = [one.sum() for one in everything if answer_without(analysis, one) != analysis.prediction]
    found = turning_set(analysis)
    assert (found is None) == (not turning)
    if found is not None:
        assert found.size == found.cells.sum() == min(turning)
        assert answer_without(analysis, found.cells) == found.after != analysis.prediction == found.before
        assert found.after in found.sentence
    keeping = [(~one).sum() for one in everything if answer_without(analysis, one) == analysis.prediction]
    enough = keeping_set(analysis)
    assert enough.proven and enough.size == (~enough.cells).sum() == min(keeping)
    assert answer_without(analysis, enough.cells) == analysis.prediction == enough.after


def test_both_kinds_occur_among_the_made_up_ones():
    found = [turning_set(made_up(seed)) for seed in range(12)]
    assert any(one is not None and one.size > 1 for one in found)
    assert any(keeping_set(made_up(seed)).size > 1 for seed in range(12))


def test_without_time_a_set_that_keeps_the_answer_is_found_and_not_called_the_smallest(monkeypatch):
    sizes = []
    for seed in range(12):
        analysis = made_up(seed)
        smallest = keeping_set(analysis)
        with monkeypatch.context() as patch:
            patch.setattr("scipy.optimize.milp", lambda *_, **__: OptimizeResult(x=None, status=1))
            found = keeping_set(analysis)
        assert answer_without(analysis, found.cells) == analysis.prediction and not found.proven
        assert smallest.size <= found.size <= smallest.size + 2
        sizes.append((smallest.size, found.size))
        if found.size:
            assert "the smallest known" in found.sentence
    assert any(size for size, _ in sizes)


def test_a_solution_off_by_the_solvers_tolerance_is_not_believed(monkeypatch):
    analysis = next(one for one in map(made_up, range(12)) if keeping_set(one).size > 1)
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: OptimizeResult(x=np.zeros(analysis.s.size), status=0))
    found = keeping_set(analysis)
    assert answer_without(analysis, found.cells) == analysis.prediction and not found.proven


def test_cells_that_count_the_same_turn_the_answer_in_the_fewest():
    analysis = made_up(0)
    even = replace(analysis, s=np.ones((3, 3), np.float32), attended=np.ones((3, 3), np.float32))
    even = replace(even, evidence=np.tile(np.array([9, 0, 0, 0], np.float32)[:, None, None], (1, 3, 3)))
    even = replace(even, bias=np.array([-4.5, 0, 0, 0], np.float32))
    found = turning_set(even)
    assert found.size == 5, "each of nine cells adds 1 to the lead of 4.5"
    assert answer_without(even, found.cells) != even.prediction


def test_the_painting_of_a_set_does_what_the_set_does():
    analysis = made_up(0)
    found = turning_set(analysis)
    assert paint(analysis, found.mask, "ignore").prediction == found.after
    enough = keeping_set(analysis)
    if enough.size:
        assert paint(analysis, enough.mask, "ignore").prediction == analysis.prediction


def test_without_attention_nothing_turns_and_nothing_is_needed():
    analysis = made_up(1)
    empty = np.zeros_like(analysis.s)
    analysis = replace(analysis, s=empty, attended=empty)
    assert turning_set(analysis) is None
    assert keeping_set(analysis).size == 0
    assert "without noticing anything" in keeping_set(analysis).sentence


def test_one_cell_that_decides_is_the_whole_set():
    analysis = made_up(2)
    evidence = np.zeros_like(analysis.evidence)
    evidence[1, 2, 0] = 5.0
    bias = np.array([0.01, 0, 0, 0], np.float32)
    s = np.ones_like(analysis.s)
    analysis = replace(analysis, evidence=evidence, bias=bias, s=s, attended=s)
    for found, left_out in ((turning_set(analysis), True), (keeping_set(analysis), False)):
        assert found.size == 1 and found.cells[2, 0] == left_out
        assert found.where == "the lower left of the photo"
    assert turning_set(analysis).after == analysis.labels[0]
