"""Arrays and tensors are photos, or told in one sentence why not."""

import numpy as np
import pytest
import torch

from cternet.photos.load import ImageError, open_photo
from tests.tiny import tiny_photo

PHOTO = np.asarray(tiny_photo())
TENSOR = torch.tensor(PHOTO).movedim(-1, 0)


@pytest.mark.parametrize(
    "same",
    [
        PHOTO,
        PHOTO / 255,
        (PHOTO / 255).astype(np.float32),
        torch.tensor(PHOTO).movedim(-1, 0),
        torch.tensor(PHOTO).movedim(-1, 0) / 255,
    ],
    ids=["uint8", "float64", "float32", "tensor", "float tensor"],
)
def test_the_same_photo_in_other_types(same):
    assert np.array_equal(np.asarray(open_photo(same)), PHOTO)


@pytest.mark.parametrize("grey", [PHOTO[..., 0], PHOTO[..., :1], torch.tensor(PHOTO[None, ..., 0])])
def test_grey(grey):
    assert np.array_equal(np.asarray(open_photo(grey)), np.repeat(PHOTO[..., :1], 3, axis=-1))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (PHOTO[None], "must have the shape"),
        (PHOTO[..., :2], "must have the shape"),
        (torch.tensor(PHOTO), r"not \(70, 90, 3\)"),
        (np.zeros((0, 5, 3), np.uint8), "no pixels"),
        (PHOTO.astype(np.int64), "must be uint8"),
        (PHOTO.astype(np.float32), r"must lie in \[0, 1\]"),
        (np.full((4, 4, 3), np.nan), r"must lie in \[0, 1\]"),
        (np.array([["a"]]), "must be uint8"),
        (None, "not NoneType"),
        ([1, 2], "not list"),
        (np.broadcast_to(np.uint8(0), (10_000, 5_001)), "megapixels"),
    ],
)
def test_what_is_no_photo_gets_one_sentence(wrong, words: str):
    with pytest.raises(ImageError, match=words) as caught:
        open_photo(wrong)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
