"""Hide the pixels: the painted pixels are covered and the network runs again, beside ignoring them in the attention only.

Ignoring leaves the pixels in X, where they still shape the evidence of every cell that sees them; hiding takes them away, but
puts something else in their place.  Where the two disagree, attention is not the whole cause.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.results.analysis import Analysis
from cternet.results.painting import Mask, ignore, paint, share
from cternet.results.predictor import Predictor
from cternet.show.words import significant

__all__ = [
    "FILLS",
    "NEGLIGIBLE",
    "Hiding",
    "hide",
    "really_hide",
]

Pixels = NDArray[np.uint8]

STRENGTH = 1 / 16
"""Standard deviation of the blur, in sides of the photo: objects smaller than an eighth are gone."""
EDGE = 1 / 4
"""Standard deviation of the soft edge around the painted cells, in cells."""
RADIUS = 5
"""Pixels around a hole that inpainting looks at."""
FILL_SIDE = 256
"""Longest side at which fills are made: they hold nothing fine, and inpainting takes time by the pixel."""
NEGLIGIBLE = 0.1
"""Logits; changes this small have no sign worth comparing."""
TIMES = 2.0
"""How many times as much one way may do as the other, and still agree with it."""


def blur(pixels: Pixels, _hole: NDArray[np.bool_]) -> Pixels:
    """The photo under a strong Gaussian blur: colours stay, things go."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), STRENGTH * max(pixels.shape[:2]), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.uint8)


def mean(pixels: Pixels, _hole: NDArray[np.bool_]) -> Pixels:
    """The mean colour of the whole photo."""
    return np.full_like(pixels, np.round(pixels.mean(axis=(0, 1))))


def inpaint(pixels: Pixels, hole: NDArray[np.bool_]) -> Pixels:
    """The hole filled in from around it (Telea, https://doi.org/10.1080/10867651.2004.10487596)."""
    return np.asarray(cv2.inpaint(pixels, hole.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA), np.uint8)


FILLS: dict[str, Callable[[Pixels, NDArray[np.bool_]], Pixels]] = {"blur": blur, "mean": mean, "inpaint": inpaint}
"""What takes the place of hidden pixels."""


