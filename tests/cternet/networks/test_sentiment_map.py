"""Eq. 4, class-wise and cross-spatial pooling."""

import pytest
import torch

from cternet.networks.sentiment_map import Pooling, SentimentMap


@pytest.mark.parametrize(("classes", "maps"), [(2, 1), (3, 4), (8, 4)])
def test_equals_the_literal_steps(classes: int, maps: int):
    """The 1x1 convolution to K*l maps, the mean over each class's l, GAP, the weighted mean."""
    module = SentimentMap(6, classes, maps).double()
    s_out = torch.randn(2, 6, 3, 5, dtype=torch.float64)
    v, s = module(s_out)
    every_map = module.conv(s_out)
    assert every_map.shape == (2, classes * maps, 3, 5)
    for b in range(2):
        expected = torch.zeros(3, 5, dtype=torch.float64)
        for k in range(classes):
            m_k = sum(every_map[b, k * maps + i] for i in range(maps)) / maps
            v_k = m_k.sum() / 15
            assert v[b, k].item() == pytest.approx(v_k.item(), abs=1e-12)
            expected += v_k * m_k / classes
        assert torch.allclose(s[b, 0], expected, atol=1e-12)


def test_by_hand():
    """K = 2, one channel of values 1 and 3: M_1 = (1, 3), v_1 = 2; M_2 = (0, -2) + 1, v_2 = -1."""
    pooling = Pooling(torch.tensor([[1.0], [-1.0]]), torch.tensor([0.0, 1.0]))
    v, s = pooling(torch.tensor([1.0, 3.0]).reshape(1, 1, 1, 2))
    assert v.tolist() == [[2.0, -1.0]]
    assert s.flatten().tolist() == [(2 * 1 + -1 * 0) / 2, (2 * 3 + -1 * -2) / 2]


def test_shapes():
    v, s = SentimentMap(16, 8)(torch.randn(3, 16, 4, 5))
    assert v.shape == (3, 8)
    assert s.shape == (3, 1, 4, 5)


def test_starts_as_even_attention_that_uniform_attention_does_not_earn():
    """S is near 1 for any S_out of its usual size, and 0 for the uniform allocation, U = 1."""
    torch.manual_seed(0)
    module = SentimentMap(64, 8)
    s = module(0.3 * torch.randn(4, 64, 7, 7))[1]
    assert s.mean().item() == pytest.approx(1.0, abs=0.1)
    assert module(torch.ones(1, 64, 7, 7))[1].abs().max().item() < 1e-6
