"""The loss against sums by hand."""

import math

import pytest
import torch

from training.saliency.loss import loss_terms, overlap


def test_against_sums_by_hand():
    """Two levels; one photo half salient, one with nothing."""
    logits = torch.tensor([[[[2.0, -1.0], [0.5, -3.0]]], [[[-4.0, 0.0], [1.0, -2.0]]]])
    mask = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]], [[[0.0, 0.0], [0.0, 0.0]]]])
    found = loss_terms([logits, torch.zeros(2, 1, 1, 1)], mask)
    bce = iou = 0.0
    for maps in (logits, torch.zeros(2, 1, 2, 2)):
        for one, truth in zip(maps, mask, strict=True):
            pairs = [(1 / (1 + math.exp(-z)), m) for z, m in zip(one.flatten().tolist(), truth.flatten().tolist(), strict=True)]
            bce -= sum(math.log(p if m else 1 - p) for p, m in pairs) / 8
            either = sum(p + m - p * m for p, m in pairs)
            iou += (1 - (1 + sum(p * m for p, m in pairs)) / (1 + either)) / 2
    assert found["bce"].item() == pytest.approx(bce, rel=1e-5)
    assert found["iou"].item() == pytest.approx(iou, rel=1e-5)


def test_the_overlap_is_best_where_map_and_mask_agree():
    mask = (torch.rand(2, 1, 8, 8) > 0.5).float()
    mask[1] = 0
    assert torch.allclose(overlap(mask, mask), torch.ones(2))
    assert (overlap(1 - mask, mask) < 0.1).all()


def test_maps_of_any_size_and_precision():
    maps = [torch.randn(2, 1, side, side, dtype=torch.bfloat16, requires_grad=True) for side in (32, 16, 4, 1)]
    terms = loss_terms(maps, torch.rand(2, 1, 64, 64))
    assert {term.dtype for term in terms.values()} == {torch.float32}
    sum(terms.values()).backward()
    assert all(map.grad.abs().sum() > 0 for map in maps)


def test_a_perfect_answer_costs_nothing():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    terms = loss_terms([40 * mask - 20], mask)
    assert sum(terms.values()).item() < 1e-4
