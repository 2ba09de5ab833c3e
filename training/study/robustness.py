"""What it takes to turn an answer: the smallest sets of cells, and what really hiding their pixels does.

Not noticing a set turns the answer by construction.  Whether the pixels there matter as much is another question: the features
of every cell see more of the photo than it covers, and a network that cannot see one place may find the same elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cternet import Analysis, Predictor
from cternet.minimal_sets import keeping_set, turning_set
from cternet.occlusion import hide
from cternet.photos.load import Photo
from training.study.faithfulness import mean_interval
from training.tables import table

SEED = 0


@dataclass(frozen=True)
class Answered:
    """One photo: sizes in cells, shares of the photo and of S, and whether the answer turned once pixels were hidden.

    ``turning`` is None where no set turns the answer; ``kept`` None where nothing at all is needed for it.
    """

    cells: int
    turning: int | None
    attention: float = np.nan
    hidden: bool | None = None
    hidden_random: bool | None = None
    hidden_top: bool | None = None
    keeping: int = 0
    kept: bool | None = None
    kept_random: bool | None = None


def asked(predictor: Predictor, photos: Iterable[Photo], *, how: str = "blur", seed: int = SEED) -> list[Answered]:
    """Find the sets of every photo, hide their pixels, and as many of other cells.

    Args:
        how: what takes the place of hidden pixels, a key of ``cternet.occlusion.FILLS``.
        seed: of the random cells.
    """
    noise = np.random.default_rng(seed)
    return [of(predictor, predictor.analyze(photo), how, noise) for photo in photos]


def of(predictor: Predictor, analysis: Analysis, how: str, noise: np.random.Generator) -> Answered:
    turning, keeping = turning_set(analysis), keeping_set(analysis)
    count = analysis.s.size
    hidden: dict[str, NDArray[np.bool_]] = {}
    if turning is not None and turning.size < count:
        hidden |= {"hidden": turning.cells, "hidden_random": some(turning.size, analysis, noise)}
        hidden["hidden_top"] = largest(turning.size, analysis)
    size = 0 if keeping is None else keeping.size
    if keeping is not None and 0 < size < count:
        hidden |= {"kept": keeping.cells, "kept_random": ~some(size, analysis, noise)}
    covered = [hide(analysis.seen, np.where(cells, 255, 0).astype(np.uint8), how) for cells in hidden.values()]
    answers = predictor.analyze_batch(covered) if covered else []
    same = {name: answer.prediction == analysis.prediction for name, answer in zip(hidden, answers, strict=True)}
    return Answered(
        cells=count,
        turning=None if turning is None else turning.size,
        attention=np.nan if turning is None else turning.attention,
        keeping=size,
        **{name: value if name.startswith("kept") else not value for name, value in same.items()},
    )


def some(size: int, analysis: Analysis, noise: np.random.Generator) -> NDArray[np.bool_]:
    """So many cells at random (H, W)."""
    cells = np.zeros(analysis.s.size, bool)
    cells[noise.choice(cells.size, size, replace=False)] = True
    return cells.reshape(analysis.s.shape)


def largest(size: int, analysis: Analysis) -> NDArray[np.bool_]:
    """So many cells in which S is largest (H, W)."""
    cells = np.zeros(analysis.s.size, bool)
    cells[np.argsort(-analysis.s.ravel(), kind="stable")[:size]] = True
    return cells.reshape(analysis.s.shape)


def report(found: list[Answered]) -> str:
    """The table, with 95 % bootstrap intervals over photos."""

    def share(name: str) -> str:
        values = np.array([getattr(one, name) for one in found if getattr(one, name) is not None], float)
        return "{:.1f} [{:.1f}, {:.1f}] %".format(*(100 * x for x in mean_interval(values))) if len(values) else "none"

    turned = [one for one in found if one.turning is not None]
    needed = [one for one in found if one.keeping]
    sizes = np.array([one.turning for one in turned], float)
    rows = [
        ["photos", str(len(found))],
        ["… whose answer some set turns", str(len(turned))],
        ["cells in the smallest, median [quartiles]", "{1:.0f} [{0:.0f}, {2:.0f}]".format(*np.percentile(sizes, (25, 50, 75)))],
        ["… share of the photo, median", f"{100 * np.median(sizes / turned[0].cells):.1f} %"],
        ["… share of S in it, median", f"{100 * np.median([one.attention for one in turned]):.1f} %"],
        ["really hiding these pixels turns the answer", share("hidden")],
        ["hiding as many random cells does", share("hidden_random")],
        ["hiding the cells where S is largest, as many, does", share("hidden_top")],
        ["photos whose answer needs no cell at all", str(sum(one.keeping == 0 for one in found))],
        ["cells in the smallest set that keeps it, median of the others", f"{np.median([one.keeping for one in needed]):.0f}"],
        ["hiding all but these keeps the answer", share("kept")],
        ["hiding all but as many random cells does", share("kept_random")],
    ]
    return f"## What would it take? Over {len(found)} photos\n\n{table(['', ''], rows)}\n"
