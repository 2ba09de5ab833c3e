"""Stage (iii), attentional deployment: attention between channels (CTERNet, Eq. 2).

The block is the channel attention module of DANet: Fu et al., https://arxiv.org/abs/1809.02983
"""

import torch
from einops import rearrange
from torch import Tensor, nn


class AttentionalDeployment(nn.Module):
    """S_out = phi * A S_in + S_in with A = softmax(S_in S_in^T) over its last axis; phi is learned from 0.

    Args:
        scaled: divide the dot products by sqrt(N).  As printed they are sums over N = H*W places and the softmax
            saturates to one channel; see docs/method.md for what that does to accuracy.
    """

    def __init__(self, *, scaled: bool = False) -> None:
        super().__init__()
        self.scaled = scaled
        self.phi = nn.Parameter(torch.zeros(()))

    def forward(self, s_in: Tensor) -> Tensor:
        """S_in (B, D, H, W) -> S_out (B, D, H, W)."""
        flat = rearrange(s_in, "b d h w -> b d (h w)")
        # The products of long vectors leave the range where half precision resolves a softmax.
        with torch.autocast(flat.device.type, enabled=False):
            exact = flat.float()
            logits = exact @ exact.mT  # (B, D, D)
            if self.scaled:
                logits = logits / exact.shape[-1] ** 0.5
            attended = logits.softmax(dim=-1) @ exact  # (B, D, N)
        return self.phi * attended.reshape_as(s_in) + s_in
