"""The maps the emotion networks make themselves: CTERNet's S, S* and total effect, WSCNet's sentiment map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cternet.compare.scene import Scene


def factual(scene: Scene, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """S (Eq. 4)."""
    return scene.analysis.s


def counterfactual(scene: Scene, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """The S* shown; one draw where the allocation is random."""
    return scene.analysis.counterfactual.shown


def effect(scene: Scene, label: str, _stop: Callable[[], bool]) -> NDArray:
    """T, signed; its cells sum to Y_TE of the class."""
    return scene.analysis.effect_map[scene.analysis.labels.index(label)]


@torch.inference_mode()
def sentiment(scene: Scene, _label: str, _stop: Callable[[], bool]) -> NDArray:
    """WSCNet's S, of no class of its own: class maps weighted by their scores."""
    x = scene.need("wscnet")[None]
    return scene.networks.classifiers["wscnet"].forward_head(x).s[0, 0].float().cpu().numpy()
