"""The maps of a network that rates photos: what each place says of valence and of arousal."""

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray

from cternet.compare.sample import Sample


@torch.inference_mode()
def said(sample: Sample, axis: str) -> NDArray[Any]:
    """W X_p + b, above 0 for more than the middle of the scale."""
    x = sample.need("valence-arousal")[None]
    network: Any = sample.networks.all["valence-arousal"]
    return network.maps(x, network.forward_head(x))[axis][0].float().cpu().numpy()


def valence(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """How pleasant each place is."""
    return said(sample, "valence")


def arousal(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """How exciting each place is."""
    return said(sample, "arousal")
