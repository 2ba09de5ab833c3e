"""The maps the emotion networks make themselves: CTERNet's S, S* and total effect, WSCNet's sentiment map."""

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray

from cternet.compare.sample import Sample
from cternet.networks.wscnet import WSCNetOutputs
from cternet.results.analysis import Analysis


def analysis_of(sample: Sample) -> Analysis:
    """CTERNet's analysis of the photo.

    Raises:
        MapError: another network was looked at.
    """
    sample.need("cternet")
    assert isinstance(sample.analysis, Analysis)
    return sample.analysis


def factual(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """S (Eq. 4)."""
    return analysis_of(sample).s


def counterfactual(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """The S* shown; one draw where the allocation is random."""
    return analysis_of(sample).counterfactual.shown


def effect(sample: Sample, label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """T, signed; its cells sum to Y_TE of the class."""
    analysis = analysis_of(sample)
    return analysis.effect_map[analysis.labels.index(label)]


@torch.inference_mode()
def sentiment(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """WSCNet's S, of no class of its own: class maps weighted by their scores."""
    x = sample.need("wscnet")[None]
    outputs = sample.networks.classifiers["wscnet"].forward_head(x)
    assert isinstance(outputs, WSCNetOutputs)
    return outputs.s[0, 0].float().cpu().numpy()
