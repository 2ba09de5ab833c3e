"""MAE and max F against plain loops over thresholds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image

from tests.cternet.networks.test_ras import tiny_ras
from training.engine.batches import evaluation_loader
from training.saliency.figures import compare, evaluate, summarise
from training.saliency.pairs import Pair, PairSource, read_pairs
from training.saliency.photos import WholePhotos


@pytest.fixture
def cases(tmp_path: Path) -> list[tuple[torch.Tensor, Path]]:
    """Maps and masks of different sizes; the last mask is empty."""
    noise = np.random.default_rng(0)
    found = []
    for index in range(5):
        mask = np.zeros((24, 20 + index), np.uint8)
        if index < 4:
            mask[4:18, 3 : 8 + 2 * index] = noise.integers(60, 256)  # soft masks are cut at one half
            mask[6:10, 4:7] = 255
        path = tmp_path / f"{index}.png"
        Image.fromarray(mask).save(path)
        saliency = torch.from_numpy((0.6 * mask / 255 + 0.4 * noise.random(mask.shape)).astype(np.float32))
        found.append((saliency, path))
    return found


def test_against_loops(cases: list[tuple[torch.Tensor, Path]]):
    errors, curves = zip(*(compare(saliency, path) for saliency, path in cases), strict=True)
    found = summarise(torch.stack(errors), torch.stack(curves))
    masks = [np.asarray(Image.open(path), np.float64) / 255 for _, path in cases]
    maps = [saliency.numpy() for saliency, _ in cases]
    expected = np.mean([np.abs(ours - mask).mean() for ours, mask in zip(maps, masks, strict=True)])
    assert found["mae"] == pytest.approx(expected, rel=1e-5)
    scores = []
    for threshold in np.linspace(0, 1, 256):
        points = []
        for ours, mask in zip(maps[:4], masks[:4], strict=True):
            guess, truth = ours >= np.float32(threshold), mask > 0.5
            hits = (guess & truth).sum()
            points.append((hits / max(guess.sum(), 1), hits / truth.sum()))
        precision, recall = np.mean(points, axis=0)
        scores.append(1.3 * precision * recall / max(0.3 * precision + recall, 1e-12))
    assert found["max_f"] == pytest.approx(max(scores), abs=2e-3)
    assert found["threshold"] == pytest.approx(np.argmax(scores) / 255, abs=0.01)
    assert (found["images"], found["without_object"]) == (5, 1)


def test_a_perfect_map(cases: list[tuple[torch.Tensor, Path]]):
    path = cases[0][1]
    mask = torch.from_numpy((np.asarray(Image.open(path)) > 127).astype(np.float32))
    Image.fromarray((255 * mask.numpy()).astype(np.uint8)).save(path)
    error, curve = compare(mask, path)
    found = summarise(error[None], curve[None])
    assert (found["mae"], found["max_f"]) == pytest.approx((0, 1))


def test_maps_are_brought_to_the_masks_size(tmp_path: Path):
    """Each cell of the map is one patch of the mask."""
    map = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    Image.fromarray(np.repeat([[0, 255]], 40, axis=0).repeat(20, axis=1).astype(np.uint8)).save(tmp_path / "mask.png")
    error, _ = compare(map, tmp_path / "mask.png")
    assert error < 0.15


def test_evaluate_equals_photo_by_photo(trees: Path):
    """All photos once, whatever the batches, in the order of their masks."""
    network = tiny_ras()
    pairs: list[Pair] = read_pairs(PairSource(data=trees / "images", masks=trees / "masks"), ("train",))[0]["train"]
    photos = WholePhotos(pairs, network.config)
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare_data_loader(evaluation_loader(photos, batch_size=5, workers=0))
    found = evaluate(network.train(), pairs, loader, accelerator)
    assert found["images"] == 16
    with torch.no_grad():
        maps = [network.eval().saliency(photos[index, 0][0][None])[0] for index in range(16)]
    expected = [compare(map, pair.mask)[0].item() for map, pair in zip(maps, pairs, strict=True)]
    assert found["mae"] == pytest.approx(np.mean(expected), rel=1e-4)
