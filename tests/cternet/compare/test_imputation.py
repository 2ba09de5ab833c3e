import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.road import NoisyLinearImputer

from cternet.compare.imputation import impute

HOLES = {
    "scattered": np.random.default_rng(1).random((20, 27)) < 0.6,
    "corner": np.add.outer(np.arange(20), np.arange(27)) < 15,
    "all but a pixel": np.arange(540).reshape(20, 27) != 300,
    "two edges": np.abs(np.arange(27) - 13)[None].repeat(20, 0) > 5,
    "one pixel": np.arange(540).reshape(20, 27) == 26,
}


def image() -> np.ndarray:
    return np.random.default_rng(0).random((3, 20, 27)).astype(np.float32)


@pytest.mark.parametrize("hole", HOLES)
def test_it_solves_the_equations_of_the_grad_cam_package(hole: str) -> None:
    removed = HOLES[hole]
    expected = NoisyLinearImputer(noise=0)(torch.from_numpy(image()), torch.from_numpy(~removed).float())
    np.testing.assert_allclose(impute(image(), removed, np.zeros((3, 20, 27))), expected, atol=1e-5)


def test_noise_is_added_to_removed_pixels_only() -> None:
    removed, noise = HOLES["corner"], np.random.default_rng(2).normal(size=(3, 20, 27)).astype(np.float32)
    difference = impute(image(), removed, noise) - impute(image(), removed, np.zeros_like(noise))
    np.testing.assert_allclose(difference, noise * removed, atol=1e-6)


def test_kept_pixels_stay_and_the_image_given_is_not_written_to() -> None:
    given = image()
    found = impute(given, HOLES["scattered"], np.ones((3, 20, 27)))
    np.testing.assert_array_equal(given, image())
    np.testing.assert_array_equal(found[:, ~HOLES["scattered"]], given[:, ~HOLES["scattered"]])
