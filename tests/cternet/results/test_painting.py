"""Painted masks: what they do to S, as text, and from pictures."""

import string

import numpy as np
import pytest
import torch
from PIL import Image

from cternet import Analysis, ImageError, Predictor
from cternet.results.painting import MODES, PRESETS, decode, empty, encode, from_image, ignore, look_elsewhere, look_only, paint
from tests.tiny import photo_tensor, tiny_photo

GRID = (14, 14)


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo())


def mask(shape: tuple[int, int] = (4, 4), seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def head_call(predictor: Predictor, attention: np.ndarray) -> np.ndarray:
    """Y(attention, X) by the network itself."""
    with torch.no_grad():
        x = predictor.model.forward_features(photo_tensor(predictor.config, tiny_photo()))
        s = torch.from_numpy(np.asarray(attention, np.float32))[None, None]
        return predictor.model.coupling(s, predictor.model.coupling.reduce(x))[0].numpy()


# --- what a painting does


def test_ignoring_empties_by_the_share(analysis: Analysis):
    painted = mask()
    found = ignore(analysis.s, painted)
    for i in range(4):
        for j in range(4):
            assert found[i, j] == pytest.approx(analysis.s[i, j] * (1 - painted[i, j] / 255), rel=1e-6)


def test_looking_elsewhere_moves_what_lay_there_to_the_rest(analysis: Analysis):
    """In proportion to S: nothing is lost, and between two free cells nothing changes."""
    painted = np.zeros((4, 4), np.uint8)
    painted[1:3, 1:3] = 255
    found = look_elsewhere(analysis.s, painted)
    assert not found[1:3, 1:3].any()
    assert found.sum() == pytest.approx(analysis.s.sum(), rel=1e-5)
    free = painted == 0
    assert np.allclose(found[free] / analysis.s[free], found[0, 0] / analysis.s[0, 0])
    assert found[0, 0] / analysis.s[0, 0] == pytest.approx(analysis.s.sum() / analysis.s[free].sum(), rel=1e-5)
    assert ignore(analysis.s, painted).sum() == pytest.approx(analysis.s[free].sum(), rel=1e-5), "ignoring takes it away"


def test_looking_only_keeps_the_mass_and_the_shape(analysis: Analysis):
    painted = mask()
    found = look_only(analysis.s, painted)
    assert found.sum() == pytest.approx(analysis.s.sum(), rel=1e-5)
    assert np.allclose(found / found.max(), painted / painted.max(), atol=1e-6)


def test_an_empty_painting_changes_nothing_at_all(analysis: Analysis):
    same = paint(analysis, empty(analysis.s.shape))
    assert np.array_equal(same.attended, analysis.s)
    assert not same.change_by_painting.any()
    assert np.array_equal(same.scores, analysis.scores)


@pytest.mark.parametrize("mode", MODES)
def test_the_painted_map_decides_the_prediction(predictor: Predictor, analysis: Analysis, mode: str):
    painted = mask()
    found = paint(analysis, painted, mode)
    s_new = MODES[mode](analysis.s, painted)
    assert np.allclose(found.scores, head_call(predictor, s_new) - head_call(predictor, analysis.own.mean), atol=1e-4)
    assert np.allclose(found.change_by_painting, head_call(predictor, s_new) - head_call(predictor, analysis.s), atol=1e-4)
    assert np.abs(found.change_by_painting).max() > 1e-2


def test_painting_again_starts_from_s(analysis: Analysis):
    once = paint(analysis, mask(seed=1))
    again = paint(once, mask(seed=2))
    assert np.array_equal(again.attended, paint(analysis, mask(seed=2)).attended)


@pytest.mark.parametrize(
    ("painted", "mode", "words"),
    [
        (np.full((4, 4), 255, np.uint8), "ignore", "covers the whole photo"),
        (np.full((4, 4), 255, np.uint8), "look-elsewhere", "covers the whole photo"),
        (np.zeros((4, 4), np.uint8), "look-only", "empty"),
        (np.zeros((5, 4), np.uint8), "ignore", "5x4 cells, this map has 4x4"),
        (np.zeros(16, np.uint8), "look-only", "16 cells"),
        (np.zeros((4, 4)), "ignore", "uint8"),
        (np.zeros((4, 4), np.uint8), "erase", "unknown way of painting"),
    ],
)
def test_paintings_that_cannot_be_used(analysis: Analysis, painted: np.ndarray, mode: str, words: str):
    with pytest.raises(ValueError, match=words):
        paint(analysis, painted, mode)


def test_there_must_be_attention_elsewhere_to_move_it_to():
    s = np.zeros((4, 4), np.float32)
    s[0, 0], s[3, 3] = 15.99, 0.01
    painted = np.zeros((4, 4), np.uint8)
    painted[0, 0] = 255
    with pytest.raises(ValueError, match="almost no attention outside"):
        look_elsewhere(s, painted)


# --- as text


def test_a_mask_as_text_and_back():
    painted = mask(GRID)
    text = encode(painted)
    assert len(text) == 262
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    found = decode(text, GRID)
    assert np.array_equal(found, painted)
    found[0, 0] ^= 1  # it can be painted on


def test_only_the_true_text_gives_a_mask():
    """One byte more or less, another alphabet, spare bits, padding, signs nobody types: one sentence each."""
    painted = np.full(GRID, 251, np.uint8)  # its text is full of both special characters
    text = encode(painted)
    assert "-" in text or "_" in text
    bad = [
        "",
        text[:-1],
        text + "A",
        text + "==",
        text.replace("-", "+").replace("_", "/"),
        text[:-1] + chr(ord(text[-1]) + 1),
        "é" * 262,
        "\x00" * 262,
        " " + text[1:],
        text[:100] + "\n" + text[101:],
        "=" * 262,
    ]
    for other in bad:
        with pytest.raises(ValueError, match="is not a painting of 14x14 cells"):
            decode(other, GRID)


@pytest.mark.parametrize("shape", [(4, 4), (7, 7), (14, 14), (3, 5)])
def test_text_of_every_grid(shape: tuple[int, int]):
    painted = mask(shape)
    assert np.array_equal(decode(encode(painted), shape), painted)
    with pytest.raises(ValueError, match="is not a painting"):
        decode(encode(painted), (shape[0] + 1, shape[1]))


# --- from pictures and presets


def average(grey: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The area average of every cell, by dividing each pixel into H x W equal ones."""
    fine = np.kron(grey.astype(float), np.ones(shape))
    rows, columns = (length // cells for length, cells in zip(fine.shape, shape, strict=True))
    return fine.reshape(shape[0], rows, shape[1], columns).mean(axis=(1, 3))


@pytest.mark.parametrize("size", [(4, 4), (8, 12), (37, 23), (3, 50), (1, 1), (5, 3)])
def test_a_picture_becomes_the_average_of_each_cell(size: tuple[int, int]):
    grey = mask(size, seed=8)
    found = from_image(Image.fromarray(grey), (4, 4))
    assert np.abs(found - average(grey, (4, 4))).max() <= 0.51


def test_a_picture_of_the_cells_is_the_mask_itself():
    painted = mask(GRID)
    assert np.array_equal(from_image(Image.fromarray(painted), GRID), painted)
    assert np.array_equal(from_image(np.repeat(painted[..., None], 3, axis=2), GRID), painted)


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0)])
def test_what_is_transparent_is_not_painted(colour: tuple[int, int, int], tmp_path):
    picture = Image.new("RGBA", (4, 4), (*colour, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 2, 4))
    picture.paste((255, 255, 255, 128), (2, 0, 3, 4))
    picture.save(tmp_path / "mask.png")
    for source in (picture, tmp_path / "mask.png"):
        assert np.array_equal(from_image(source, (4, 4)), np.tile(np.uint8([255, 255, 128, 0]), (4, 1)))


def test_a_file_that_is_no_picture(tmp_path):
    (tmp_path / "mask.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"mask\.png"):
        from_image(tmp_path / "mask.png", GRID)


@pytest.mark.parametrize("shape", [(4, 4), (7, 7), (14, 14), (16, 12)])
def test_presets_cover_what_they_say(shape: tuple[int, int]):
    centre, border = (PRESETS[name](shape) / 255 for name in ("centre", "border"))
    assert centre.mean() == pytest.approx(1 / 4, abs=0.003)
    assert border.mean() == pytest.approx(1 - (3 / 4) ** 2, abs=0.003)
    assert (centre * border).max() == 0
    for painted in (centre, border):
        assert np.array_equal(painted, painted[::-1])
        assert np.array_equal(painted, painted[:, ::-1])
