"""A visitor's photo on the canvas."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from app.choices import allocations, first, levels
from app.intervene.thumbs import map_picture, photo_picture
from app.links import State
from cternet import Analysis, Predictor
from cternet.regions import superpixels
from cternet.results.painting import PRESETS, encode
from cternet.show.colours import shared_scale


@dataclass(eq=False)
class CanvasPhoto:
    """One visitor's photo on the canvas.

    analysis: nothing painted, under the model's own S*.  image: its id in links.  origin: the analysis it was carried
    over from.  id: tells photos apart, so that an answer to an old one is not shown over a new one.
    """

    analysis: Analysis
    image: str
    origin: Analysis | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    looked: tuple[tuple, Analysis] | None = field(default=None, init=False, repr=False)

    @property
    def nbytes(self) -> int:
        return self.analysis.nbytes

    def look(self, allocation: str, level: str, seed: int) -> Analysis:
        """The analysis under another S*; the last one is kept, for strokes ask for the same again and again."""
        wanted, last = (allocation, level, seed), self.looked
        if last is None or last[0] != wanted:
            last = self.looked = wanted, self.analysis.intervene(allocation, level=level, seed=seed)
        return last[1]

    @cached_property
    def superpixels(self) -> np.ndarray:
        return superpixels(self.analysis.photo, self.analysis.s.shape)

    def sent(self, predictor: Predictor, state: State | None = None, flag: str = "") -> dict[str, Any]:
        """What the canvas needs to show it.

        Args:
            state: what a link asks for; by default nothing painted and the model's own S*.
            flag: a sentence over the photo.
        """
        a, config = self.analysis, predictor.config
        rows, columns = a.s.shape
        height, width = a.photo.shape[:2]
        view = {
            "label": (state and state.emotion) or a.prediction,
            "allocation": state.allocation if state else first(predictor),
            "level": state.level if state and state.level in levels(config) else config.level,
            "seed": state.seed if state else 0,
            "mode": state.mode if state else None,
            "mask": state.mask if state else None,
        }
        return {
            "id": self.id,
            "rows": rows,
            "columns": columns,
            "aspect": width / height,
            "photo": photo_picture(a.photo),
            "map": map_picture(a.s, shared_scale(a.s)),
            "labels": list(a.labels),
            "allocations": list(allocations(predictor).items()),
            "levels": list(levels(config).items()),
            "presets": {name: encode(make(a.s.shape)) for name, make in PRESETS.items()},
            "view": view,
            "flag": flag,
        }
