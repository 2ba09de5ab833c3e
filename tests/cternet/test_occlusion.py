"""Really hiding: what is covered, what stays, and how it compares with ignoring."""

from dataclasses import replace

import numpy as np
import pytest

from cternet import Analysis, Predictor
from cternet.occlusion import FILLS, NEGLIGIBLE, Hiding, hide, really_hide
from tests.tiny import tiny_photo


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo(0, 400, 300))


def corner(value: int = 255) -> np.ndarray:
    mask = np.zeros((4, 4), np.uint8)
    mask[:2, :2] = value
    return mask


# --- pixels


@pytest.mark.parametrize("how", FILLS)
@pytest.mark.parametrize(("width", "height"), [(400, 300), (64, 64), (30, 90)])
def test_the_painted_part_changes_and_the_rest_stays(how: str, width: int, height: int):
    pixels = np.asarray(tiny_photo(1, width, height))
    found = hide(pixels, corner(), how)
    assert found.shape == pixels.shape
    assert found.dtype == np.uint8
    painted = (slice(0, height // 2), slice(0, width // 2))
    assert np.abs(found[painted].astype(int) - pixels[painted]).mean() > 5
    # Far from the cells, more than a whole cell away, not one pixel differs.
    assert np.array_equal(found[:, 3 * width // 4 + 2 :], pixels[:, 3 * width // 4 + 2 :])
    assert np.array_equal(found[3 * height // 4 + 2 :], pixels[3 * height // 4 + 2 :])


def test_nothing_of_what_was_painted_is_left():
    """The mean colour to the very edge of the painted cells, and fading out beyond it."""
    pixels = np.asarray(tiny_photo(2, 80, 80))
    found = hide(pixels, corner(), "mean")
    colour = np.round(pixels.reshape(-1, 3).mean(axis=0))
    assert (found[:40, :40] == colour).all()
    along = np.abs(found[20].astype(float) - pixels[20]).sum(axis=1) / (np.abs(colour - pixels[20]).sum(axis=1) + 1e-9)
    assert along[41] > along[46] > along[54]
    assert along[41] < 0.6


def test_half_painted_cells_are_half_covered():
    pixels = np.asarray(tiny_photo(2, 80, 80))
    colour = np.round(pixels.reshape(-1, 3).mean(axis=0))
    found = hide(pixels, corner(51), "mean")  # a fifth
    assert np.allclose(found[10, 10], 0.8 * pixels[10, 10] + 0.2 * colour, atol=1)


def test_a_blur_takes_the_detail_and_leaves_the_colour():
    pixels = np.asarray(tiny_photo(3, 200, 200))
    found = hide(pixels, corner(), "blur")[:80, :80].astype(float)
    before = pixels[:80, :80].astype(float)
    assert np.abs(np.diff(found, axis=1)).mean() < 0.1 * np.abs(np.diff(before, axis=1)).mean()
    assert np.abs(found.mean(axis=(0, 1)) - before.mean(axis=(0, 1))).max() < 25


def test_inpainting_fills_in_from_around():
    pixels = np.full((64, 64, 3), (30, 140, 220), np.uint8)
    pixels[28:36, 28:36] = 255
    mask = np.zeros((4, 4), np.uint8)
    mask[1:3, 1:3] = 255
    assert np.abs(hide(pixels, mask, "inpaint").astype(int) - (30, 140, 220)).max() <= 6


def test_an_empty_painting_hides_nothing():
    pixels = np.asarray(tiny_photo())
    assert np.array_equal(hide(pixels, corner(0)), pixels)


# --- the network runs again


@pytest.mark.parametrize("how", FILLS)
def test_the_network_sees_the_covered_input(predictor: Predictor, analysis: Analysis, how: str):
    found = really_hide(predictor, analysis, corner(), how)
    again = predictor.analyze(hide(analysis.seen, corner(), how))
    assert np.array_equal(found.hidden.seen, hide(analysis.seen, corner(), how))
    assert np.array_equal(found.hidden.scores, again.scores)
    assert np.allclose(found.change_by_hiding, again.scores - analysis.scores)
    assert np.abs(found.change_by_hiding).max() > 1e-2
    assert found.hidden.photo.shape == analysis.photo.shape
    assert found.hidden.geometry == analysis.geometry


def test_ignoring_is_what_the_painting_does(predictor: Predictor, analysis: Analysis):
    emptied = analysis.s.copy()
    emptied[:2, :2] = 0
    expected = analysis.intervene(emptied)
    found = really_hide(predictor, analysis.intervene(np.ones((4, 4))), corner())
    assert np.allclose(found.change_by_ignoring, expected.change_by_painting, atol=1e-6)
    assert np.array_equal(found.before.scores, analysis.scores), "measured from S, not from what was painted before"


def test_an_empty_painting_has_no_effect_either_way(predictor: Predictor, analysis: Analysis):
    found = really_hide(predictor, analysis, corner(0))
    assert not found.change_by_ignoring.any()
    assert np.abs(found.change_by_hiding).max() < 1e-5
    assert found.agree


@pytest.mark.parametrize(
    ("mask", "how", "words"),
    [
        (np.full((4, 4), 255, np.uint8), "blur", "covers the whole photo"),
        (np.zeros((3, 4), np.uint8), "blur", "3x4 cells"),
        (np.zeros((4, 4)), "blur", "uint8"),
        (corner(), "burn", "unknown way of hiding"),
    ],
)
def test_what_cannot_be_hidden(predictor: Predictor, analysis: Analysis, mask: np.ndarray, how: str, words: str):
    with pytest.raises(ValueError, match=words):
        really_hide(predictor, analysis, mask, how)


# --- in words


def answer(analysis: Analysis, **scores: float) -> Analysis:
    """An analysis with these scores, whatever its map."""
    values = np.array([scores.get(label, -9.0) for label in analysis.labels], np.float32)
    evidence = np.broadcast_to(values[:, None, None], (len(values), 4, 4)).copy()
    ones, zeros = np.ones((4, 4), np.float32), np.zeros((4, 4), np.float32)
    own = replace(analysis.own, mean=zeros)
    return replace(analysis, evidence=evidence, s=ones, attended=ones, own=own, counterfactual=own)


def compared(analysis: Analysis, before: dict, ignored: dict, hidden: dict) -> Hiding:
    return Hiding(*(answer(analysis, **scores) for scores in (before, ignored, hidden)), how="blur")


def test_where_they_agree(analysis: Analysis):
    found = compared(analysis, {"awe": 4, "fear": 1}, {"awe": 3, "fear": 1}, {"awe": 2.5, "fear": 1})
    assert found.agree
    assert found.words == "Ignoring it takes 1.00 from awe, hiding it takes 1.50 from it; awe leads both ways."


def test_another_emotion_leads(analysis: Analysis):
    found = compared(analysis, {"awe": 4, "fear": 3}, {"awe": 3.5, "fear": 3}, {"awe": 2, "fear": 3})
    assert not found.agree
    assert found.words == (
        "Ignoring it takes 0.500 from awe, hiding it takes 2.00 from it; awe leads when it is ignored, "
        "fear when it is hidden: attention is not the whole cause."
    )


def test_opposite_directions(analysis: Analysis):
    found = compared(analysis, {"awe": 4, "fear": 1}, {"awe": 3, "fear": 1.5}, {"awe": 4.5, "fear": 0.7})
    assert found.opposed == ("awe", "fear")
    assert found.words == (
        "Ignoring it takes 1.00 from awe, hiding it adds 0.500 to it; the two move awe and fear in opposite "
        "directions: attention is not the whole cause."
    )


@pytest.mark.parametrize(("ignored", "hidden", "more"), [(2.0, 3.5, "ignoring"), (3.8, 3.0, "hiding")])
def test_the_same_direction_by_much_more(analysis: Analysis, ignored: float, hidden: float, more: str):
    found = compared(analysis, {"awe": 4}, {"awe": ignored}, {"awe": hidden})
    assert not found.opposed
    assert not found.agree
    assert found.words.endswith(f"; {more} it does more than 2 times as much: attention is not the whole cause.")


def test_changes_too_small_to_have_a_sign(analysis: Analysis):
    little = NEGLIGIBLE * 0.9
    found = compared(analysis, {"awe": 4}, {"awe": 4 - little}, {"awe": 4 + little})
    assert found.opposed == ()
    assert found.agree
