"""The training loss (CTERNet, Eq. 7 "in combination with the original losses")."""

import torch.nn.functional as F
from torch import Tensor

from cternet.networks.model import Outputs


def loss_terms(outputs: Outputs, target: Tensor, *, eq7_alone: bool = False, label_smoothing: float = 0.0) -> dict[str, Tensor]:
    """Cross-entropies whose sum is the loss.

    ``cternet``: CE(v) + CE(Y) + CE(Y_TE), or with ``eq7_alone`` the printed CE(v) + CE(Y_TE), which leaves Y(S) free
    (docs/method.md).  ``smad-f``: CE(v) + CE(Y).  ``wscnet``: (CE(v) + CE(Y)) / 2, as in its paper.  ``vanilla``: CE(Y).

    Args:
        outputs: of ``CTERNet``.
        target: class indices (B,), or class probabilities (B, K).
    """
    heads = {"v": outputs.v, "y": outputs.y, "y_te": outputs.y_te}
    if eq7_alone and outputs.y_te is not None:
        del heads["y"]
    share = 0.5 if outputs.v is not None and outputs.s_out is None else 1.0  # WSCNet alone has a map without attention
    return {
        name: share * F.cross_entropy(logits.float(), target, label_smoothing=label_smoothing)
        for name, logits in heads.items()
        if logits is not None
    }
