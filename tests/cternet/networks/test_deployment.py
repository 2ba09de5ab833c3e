"""Eq. 2, attentional deployment."""

import math

import numpy as np
import pytest
import torch

from cternet.networks.deployment import AttentionalDeployment


def naive(s_in: np.ndarray, phi: float, scaled: bool) -> np.ndarray:
    """Eq. 2 by loops: s_in (D, H, W)."""
    d = len(s_in)
    flat = s_in.reshape(d, -1)
    n = flat.shape[1]
    out = np.empty_like(flat)
    for i in range(d):
        dots = [sum(flat[i, p] * flat[j, p] for p in range(n)) / (math.sqrt(n) if scaled else 1) for j in range(d)]
        powers = [math.exp(dot - max(dots)) for dot in dots]
        weights = [power / sum(powers) for power in powers]
        for p in range(n):
            out[i, p] = phi * sum(weights[j] * flat[j, p] for j in range(d)) + flat[i, p]
    return out.reshape(s_in.shape)


@pytest.mark.parametrize("scaled", [False, True])
def test_equals_loops(scaled: bool):
    module = AttentionalDeployment(scaled=scaled)
    torch.nn.init.constant_(module.phi, 0.7)
    s_in = 0.5 * torch.randn(2, 5, 3, 4)
    expected = np.stack([naive(image, 0.7, scaled) for image in s_in.double().numpy()])
    assert np.allclose(module(s_in).detach().numpy(), expected, atol=1e-5)


def test_scaling_matters():
    s_in = 0.5 * torch.randn(2, 5, 3, 4)
    printed, scaled = AttentionalDeployment(), AttentionalDeployment(scaled=True)
    for module in (printed, scaled):
        torch.nn.init.ones_(module.phi)
    assert (printed(s_in) - scaled(s_in)).abs().max() > 1e-2


def test_by_hand():
    """Two channels, one place, values 0 and 1: rows softmax(0, 0) and softmax(0, 1)."""
    module = AttentionalDeployment()
    torch.nn.init.constant_(module.phi, 2.0)
    s_out = module(torch.tensor([0.0, 1.0]).reshape(1, 2, 1, 1)).flatten()
    assert s_out.tolist() == pytest.approx([2 * 0.5, 2 * math.e / (1 + math.e) + 1])


def test_starts_as_the_identity():
    s_in = torch.randn(2, 8, 4, 4)
    assert torch.equal(AttentionalDeployment()(s_in), s_in)


def test_no_overflow_in_half_precision():
    """The dot products of long vectors are beyond float16; they are taken in float32."""
    module = AttentionalDeployment()
    torch.nn.init.ones_(module.phi)
    s_in = 40 * torch.randn(1, 4, 14, 14)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        halved = module(s_in.bfloat16())
    assert torch.isfinite(halved).all()
    assert torch.allclose(halved.float(), module(s_in.bfloat16().float()), rtol=0.02, atol=0.5)
