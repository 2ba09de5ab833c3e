"""Eq. 5, the prediction from a map, and its linearity in S."""

import pytest
import torch

from cternet.networks.coupling import Coupling


@pytest.fixture
def case() -> tuple[Coupling, torch.Tensor, torch.Tensor]:
    coupling = Coupling(6, 4, 3).double()
    x = torch.randn(2, 6, 3, 4, dtype=torch.float64)
    return coupling, torch.randn(2, 1, 3, 4, dtype=torch.float64), coupling.reduce(x)


def test_equals_a_loop_over_places(case):
    coupling, s, reduced = case
    w, b = coupling.classifier.weight, coupling.classifier.bias
    y = coupling(s, reduced)
    for image in range(2):
        z = torch.zeros(5, dtype=torch.float64)
        for i in range(3):
            for j in range(4):
                z[0] += s[image, 0, i, j] / 12
                z[1:] += s[image, 0, i, j] * reduced[image, :, i, j] / 12
        assert torch.allclose(y[image], w @ z + b, atol=1e-12)


def test_reduce_is_a_matrix_at_each_place():
    coupling = Coupling(6, 4, 3)
    x = torch.randn(1, 6, 2, 2)
    matrix = coupling.reduce.weight[:, :, 0, 0]
    assert torch.allclose(coupling.reduce(x)[0, :, 1, 0], matrix @ x[0, :, 1, 0] + coupling.reduce.bias, atol=1e-6)


def test_by_hand():
    """R = 1, N = 2: z = [mean(1, 3), mean(1 * 2, 3 * 4)] = [2, 7]."""
    coupling = Coupling(1, 1, 2)
    with torch.no_grad():
        coupling.classifier.weight.copy_(torch.tensor([[1.0, 10.0], [0.0, -1.0]]))
        coupling.classifier.bias.copy_(torch.tensor([0.5, 0.0]))
    s, reduced = torch.tensor([1.0, 3.0]).reshape(1, 1, 1, 2), torch.tensor([2.0, 4.0]).reshape(1, 1, 1, 2)
    assert coupling(s, reduced).tolist() == [[72.5, -7.0]]
    assert coupling.evidence(reduced).flatten().tolist() == [21.0, 41.0, -2.0, -4.0]


def test_evidence_gives_y_of_any_map(case):
    """Y(S) = (1/N) sum_p S_p g_p + b."""
    coupling, s, reduced = case
    g = coupling.evidence(reduced)
    assert g.shape == (2, 3, 3, 4)
    assert torch.allclose((s * g).mean(dim=(2, 3)) + coupling.classifier.bias, coupling(s, reduced), atol=1e-12)


def test_evidence_is_the_gradient(case):
    coupling, s, reduced = case
    s.requires_grad_()
    for k in range(3):
        (gradient,) = torch.autograd.grad(coupling(s, reduced)[:, k].sum(), s)
        assert torch.allclose(gradient[:, 0] * 12, coupling.evidence(reduced)[:, k], atol=1e-12)


def test_affine_in_the_map(case):
    coupling, s, reduced = case
    other = torch.randn_like(s)
    for share in (0.0, 0.3, 1.0, -2.0):
        mixed = coupling((1 - share) * s + share * other, reduced)
        assert torch.allclose(mixed, (1 - share) * coupling(s, reduced) + share * coupling(other, reduced), atol=1e-12)
