"""Maps as pictures."""

import numpy as np
import pytest

from cternet.show.colours import DIVERGING, SEQUENTIAL, Scale, colour_map, shared_scale, signed_scale
from cternet.show.overlay import overlay, resize_map

PHOTO = np.full((40, 60, 3), 128, np.uint8)
RAMP = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


def test_shared_scale_spans_both_maps():
    scale = shared_scale(RAMP, 3 * RAMP - 1)
    assert (scale.low, scale.high) == (-1, 2)


def test_what_cannot_be_told_from_0_on_a_scale_is_called_0():
    scale = Scale(4.8e-7, 3.86)
    assert [scale.text(value) for value in (scale.low, 1.93, scale.high, 0.001)] == ["0", "1.93", "3.86", "0.001"]
    assert Scale(1e-7, 2e-7).text(1e-7) == "1e-07", "small, but so is the scale"


def test_signed_scale_is_centred_on_zero():
    scale = signed_scale(np.array([-0.5, 0.0, 2.0]))
    assert (scale.low, scale.high) == (-2, 2)
    assert scale.normalise(np.array([-2.0, 0.0, 2.0])).tolist() == [0, 0.5, 1]


def test_a_flat_map_is_in_the_middle():
    scale = shared_scale(np.full((2, 2), 7.0))
    assert scale.flat
    assert (scale.normalise(np.full((2, 2), 7.0)) == 0.5).all()
    assert signed_scale(np.zeros((2, 2))).flat


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers(bad: float):
    with pytest.raises(ValueError, match="non-finite"):
        shared_scale(np.array([0.0, bad]))


def test_resize_to_height_and_width():
    found = resize_map(RAMP, (30, 80))
    assert found.shape == (30, 80)
    assert found[0, 0] == RAMP[0, 0]
    assert found[-1, -1] == RAMP[-1, -1]
    cells = resize_map(RAMP, (30, 80), smooth=False)
    assert np.array_equal(np.unique(cells), np.unique(RAMP))
    assert (cells[10:20, 20:40] == RAMP[1, 1]).all()


@pytest.mark.parametrize("cmap", [*SEQUENTIAL, DIVERGING])
def test_overlay_at_full_opacity_is_the_colour_map(cmap: str):
    found = overlay(PHOTO, RAMP, shared_scale(RAMP), cmap=cmap, opacity=1.0, smooth=False)
    for place, value in (((0, 0), 0.0), ((-1, -1), 1.0)):
        assert np.abs(found[place] - 255 * np.array(colour_map(cmap)(value)[:3])).max() <= 1


def test_overlay_at_no_opacity_is_the_photo():
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    assert np.array_equal(overlay(photo, RAMP, shared_scale(RAMP), opacity=0.0), photo)


def test_overlay_in_between():
    found = overlay(PHOTO, RAMP, shared_scale(RAMP), cmap="gray", opacity=0.5, smooth=False)
    assert found.dtype == np.uint8
    assert found[0, 0].tolist() == [64, 64, 64]
    assert np.abs(found[-1, -1].astype(int) - 192).max() <= 1


def test_unknown_colour_map_is_answered_with_the_choice():
    with pytest.raises(ValueError, match=r"'jet'.*magma"):
        overlay(PHOTO, RAMP, Scale(0, 1), cmap="jet")
