"""The photo a visitor has open: every page shows this one."""

import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from app.links import State, with_painting
from app.uploads import Upload
from cternet import Analysis, Result
from cternet.regions import superpixels
from cternet.results.painting import Mask

FORGOTTEN = "The server has no photo of yours open: reload the page, or choose the photo again."
"""Said to whoever asks for more of it: the server was started anew, or they were away for long."""
NOT_IN_NAMES = re.compile(r"[^\w.-]+")


@dataclass(eq=False)
class OpenPhoto:
    """A visitor's photo, and what they did with it.

    Attributes:
        result: what the model says of it, nothing painted and under the model's own S*.
        image: its id in links.
        upload: its file.
        caption: of an example.
        flag: a sentence over the photo.
        emotion: the one looked at; None for the predicted one.
        reference: allocation, level and seed of the S* looked at; None for the model's own.
        painting: the mask and its mode, or None.
        id: tells photos apart, so that an answer to an old one is not shown over a new one.
    """

    result: Result
    image: str
    upload: Upload
    caption: str = ""
    flag: str = ""
    emotion: str | None = None
    reference: tuple[str, str, int] | None = None
    painting: tuple[Mask, str] | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    looked: tuple[tuple[str, str, int], Analysis] | None = field(default=None, init=False, repr=False)

    def have(self, state: State) -> None:
        """Take what a link asks for."""
        self.emotion = state.emotion
        self.reference = state.allocation, state.level, state.seed
        if isinstance(self.result, Analysis) and state.mode is not None:
            mask = state.painting(self.result.s.shape)
            self.painting = None if mask is None else (mask, state.mode)

    def state(self, model: str) -> State:
        """What a link of it says."""
        chosen = {} if self.reference is None else dict(zip(("allocation", "level", "seed"), self.reference, strict=True))
        painted = {} if self.painting is None else with_painting(*self.painting)
        return State(model=model, image=self.image, emotion=self.emotion, **chosen, **painted)

    @property
    def nbytes(self) -> int:
        return self.result.nbytes

    def again(self) -> "OpenPhoto":
        """The same photo, with nothing done to it."""
        return OpenPhoto(self.result, self.image, self.upload, self.caption)

    def file_name(self, what: str) -> str:
        """What a download is called: after the photo, the model and what it shows."""
        stem = NOT_IN_NAMES.sub("-", Path(self.upload.name).stem).strip("-")[:60] or "photo"
        return f"{stem}-{NOT_IN_NAMES.sub('-', self.result.model)}-{what}"

    @property
    def analysis(self) -> Analysis:
        """The result of a model with counterfactual attention."""
        assert isinstance(self.result, Analysis)
        return self.result

    def look(self, allocation: str, level: str, seed: int) -> Analysis:
        """The analysis under another S*; the last one is kept, for strokes ask for the same again and again."""
        wanted, last = (allocation, level, seed), self.looked
        if last is None or last[0] != wanted:
            last = self.looked = wanted, self.analysis.intervene(allocation, level=level, seed=seed)
        return last[1]

    @cached_property
    def superpixels(self) -> np.ndarray:
        return superpixels(self.analysis.photo, self.analysis.s.shape)
