"""How far to trust a checkpoint's answers, as measured on photos it had not seen; kept beside its weights.

Temperature: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599.
Unlike photos: a linear probe (Alain and Bengio, 2016, https://arxiv.org/abs/1610.01644) on the pooled features, which tells
photos from pictures that are none.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

FIGURES, PROBE = "reliability.json", "photo_probe.safetensors"


@dataclass(frozen=True, eq=False)
class PhotoProbe:
    """A plane in the space of pooled features between the training photos and pictures that are no such photos.

    Attributes:
        weight: (C,).
        bias: with which 0 is where a picture begins to count as unlike the photos.
    """

    weight: Tensor
    bias: float

    def strangeness(self, pooled: Tensor) -> Tensor:
        """Pooled features (B, C) -> x . w + b (B,): above 0 where a picture is unlike the training photos."""
        return pooled.to(self.weight) @ self.weight + self.bias


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
        probe: what tells photos from other pictures; None where that was not measured.
    """

    temperature: float
    sure_from: float
    share_sure: float
    right_when_sure: float
    right_when_said: dict[str, float | None]
    images: int
    probe: PhotoProbe | None = None

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        figures = {name: value for name, value in vars(self).items() if name != "probe"}
        (folder / FIGURES).write_text(json.dumps(figures, indent=2) + "\n")
        if self.probe is not None:
            save_file({"weight": self.probe.weight, "bias": torch.tensor(self.probe.bias)}, folder / PROBE)


def read_reliability(source: str | Path) -> Reliability | None:
    """What stands beside a checkpoint folder's weights, or None.

    Raises:
        ValueError: a file is damaged; the message names it.
    """
    path, probe = Path(source) / FIGURES, Path(source) / PROBE
    if not path.is_file():
        return None
    try:
        figures: dict[str, Any] = json.loads(path.read_text())
        found = Reliability(**figures)
        if not (found.temperature > 0 and 0 < found.sure_from <= 1):
            raise ValueError("a number is out of range")
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); restore or delete it.") from None
    if not probe.is_file():
        return found
    try:
        held = load_file(probe)
        return Reliability(**figures, probe=PhotoProbe(held["weight"], held["bias"].item()))
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{probe} is damaged ({error}); restore or delete it.") from None
