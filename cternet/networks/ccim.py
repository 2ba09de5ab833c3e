"""CCIM, the contextual causal intervention module: an answer that does not lean on how often contexts and emotions go together.

Yang et al., "Context De-confounded Emotion Recognition", CVPR 2023, https://arxiv.org/abs/2303.11921: backdoor adjustment over
a dictionary of confounders, the typical contexts of a training set.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

Intervention = Literal["dot-product", "additive"]
INTERVENTIONS: tuple[str, ...] = get_args(Intervention)


class CCIM(nn.Module):
    """h -> u + 0.3 MLP(BN(u)) with u = W_h h + W_g g and g = sum_i lambda_i P(z_i) z_i.

    lambda = softmax(W_q h . W_k z_i / sqrt(A)) (dot-product) or softmax(w . tanh(W_q h + W_k z_i)) (additive).  It comes before
    a head of any kind: what it adds to h = GAP(X) it adds to X at every place, so that GAP(X) is what the paper's classifier
    takes, and a head that is linear in its attention stays so.  It starts as no change: W_h is the identity, and W_g and the
    last layer of the MLP are 0.

    Args:
        channels: d of h, C of X.
        confounders: n.
        confounder_channels: d_z of z.
        intervention: which lambda.
        attention_channels: A.
    """

    dictionary: Tensor
    prior: Tensor

    def __init__(
        self,
        channels: int,
        confounders: int,
        confounder_channels: int,
        intervention: Intervention = "dot-product",
        attention_channels: int = 128,
    ) -> None:
        super().__init__()
        self.intervention = intervention
        self.register_buffer("dictionary", torch.zeros(confounders, confounder_channels))
        self.register_buffer("prior", torch.full((confounders,), 1 / confounders))
        self.query = nn.Linear(channels, attention_channels, bias=False)
        self.key = nn.Linear(confounder_channels, attention_channels, bias=False)
        self.score = nn.Linear(attention_channels, 1, bias=False) if intervention == "additive" else None
        self.own = nn.Linear(channels, channels, bias=False)
        self.context = nn.Linear(confounder_channels, channels, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, channels), nn.ReLU(), nn.Linear(channels, channels))
        last = self.mlp[-1]
        assert isinstance(last, nn.Linear)
        nn.init.eye_(self.own.weight)
        for parameter in (self.context.weight, last.weight, last.bias):
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """X (B, C, H, W) -> X with what the intervention adds to its mean, (B, C, H, W)."""
        h = x.mean(dim=(2, 3))  # (B, C)
        return x + (self.adjusted(h) - h)[:, :, None, None]

    def adjusted(self, h: Tensor) -> Tensor:
        """(B, C) -> (B, C)."""
        # The prior relative to an even one: the printed form but for a factor n, which W_g takes up.
        g = (self.weights(h) * self.prior * len(self.prior)) @ self.dictionary
        u = self.own(h) + self.context(g)
        return u + 0.3 * self.mlp(self.norm(u))

    def weights(self, h: Tensor) -> Tensor:
        """lambda (B, n): how much each confounder says of a photo; sums to 1."""
        query, key = self.query(h), self.key(self.dictionary)  # (B, A), (n, A)
        if self.score is None:
            scores = query @ key.mT / key.shape[1] ** 0.5
        else:
            scores = self.score(torch.tanh(query[:, None] + key)).squeeze(2)
        return scores.softmax(dim=1)
