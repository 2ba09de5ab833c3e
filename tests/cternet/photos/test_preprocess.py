"""From a photo to the network's input."""

import numpy as np
import pytest
import torch
from PIL import Image

from cternet.photos.preprocess import MAX_VIEW, covered, preprocess
from tests.tiny import SIZE, tiny_config, tiny_photo


def stripes(width: int = 120, height: int = 60) -> Image.Image:
    """Red, green and blue thirds, left to right."""
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        image.paste(colour, (index * width // 3, 0, (index + 1) * width // 3, height))
    return image


def test_squash_keeps_the_whole_photo():
    seen, tensor = preprocess(stripes(), tiny_config())
    assert seen.size == (SIZE, SIZE)
    assert tensor.shape == (3, SIZE, SIZE)
    row = np.asarray(seen)[SIZE // 2].argmax(axis=1)
    assert [row[SIZE // 6], row[SIZE // 2], row[5 * SIZE // 6]] == [0, 1, 2]


def test_center_keeps_the_middle_square():
    seen, _ = preprocess(stripes(), tiny_config(geometry="center"))
    assert seen.size == (SIZE, SIZE)
    row = np.asarray(seen)[SIZE // 2].argmax(axis=1)
    assert [row[1], row[SIZE // 2], row[-2]] == [0, 1, 2]
    # The middle 60 of 120 pixels hold 10 of red, 40 of green and 10 of blue.
    assert (row == 1).mean() == pytest.approx(2 / 3, abs=0.05)


def test_normalisation_by_hand():
    config = tiny_config(mean=(0.5, 0.0, 0.25), std=(0.5, 1.0, 0.25))
    tensor = preprocess(Image.new("RGB", (10, 10), (255, 51, 0)), config)[1]
    assert torch.allclose(tensor, torch.tensor([1.0, 0.2, -1.0])[:, None, None].expand(3, SIZE, SIZE), atol=1e-6)


@pytest.mark.parametrize("geometry", ["squash", "center"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3000, 40), (64, 64)])
def test_every_shape_reaches_the_network(geometry: str, size: tuple[int, int]):
    config = tiny_config(geometry=geometry)
    photo = Image.new("RGB", size, (10, 20, 30))
    seen, tensor = preprocess(photo, config)
    assert seen.size == (SIZE, SIZE)
    assert torch.isfinite(tensor).all()
    assert (np.asarray(seen) == (10, 20, 30)).all()
    view = covered(photo, config)
    assert max(view.size) <= MAX_VIEW
    assert min(view.size) >= 1


def test_covered_keeps_the_aspect_ratio_of_what_the_map_covers():
    assert covered(tiny_photo(0, 1600, 1200), tiny_config()).size == (640, 480)
    assert covered(tiny_photo(0, 1600, 1200), tiny_config(geometry="center")).size == (640, 640)
