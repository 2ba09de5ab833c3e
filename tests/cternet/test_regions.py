"""Regions: where they are, what they contribute, and what ignoring them does."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cternet import Analysis, Predictor
from cternet.regions import affective_regions, middle, report, superpixels
from cternet.show.words import where
from tests.tiny import tiny_photo


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo())


def random_parts(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (4, 4)).astype(np.int32)


# --- affective regions


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.75, 1.0])
def test_regions_are_the_connected_parts_above_the_threshold(threshold: float):
    s = ndimage.gaussian_filter(np.random.default_rng(1).random((14, 14)), 1.2).astype(np.float32)
    parts = affective_regions(s, threshold, smallest=1)
    high = s.astype(float) >= s.min() + threshold * (float(s.max()) - float(s.min())) - 1e-9
    expected, count = ndimage.label(high, structure=np.ones((3, 3)))
    assert parts.max() == count > 0
    assert np.array_equal(parts > 0, high)
    pairs = {(int(a), int(b)) for a, b in zip(parts.ravel(), expected.ravel(), strict=True)}
    assert len(pairs) == len(set(parts.ravel())), "the same parts, whatever their numbers"


def blobs() -> np.ndarray:
    s = np.zeros((8, 8), np.float32)
    s[0, 0] = 1.0  # alone
    s[2:4, 2:4] = 0.9
    s[4, 4] = 0.9  # touches the square at a corner
    s[6, 5:8] = 0.8
    s[7, 5:8] = 0.8
    return s


def test_largest_first_corners_connect_and_single_cells_are_ignored():
    parts = affective_regions(blobs(), 0.5)
    assert parts[0, 0] == 0
    assert set(np.unique(parts)) == {0, 1, 2}
    assert (parts == 1).sum() == 6
    assert parts[7, 7] == 1
    assert parts[4, 4] == parts[2, 2] == 2


def test_a_small_part_stays_where_there_is_no_larger_one():
    s = np.zeros((5, 5), np.float32)
    s[1, 1] = s[3, 4] = 1
    assert affective_regions(s, 0.5).max() == 2


def test_a_flat_map_has_no_region():
    assert not affective_regions(np.full((4, 4), 0.7, np.float32)).any()


def test_a_higher_threshold_never_grows_the_area(analysis: Analysis):
    areas = [(affective_regions(analysis.s, t, smallest=1) > 0).sum() for t in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] == analysis.s.size


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_thresholds_out_of_range(threshold: float):
    with pytest.raises(ValueError, match="from 0 to 1"):
        affective_regions(blobs(), threshold)


# --- superpixels


def test_superpixels_follow_the_photo_and_cover_it():
    photo = np.zeros((90, 120, 3), np.uint8)
    photo[:, :60] = (250, 20, 20)
    photo[:, 60:] = (20, 20, 250)
    parts = superpixels(photo, (8, 8), 8)
    assert parts.shape == (8, 8)
    assert parts.min() == 1
    assert set(np.unique(parts)) == set(range(1, parts.max() + 1))
    assert not set(np.unique(parts[:, :4])) & set(np.unique(parts[:, 4:])), "none lies on both colours"


def test_the_number_of_superpixels_is_about_what_was_asked_for():
    photo = np.asarray(tiny_photo(0, 200, 150))
    found = [superpixels(photo, (14, 14), count).max() for count in (1, 6, 12, 40)]
    assert found == sorted(found)
    assert 6 <= found[2] <= 20
    assert np.array_equal(superpixels(photo, (14, 14), 12), superpixels(photo, (14, 14), 12))


@pytest.mark.parametrize("count", [0, 17])
def test_counts_out_of_range(count: int):
    with pytest.raises(ValueError, match="from 1 to 16"):
        superpixels(np.zeros((20, 20, 3), np.uint8), (4, 4), count)


# --- numbers


@pytest.mark.parametrize("allocation", ["random", "reverse", "shuffle"])
def test_contributions_of_a_partition_sum_to_the_total_effect(analysis: Analysis, allocation: str):
    found = analysis.intervene(allocation, seed=2)
    regions = report(found, random_parts())
    assert np.allclose(sum(region.contribution for region in regions), found.total_effect, atol=1e-9)
    assert sum(region.area for region in regions) == pytest.approx(1)


def test_both_numbers_of_each_region(analysis: Analysis):
    """Summed cell by cell; ignoring is what intervening with the emptied map takes away."""
    parts = random_parts(3)
    for region in report(analysis, parts):
        contribution, emptied = np.zeros(len(analysis.labels)), analysis.s.copy()
        for i, j in np.argwhere(parts == region.number):
            difference = float(analysis.s[i, j]) - float(analysis.counterfactual.mean[i, j])
            contribution += difference * analysis.evidence[:, i, j] / 16
            emptied[i, j] = 0
        without = analysis.intervene(emptied)
        assert np.allclose(region.contribution, contribution, atol=1e-6)
        assert np.allclose(region.change, without.change_by_painting, atol=1e-6)
        assert region.without == without.prediction
        assert not np.allclose(region.contribution, region.change, atol=1e-3)


def test_ranked_by_what_ignoring_takes_from_the_prediction(analysis: Analysis):
    regions = report(analysis, random_parts(1))
    index = analysis.labels.index(analysis.prediction)
    assert regions[-1].number == 0
    falls = [region.change[index] for region in regions[:-1]]
    assert len(falls) == 3
    assert falls == sorted(falls)


def test_a_painted_map_is_what_is_reported_on(analysis: Analysis):
    painted = analysis.intervene(np.linspace(0, 2, 16).reshape(4, 4))
    regions = report(painted, random_parts())
    assert np.allclose(sum(region.change for region in regions), painted.bias - painted.y_factual, atol=1e-6)


def test_regions_of_another_map(analysis: Analysis):
    with pytest.raises(ValueError, match="another map"):
        report(analysis, np.ones((5, 5), np.int32))


# --- words


def decided(analysis: Analysis) -> Analysis:
    """Amusement from the upper left quarter, contentment from everywhere."""
    evidence = np.zeros_like(analysis.evidence)
    evidence[analysis.labels.index("amusement"), :2, :2] = 16 * 0.5
    evidence[analysis.labels.index("contentment")] = 1.0
    own = replace(analysis.own, mean=np.zeros((4, 4), np.float32))
    ones = np.ones((4, 4), np.float32)
    return replace(analysis, evidence=evidence, s=ones, attended=ones, own=own, counterfactual=own)


def test_the_sentence(analysis: Analysis):
    parts = np.zeros((4, 4), np.int32)
    parts[:2, :2] = 2
    parts[3, 3] = 1
    first, second, rest = report(decided(analysis), parts)
    assert first.sentence == (
        "Without region 2 (upper left, 25 % of the photo) amusement falls by 2.00 and contentment would lead."
    )
    assert second.sentence == (
        "Without region 1 (lower right, 6 % of the photo) amusement stays as it is and amusement would still lead."
    )
    assert rest.sentence.startswith("Without the rest (elsewhere, 69 % of the photo)")


def test_where_in_words():
    values = np.zeros((14, 14))
    for cell, words in {
        (0, 0): "upper left",
        (4, 5): "upper centre",
        (5, 4): "middle left",
        (7, 7): "middle centre",
        (9, 13): "lower right",
        (13, 0): "lower left",
    }.items():
        values[:] = 0
        values[cell] = 1
        assert where(values) == middle(values > 0) == words
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    assert middle(ring) == "middle centre"
