"""The maps the emotion networks make themselves: CTERNet's S, S* and total effect, WSCNet's sentiment map."""

from collections.abc import Callable

import torch
from numpy.typing import NDArray

from cternet.compare.sample import Sample


def factual(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """S (Eq. 4)."""
    return sample.analysis.s


def counterfactual(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """The S* shown; one draw where the allocation is random."""
    return sample.analysis.counterfactual.shown


def effect(sample: Sample, label: str, _stop: Callable[[], bool]) -> NDArray:
    """T, signed; its cells sum to Y_TE of the class."""
    return sample.analysis.effect_map[sample.analysis.labels.index(label)]


@torch.inference_mode()
def sentiment(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """WSCNet's S, of no class of its own: class maps weighted by their scores."""
    x = sample.need("wscnet")[None]
    return sample.networks.classifiers["wscnet"].forward_head(x).s[0, 0].float().cpu().numpy()
