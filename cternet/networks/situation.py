"""Stage (ii), situation modification: multi-scale perception by channel groups (CTERNet, Eq. 1).

After EPSANet's squeeze-and-concat: Zhang et al., https://arxiv.org/abs/2105.14447
"""

import torch
from torch import Tensor, nn


class SituationModification(nn.Module):
    """S_in = concat_g Conv_{(2g+1)x(2g+1)}(X_g), g = 1..4: kernels 3, 5, 7, 9.

    Args:
        in_channels: C of X, divisible by 4.
        channels: D of S_in, divisible by 4.
        full_view: let each kernel see all C channels through grouped convolutions (1, 4, 8, 16 groups), as the
            authors' public code does, instead of its own quarter of them, as the paper says.
    """

    scales = 4

    def __init__(self, in_channels: int, channels: int = 64, *, full_view: bool = False) -> None:
        super().__init__()
        if in_channels % self.scales or channels % self.scales:
            raise ValueError(f"channels must be divisible by {self.scales}: got {in_channels} and {channels}")
        self.full_view = full_view
        branch_in = in_channels if full_view else in_channels // self.scales
        self.branches = nn.ModuleList(
            nn.Conv2d(
                branch_in,
                channels // self.scales,
                kernel_size=2 * g + 1,
                padding=g,
                groups=(1, 4, 8, 16)[g - 1] if full_view else 1,
            )
            for g in range(1, self.scales + 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """X (B, C, H, W) -> S_in (B, D, H, W)."""
        views = [x] * self.scales if self.full_view else x.chunk(self.scales, dim=1)
        return torch.cat([branch(view) for branch, view in zip(self.branches, views, strict=True)], dim=1)
