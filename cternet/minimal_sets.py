"""What would it take?  The smallest set of cells which, not noticed, turns the answer, and the smallest that alone keeps it.

Y is linear in the map: not noticing a set C of cells takes (1/N) sum_{p in C} S_p g_p from the scores.  So the lead of the
answer a over a rival b falls by the sum of c_p = S_p (g_pa - g_pb) / N over C, and the fewest cells that turn it into b's are
the largest c_p, in order, until the lead is gone.  The smallest of these sets over all rivals turns the answer with the fewest
cells there are.  Keeping it must keep every lead at once, which is a small integer programme.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cternet.results.analysis import Analysis
from cternet.results.painting import Mask
from cternet.show.words import place

__all__ = [
    "MinimalSet",
    "keeping_set",
    "turning_set",
]

SECONDS = 1.0
"""Time the integer programme may take; the set it has found by then is shown as the best known."""
CLEAR = 1e-5
"""Lead, in logits, that counts as one: less is lost in rounding, and the solver may miss its constraints by 1e-6."""


@dataclass(frozen=True, eq=False)
class MinimalSet:
    """Some cells of an analysis' map, and what they do.

    Attributes:
        cells: bool (H, W), those not noticed; everything else is where it was.
        what: ``turning`` or ``keeping``.
        before, after: the emotion that leads without and with the cells left out.
        size: of the set that was asked for: the cells left out, or with ``keeping`` those that are left.
        area: its share of the photo.
        attention: its share of S.
        proven: whether no smaller set exists.
    """

    cells: NDArray[np.bool_]
    what: str
    before: str
    after: str
    size: int
    area: float
    attention: float
    where: str
    proven: bool

    @property
    def mask(self) -> Mask:
        """As a painting of what is not noticed (mode ``ignore``)."""
        return np.where(self.cells, 255, 0).astype(np.uint8)

    @property
    def sentence(self) -> str:
        """In plain words."""
        share = f"{100 * self.area:.1f} %".replace(".0 %", " %")
        attention = f"{100 * self.attention:.0f} % of its attention"
        known = "" if self.proven else " (the smallest known)"
        if self.what == "turning":
            there = f"{share} of the photo, mostly {self.where} ({attention})"
            return f"Had it not noticed {there}, it would have said {self.after}{known}."
        if not self.size:
            return f"It would say {self.after} without noticing anything at all."
        return f"{share} of the photo, mostly {self.where} ({attention}), is enough for it to say {self.after}{known}."


def leads(analysis: Analysis) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each cell adds to the answer's lead over each rival (K-1, N), and these leads without any cell (K-1,)."""
    scores = analysis.scores
    a = int(scores.argmax())
    rivals = np.delete(np.arange(len(scores)), a)
    g = analysis.evidence.reshape(len(scores), -1).astype(np.float64)
    s = np.asarray(analysis.attended, np.float64).ravel()
    shares = s * (g[a] - g[rivals]) / s.size
    return shares, (scores[a] - scores[rivals]) - shares.sum(axis=1)


def turning_set(analysis: Analysis) -> MinimalSet | None:
    """The smallest set of cells which, not noticed, makes another emotion lead; None where no set does."""
    shares, without = leads(analysis)
    best: NDArray[np.int64] | None = None
    for cells, rest in zip(shares, without, strict=True):
        order = np.argsort(-cells, kind="stable")
        order = order[cells[order] > 0]
        left = rest + cells.sum() - np.cumsum(cells[order])
        enough = np.flatnonzero(left < -CLEAR)
        if len(enough) and (best is None or enough[0] + 1 < len(best)):
            best = order[: enough[0] + 1]
    return None if best is None else described(analysis, best, "turning", proven=True)


def keeping_set(analysis: Analysis) -> MinimalSet | None:
    """The smallest set of cells that alone keeps the answer, everything else not noticed; None where not even all cells do."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # a tenth of a second for all who do not ask

    shares, without = leads(analysis)
    if (without + shares.sum(axis=1) <= CLEAR).any():
        return None
    found = milp(
        np.ones(shares.shape[1]),
        constraints=LinearConstraint(shares, lb=CLEAR - without),
        integrality=1,
        bounds=Bounds(0, 1),
        options={"time_limit": SECONDS},
    )
    kept = None if found.x is None else found.x > 0.5
    if kept is None or (without + shares[:, kept].sum(axis=1) <= 0).any():
        return described(analysis, np.flatnonzero(~one_by_one(shares, without)), "keeping", proven=False)
    return described(analysis, np.flatnonzero(~kept), "keeping", proven=found.status == 0)


def one_by_one(shares: NDArray[np.float64], without: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A small set (N,) that keeps every lead, perhaps not the smallest: each cell is the one the closest lead needs most."""
    kept = np.zeros(shares.shape[1], bool)
    lead = without.copy()
    while (lead <= CLEAR).any() and not kept.all():
        nearest = np.where(kept, -np.inf, (lead[:, None] + shares).min(axis=0))
        chosen = int(nearest.argmax())
        kept[chosen] = True
        lead += shares[:, chosen]
    return kept


def described(analysis: Analysis, left_out: NDArray[np.int64], what: str, *, proven: bool) -> MinimalSet:
    """A set of cells, checked against the analysis itself."""
    s = np.asarray(analysis.attended, np.float64)
    flat = np.zeros(s.size, bool)
    flat[left_out] = True
    cells = flat.reshape(s.shape)
    after = analysis.intervene(np.where(cells, 0, analysis.attended).astype(np.float32))
    chosen = cells if what == "turning" else ~cells
    return MinimalSet(
        cells=cells,
        what=what,
        before=analysis.prediction,
        after=after.prediction,
        size=int(chosen.sum()),
        area=float(chosen.mean()),
        attention=float(s[chosen].sum() / s.sum()) if s.sum() else 0.0,
        where=place(np.where(chosen, s, -1)),
        proven=proven,
    )
