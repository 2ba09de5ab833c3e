"""One photo, what each network found in it, and the maps made from that: nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cternet.compare.errors import MapError, checked, never
from cternet.compare.methods import METHODS
from cternet.results.analysis import Analysis

if TYPE_CHECKING:
    from cternet.compare.faithfulness import Faithfulness
    from cternet.compare.networks import Networks

Array = NDArray[np.float32]


class Scene:
    """Made by ``Networks.look``; belongs to one visitor at a time.

    Attributes:
        analysis: CTERNet's.
        seen: the photo as networks of an input size see it, by that size.
        found: what each network that has run made of it: features X (C, H, W), or of ``ras`` the saliency (h, w).
        maps: those made so far, by method and class (None where a map is of no class).
        measured: numbers so far, by method, classifier and class.
        name: what the photo is called.
    """

    def __init__(self, networks: Networks, analysis: Analysis, seen: dict[int, Image.Image], *, name: str = "") -> None:
        self.networks, self.analysis, self.seen, self.name = networks, analysis, seen, name
        self.found: dict[str, Tensor] = {}
        self.maps: dict[tuple[str, str | None], Array] = {}
        self.measured: dict[tuple[str, str, str], Faithfulness] = {}

    def need(self, network: str) -> Tensor:
        """What a network makes of the photo; runs it unless it has run.

        Raises:
            MapError: it is not there.
        """
        if network in self.networks.reasons:
            raise MapError(self.networks.reasons[network])
        if network not in self.found:
            self.networks.run(network, [self])
        return self.found[network]

    def map(self, method: str, label: str, *, stop: Callable[[], bool] = never) -> Array:
        """The map (H, W) of a method for a class, on the method's own scale and grid; made once.

        Raises:
            MapError: it cannot be had, or is the same everywhere, or has non-finite values.
            Stopped: a slow method was interrupted.
        """
        chosen = METHODS[method]
        key = (method, label if chosen.per_class else None)
        if key not in self.maps:
            self.maps[key] = np.asarray(chosen.make(self, label, stop), np.float32)
        return checked(self.maps[key])

    def pixels(self, network: str) -> Tensor:
        """What a network sees, (3, size, size) with values in [0, 1]."""
        image = self.seen[self.networks.config(network).image_size]
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
