import numpy as np
import pytest

from cternet.compare.pixel_ranking import LEVELS, generator, levels, random_map, ranks, stretched
from tests.tiny import tiny_photo

TIES = np.random.default_rng(4).random((4, 4))


def photo(seed: int = 0) -> np.ndarray:
    return np.asarray(tiny_photo(seed))


def test_the_highest_pixel_comes_first_and_every_pixel_once() -> None:
    values = np.random.default_rng(0).permutation(48).reshape(6, 8).astype(float) - 20
    found = ranks(values, (6, 8), TIES)
    assert found[np.unravel_index(values.argmax(), values.shape)] == 0
    np.testing.assert_array_equal(found, 27 - values)


def test_a_resized_map_is_ranked_by_its_bilinear_values() -> None:
    found = ranks(np.array([[0.0, 1.0]]), (2, 8), np.arange(16.0).reshape(2, 8))
    # Two columns at either end lie beyond the cells' centres and tie; ties are by the second map, descending.
    expected = [[15, 14, 11, 9, 7, 5, 3, 2], [13, 12, 10, 8, 6, 4, 1, 0]]
    np.testing.assert_array_equal(found, expected)


def test_tied_pixels_take_the_order_of_the_random_map() -> None:
    values = np.zeros((8, 8))
    values[2, 3] = 1
    ties = np.random.default_rng(1).permutation(64).reshape(8, 8).astype(float)
    expected = {(2, 3): 0}
    for place in sorted(np.ndindex(8, 8), key=lambda at: -ties[at]):
        expected.setdefault(place, len(expected))
    found = ranks(values, (8, 8), ties)
    assert all(found[place] == rank for place, rank in expected.items())


@pytest.mark.parametrize("value", [0.1, -7.3, 1234.567])
def test_a_resized_plateau_is_a_tie_whatever_its_value(value: float) -> None:
    values = np.full((7, 7), value)
    values[0, 0], values[6, 6] = value + 1, value - 1
    found, order = ranks(values, (32, 32), TIES), ranks(TIES, (32, 32), TIES)
    plateau = np.s_[8:24, 8:24]
    np.testing.assert_array_equal(found[plateau].argsort(axis=None), order[plateau].argsort(axis=None))


def test_a_constant_map_is_ranked_as_the_random_map() -> None:
    np.testing.assert_array_equal(ranks(np.full((5, 5), 0.3), (16, 16), TIES), ranks(TIES, (16, 16), TIES))


def test_scale_and_offset_do_not_change_ranks() -> None:
    values = np.random.default_rng(2).random((5, 5))
    np.testing.assert_array_equal(ranks(values, (16, 16), TIES), ranks(1e-3 * values + 5, (16, 16), TIES))


def test_levels_join_what_rounding_parted() -> None:
    found = levels(np.array([[0.0, 0.5, 0.5 + 1e-9], [0.7, 1.0, 1.0 - 1e-8]]))
    assert found.tolist() == [[0, LEVELS // 2, LEVELS // 2], [LEVELS * 7 // 10, LEVELS, LEVELS]]


def test_a_stretched_map_goes_from_0_to_1() -> None:
    np.testing.assert_allclose(stretched(np.array([[-4.0, -3.0], [0.0, 4.0]])), [[0, 0.125], [0.5, 1]])
    assert not stretched(np.full((2, 2), 3.0)).any()


def test_the_random_map_is_a_function_of_the_photo() -> None:
    first = random_map((14, 14), photo())
    assert first.shape == (14, 14) and first.dtype == np.float32 and 0 <= first.min() < first.max() < 1
    np.testing.assert_array_equal(first, random_map((14, 14), photo().copy(order="F")))
    changed = photo().copy()
    changed[0, 0, 0] ^= 1
    assert not np.array_equal(first, random_map((14, 14), changed))


def test_the_random_map_is_the_same_on_every_machine() -> None:
    found = random_map((1, 3), np.zeros((2, 2, 3), np.uint8))
    np.testing.assert_allclose(found, [[0.14308953, 0.63292062, 0.88912159]], rtol=0, atol=1e-7)


def test_purposes_have_numbers_of_their_own() -> None:
    assert generator(photo(), "map").random() != generator(photo(), "noise").random()
