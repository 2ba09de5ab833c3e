"""Whether CCIM's dictionary matters: what becomes of the answers when no context is weighed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from cternet.networks.ccim import CCIM
from training.evaluation.readout import Readout


@contextmanager
def no_contexts(ccim: CCIM) -> Iterator[None]:
    """Within, g = 0: the priors are."""
    prior = ccim.prior.clone()
    ccim.prior.zero_()
    try:
        yield
    finally:
        ccim.prior.copy_(prior)


def contexts_matter(logits: Tensor, without: Tensor, labels: Tensor, readout: Readout) -> dict[str, Any]:
    """Figures of the dictionary.

    Args:
        logits: of the answer (M, K), and ``without`` with g = 0.
        labels: (M,).

    Returns:
        ``accuracy`` without the dictionary, and the share of answers it ``changes``, in [0, 1].
    """
    own, other = (readout.scores(values).argmax(dim=1) for values in (logits, without))
    return {
        "accuracy": (other == labels).double().mean().item(),
        "changes": (own != other).to(torch.float64).mean().item(),
    }
