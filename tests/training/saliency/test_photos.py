"""A photo and its mask as tensors: the same crop and flip, repeatable, and plain outside training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cternet.networks.ras import RASConfig
from training.saliency.pairs import Pair
from training.saliency.photos import MaskedPhotos, WholePhotos

CONFIG = RASConfig(image_size=64, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """The photo shows its own mask, a smooth ramp on both axes; the mask is a quarter as large."""
    rows, columns = np.mgrid[:120, :160]
    grey = (rows + columns) * (255 / 280)
    Image.fromarray(grey.astype(np.uint8)).convert("RGB").save(tmp_path / "photo.png")
    Image.fromarray(grey.astype(np.uint8)).resize((80, 60)).save(tmp_path / "mask.png")
    return Pair(tmp_path / "photo.png", tmp_path / "mask.png", "train")


def test_photo_and_mask_stay_together(pair: Pair):
    photos = MaskedPhotos([pair], CONFIG, (0.3, 1.0))
    seen = [photos[0, view] for view in range(12)]
    for photo, mask, index in seen:
        assert photo.shape == (3, 64, 64)
        assert mask.shape == (1, 64, 64)
        assert type(mask) is torch.Tensor
        assert index == 0
        assert mask.min() >= 0 and mask.max() <= 1
        assert (photo[:1] - mask).abs().max() < 0.03
    assert len({mask.mean().item() for _, mask, _ in seen}) > 6, "they are cropped"
    assert len({(mask[0, 0, 0] > mask[0, 0, -1]).item() for _, mask, _ in seen}) == 2, "some are flipped"


def test_a_view_can_be_repeated(pair: Pair):
    ours, theirs, other = (MaskedPhotos([pair], CONFIG, (0.3, 1.0), seed) for seed in (1, 1, 2))
    before = torch.get_rng_state()
    for mine, again in zip(ours[0, 3], theirs[0, 3], strict=True):
        assert torch.equal(torch.as_tensor(mine), torch.as_tensor(again))
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(ours[0, 3][1], ours[0, 4][1])
    assert not torch.equal(ours[0, 3][1], other[0, 3][1])


def test_outside_training_the_whole_photo_is_seen(pair: Pair):
    photo, index = WholePhotos([pair], CONFIG)[0, 0]
    expected = np.asarray(Image.open(pair.path).convert("L").resize((64, 64), Image.Resampling.BILINEAR)) / 255
    assert index == 0
    assert np.abs(photo[0].numpy() - expected).max() < 0.02
