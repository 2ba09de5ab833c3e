"""How far to trust a checkpoint's answers, as measured on photos it had not seen; kept beside its weights.

Temperature: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599.
Unlike photos: the part of the pooled features that the principal components of the training photos do not hold, after Wang
et al., "ViM: Out-Of-Distribution with Virtual-logit Matching", CVPR 2022, https://arxiv.org/abs/2203.10807.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

FIGURES, ARRAYS = "reliability.json", "familiarity.safetensors"


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What features of the training photos are like.

    Attributes:
        mean: (C,).
        components: (D, C), orthonormal.
        threshold: distance from which a picture counts as unlike these photos.
    """

    mean: Tensor
    components: Tensor
    threshold: float

    def strangeness(self, pooled: Tensor) -> Tensor:
        """Pooled features (B, C) -> distance (B,) in thresholds: above 1, the picture is unlike the training photos.

        The distance is |r| / |x - m|, with r = (x - m) - P^T P (x - m), the share of a picture's features that the components P
        do not explain.
        """
        centred = pooled.to(self.mean) - self.mean
        rest = centred - centred @ self.components.T @ self.components
        return rest.norm(dim=1) / centred.norm(dim=1).clamp(min=1e-12) / self.threshold


@dataclass(frozen=True, eq=False)
class Reliability:
    """What a checkpoint's own evaluation says of its answers.

    Attributes:
        temperature: by which logits are divided before the softmax; fitted on val.
        sure_from: probability of the first emotion from which an answer counts as sure; chosen on val.
        share_sure: of the answers on test.
        right_when_sure: accuracy of these.
        right_when_said: precision of each emotion on test; None where it was never said.
        images: photos of test.
        familiarity: None where it was not measured.
    """

    temperature: float
    sure_from: float
    share_sure: float
    right_when_sure: float
    right_when_said: dict[str, float | None]
    images: int
    familiarity: Familiarity | None = None

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        figures = {name: value for name, value in vars(self).items() if name != "familiarity"}
        (folder / FIGURES).write_text(json.dumps(figures, indent=2) + "\n")
        if (held := self.familiarity) is not None:
            arrays = {"mean": held.mean.half(), "components": held.components.half().contiguous()}
            save_file(arrays | {"threshold": torch.tensor([held.threshold])}, folder / ARRAYS)


def read_reliability(source: str | Path) -> Reliability | None:
    """What stands beside a checkpoint folder's weights, or None.

    Raises:
        ValueError: a file is damaged; the message names it.
    """
    path, arrays = Path(source) / FIGURES, Path(source) / ARRAYS
    if not path.is_file():
        return None
    try:
        figures: dict[str, Any] = json.loads(path.read_text())
        found = Reliability(**figures)
        if not (found.temperature > 0 and 0 < found.sure_from <= 1):
            raise ValueError("a number is out of its range")
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); restore or delete it.") from None
    if not arrays.is_file():
        return found
    try:
        held = load_file(arrays)
        familiarity = Familiarity(held["mean"].float(), held["components"].float(), held["threshold"].item())
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{arrays} is damaged ({error}); restore or delete it.") from None
    return Reliability(**figures, familiarity=familiarity)
