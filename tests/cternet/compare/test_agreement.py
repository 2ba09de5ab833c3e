import numpy as np
import pytest

from cternet.compare.agreement import agreement


def average_ranks(values: np.ndarray) -> np.ndarray:
    flat = values.ravel()
    return np.array([(flat < one).sum() + ((flat == one).sum() + 1) / 2 for one in flat])


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    a, b = (average_ranks(values) - average_ranks(values).mean() for values in (one, other))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def random(shape: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_against_the_definition_with_and_without_ties() -> None:
    maps = [random((7, 7), 0), random((7, 7), 1), np.maximum(random((7, 7), 2), 0), np.maximum(random((7, 7), 3), 0)]
    found = agreement(maps)
    for i, one in enumerate(maps):
        for j, other in enumerate(maps):
            assert found[i, j] == pytest.approx(1 if i == j else rank_correlation(one, other), abs=1e-9)


def test_order_counts_and_not_scale() -> None:
    values = random((6, 6), 0).astype(np.float32)
    found = agreement([values, 1e-3 * values + 4, np.arctan(values), -values])
    np.testing.assert_allclose(found[0], [1, 1, 1, -1], atol=1e-9)


def test_the_finer_map_is_averaged_over_the_cells_of_the_coarser() -> None:
    fine, coarse = random((12, 12), 0), random((4, 4), 1)
    blocks = fine.reshape(4, 3, 4, 3).mean(axis=(1, 3))
    assert agreement([fine, coarse])[0, 1] == pytest.approx(rank_correlation(blocks, coarse), abs=1e-9)


def test_cells_that_do_not_divide_share_their_pixels_by_area() -> None:
    share = np.zeros((4, 6))
    for cell in range(4):
        for pixel in range(6):  # both in units of a twelfth of the side
            share[cell, pixel] = max(0, min(3 * cell + 3, 2 * pixel + 2) - max(3 * cell, 2 * pixel)) / 3
    fine, coarse = random((6, 6), 0), random((4, 4), 1)
    assert agreement([fine, coarse])[0, 1] == pytest.approx(rank_correlation(share @ fine @ share.T, coarse), abs=1e-9)


def test_a_pair_does_not_depend_on_the_other_maps() -> None:
    one, other = random((12, 12), 0), random((8, 8), 1)
    assert agreement([one, other])[0, 1] == agreement([one, random((2, 2), 2), other])[0, 2]


@pytest.mark.filterwarnings("error")
def test_missing_maps_and_maps_that_are_flat_on_the_common_grid_have_no_number() -> None:
    board = np.indices((4, 4)).sum(0) % 2 * 0.1
    found = agreement([board, None, random((2, 2), 0)])
    expected = np.full((3, 3), np.nan)
    expected[0, 0] = expected[2, 2] = 1
    np.testing.assert_array_equal(found, expected)


def test_no_maps() -> None:
    assert agreement([]).shape == (0, 0)