def hide(pixels: Pixels, mask: Mask, how: str = "blur") -> Pixels:
    """The photo with the painted cells covered.

    A cell is covered by its whole share up to its edge, and beyond the edge the cover fades out over about half a cell:
    a hard edge would be a new thing to see, and one that fades inwards would leave some of what was painted.

    Args:
        pixels: (h, w, 3) uint8 RGB.
        mask: uint8 cells (H, W).
        how: a key of ``FILLS``.

    Raises:
        ValueError: an unknown fill, or a mask that covers everything.
    """
    if how not in FILLS:
        raise ValueError(f"unknown way of hiding {how!r}: choose one of {', '.join(FILLS)}")
    painted = share(mask)
    if (painted == 1).all():
        raise ValueError("the painting covers the whole photo: nothing would be left to look at, so leave some of it free")
    if not painted.any():
        return pixels
    height, width = pixels.shape[:2]
    cells = cv2.resize(painted.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    edge = cv2.GaussianBlur(cells, (0, 0), EDGE * width / mask.shape[1], sigmaY=EDGE * height / mask.shape[0])
    cover = np.maximum(cells, edge)
    scale = min(1.0, FILL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    hole = cv2.resize(cover, size, interpolation=cv2.INTER_AREA) > 0.01
    fill = cv2.resize(FILLS[how](small, hole), (width, height), interpolation=cv2.INTER_LINEAR)
    cover = cover[..., None]
    return np.round(pixels * (1 - cover) + fill * cover).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Hiding:
    """The same painting, ignored and hidden.  Each change (K,) is in logits of the prediction, below 0 where an emotion loses.

    before: nothing painted.  ignored: s' in the place of S.  hidden: the network's answer on the covered photo.
    how: the fill.
    """

    before: Analysis
    ignored: Analysis
    hidden: Analysis
    how: str

    @property
    def change_by_ignoring(self) -> NDArray[np.float64]:
        """What ignoring did to each emotion (K,)."""
        return self.ignored.scores - self.before.scores

    @property
    def change_by_hiding(self) -> NDArray[np.float64]:
        """What hiding did to each emotion (K,)."""
        return self.hidden.scores - self.before.scores

    @property
    def opposed(self) -> tuple[str, ...]:
        """Emotions that one lowers and the other raises, both by more than ``NEGLIGIBLE``; strongest first."""
        a, b = self.change_by_ignoring, self.change_by_hiding
        weaker = np.minimum(np.abs(a), np.abs(b))
        found = np.flatnonzero((a * b < 0) & (weaker > NEGLIGIBLE))
        return tuple(self.before.labels[i] for i in found[np.argsort(-weaker[found], kind="stable")])

    @property
    def unequal(self) -> bool:
        """Whether one does more than ``TIMES`` as much to the predicted emotion as the other, by more than ``NEGLIGIBLE``."""
        index = self.before.labels.index(self.before.prediction)
        less, more = sorted((abs(self.change_by_ignoring[index]), abs(self.change_by_hiding[index])))
        return bool(more > TIMES * less and more - less > NEGLIGIBLE)

    @property
    def agree(self) -> bool:
        """Whether both lead to the same emotion, move none in opposite directions, and do about as much to that one."""
        return self.ignored.prediction == self.hidden.prediction and not self.opposed and not self.unequal

    @property
    def words(self) -> str:
        """How the two compare, in plain words."""
        index = self.before.labels.index(self.before.prediction)
        a, b = self.change_by_ignoring[index], self.change_by_hiding[index]
        facts = f"Ignoring it {moves(a)} {self.before.prediction}, hiding it {moves(b)} it"
        leads = f"{self.ignored.prediction} leads when it is ignored, {self.hidden.prediction} when it is hidden"
        if self.agree:
            return f"{facts}; {self.hidden.prediction} leads both ways."
        if self.ignored.prediction == self.hidden.prediction and not self.opposed:
            leads = f"{'ignoring' if abs(a) > abs(b) else 'hiding'} it does more than {TIMES:.0f} times as much"
        elif self.ignored.prediction == self.hidden.prediction:
            *others, last = self.opposed[:3]
            leads = f"the two move {', '.join(others)}{' and ' if others else ''}{last} in opposite directions"
        return f"{facts}; {leads}: attention is not the whole cause."


def moves(change: float) -> str:
    """``takes 1.90 from``, to be followed by what it is taken from."""
    if change == 0:
        return "does not change"
    return f"{'takes' if change < 0 else 'adds'} {significant(change).lstrip('+-')} {'from' if change < 0 else 'to'}"


def really_hide(predictor: Predictor, analysis: Analysis, mask: Mask, how: str = "blur") -> Hiding:
    """Hide the painted pixels, run the network again, and compare with ignoring them.

    The pixels covered for the network are the input as it saw it, so nothing but the cover tells the two runs apart; the photo
    of the new analysis is the larger one, covered the same way.

    Args:
        predictor: the one that made the analysis.
        analysis: under any allocation; what is painted takes the place of its S.
        mask: uint8 cells (H, W).
        how: a key of ``FILLS``.

    Raises:
        ValueError: an unknown fill, a mask of other cells, or one that covers everything.
    """
    ignore(analysis.s, mask)  # says what is wrong with the mask before the network runs
    before = analysis.intervene(analysis.s)
    hidden = predictor.analyze(hide(analysis.seen, mask, how))
    hidden = replace(hidden, photo=hide(analysis.photo, mask, how), geometry=analysis.geometry)
    return Hiding(before=before, ignored=paint(before, mask), hidden=hidden, how=how)
