"""Eq. 1, situation modification."""

import numpy as np
import pytest
import torch

from cternet.networks.situation import SituationModification


def naive(x: np.ndarray, kernels: list[np.ndarray], biases: list[np.ndarray]) -> np.ndarray:
    """Eq. 1 by loops: x (C, H, W); kernel of group g (D/4, C/4, 2g+1, 2g+1)."""
    c, height, width = x.shape
    out = []
    for g, (kernel, bias) in enumerate(zip(kernels, biases, strict=True), start=1):
        own = x[(g - 1) * c // 4 : g * c // 4]
        for o in range(len(kernel)):
            plane = np.full((height, width), bias[o])
            for i in range(height):
                for j in range(width):
                    for di in range(-g, g + 1):
                        for dj in range(-g, g + 1):
                            if 0 <= i + di < height and 0 <= j + dj < width:
                                plane[i, j] += kernel[o, :, di + g, dj + g] @ own[:, i + di, j + dj]
            out.append(plane)
    return np.stack(out)


def test_equals_loops():
    module = SituationModification(8, 8).double()
    x = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    kernels = [branch.weight.detach().numpy() for branch in module.branches]
    biases = [branch.bias.detach().numpy() for branch in module.branches]
    expected = np.stack([naive(image, kernels, biases) for image in x.numpy()])
    assert np.allclose(module(x).detach().numpy(), expected, atol=1e-12)


def test_by_hand():
    """Kernels of ones on ones count the cells they cover."""
    module = SituationModification(4, 4)
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, float(parameter.dim() == 4))
    s_in = module(torch.ones(1, 4, 9, 9))[0]
    assert s_in[:, 4, 4].tolist() == [9, 25, 49, 81]
    assert s_in[:, 0, 0].tolist() == [4, 9, 16, 25]


@pytest.mark.parametrize("group", range(4))
def test_each_group_sees_its_own_channels_only(group: int):
    module = SituationModification(16, 8)
    x = torch.randn(1, 16, 6, 6, requires_grad=True)
    module(x)[:, 2 * group : 2 * group + 2].sum().backward()
    seen = x.grad.abs().sum(dim=(0, 2, 3)) > 0
    assert seen.nonzero().flatten().tolist() == list(range(4 * group, 4 * group + 4))


@pytest.mark.parametrize("full_view", [False, True])
def test_reach_of_each_kernel(full_view: bool):
    module = SituationModification(16, 64, full_view=full_view)
    assert [branch.kernel_size for branch in module.branches] == [(3, 3), (5, 5), (7, 7), (9, 9)]
    x = torch.zeros(1, 16, 11, 11)
    before = module(x)
    x[:, :, 5, 5] = 1
    changed = (module(x) != before)[0].unflatten(0, (4, 16)).any(dim=1)
    for g in range(1, 5):
        places = changed[g - 1].nonzero()
        assert places.min(dim=0).values.tolist() == [5 - g, 5 - g]
        assert places.max(dim=0).values.tolist() == [5 + g, 5 + g]


def test_full_view_lets_every_kernel_see_all_channels():
    module = SituationModification(32, 64, full_view=True)
    assert [branch.groups for branch in module.branches] == [1, 4, 8, 16]
    for group in range(4):
        x = torch.randn(1, 32, 4, 4, requires_grad=True)
        module(x)[:, 16 * group : 16 * group + 16].sum().backward()
        assert (x.grad.abs().sum(dim=(0, 2, 3)) > 0).all()


@pytest.mark.parametrize("channels", [(6, 8), (8, 6)])
def test_channels_that_four_groups_cannot_share(channels: tuple[int, int]):
    with pytest.raises(ValueError, match="divisible by 4"):
        SituationModification(*channels)
