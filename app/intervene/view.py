"""What a painting did, as the HTML of the Intervene page.

Drawn anew with every stroke, so bars and points are plain HTML and SVG here; matplotlib would take a hundred times as long.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.html import message, render
from app.intervene.thumbs import aspect, map_picture, photo_picture
from cternet import ALLOCATIONS, Analysis
from cternet.occlusion import Hiding
from cternet.regions import RANKING, Region
from cternet.show.colours import shared_scale
from cternet.show.words import significant

STEP = 2
"""Scores between two marks of the scale."""
FILL_WORDS = {"blur": "blurred", "mean": "filled with the mean colour", "inpaint": "filled in from around it"}


def answer_view(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """The predicted emotion before and after, and every emotion's score before and after, the largest first."""
    change = after.scores - before.scores
    order = np.argsort(-before.scores, kind="stable")
    low, high = reach(before.scores, after.scores)
    return render(
        "intervene/answer.html",
        before=before,
        after=after,
        verdict=verdict(before, after, painted=painted),
        rows=[(before.labels[i], before.scores[i], after.scores[i], change[i]) for i in order],
        low=low,
        high=high,
    )


def verdict(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """What a painting did, in a sentence of plain text."""
    if not painted:
        return "Paint over part of the photo to see how the answer changes."
    change = float((after.scores - before.scores)[before.labels.index(before.prediction)])
    words = "is unchanged" if change == 0 else f"{'gains' if change > 0 else 'loses'} {significant(abs(change))[1:]}"
    lead = "still leads" if before.prediction == after.prediction else "now leads"
    return f"{before.prediction} {words}; {after.prediction} {lead}."


def reach(*values: NDArray) -> tuple[int, int]:
    """Round numbers around all of them: a scale that changes in steps only, so that strokes compare."""
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    step = STEP if high - low < 20 else 10
    return step * math.floor(low / step), max(step * math.ceil(high / step), step * math.floor(low / step) + step)


def regions_view(looked: Analysis, regions: Sequence[Region], label: str) -> str:
    """The ranked table; contributions sum to Y_TE, effects of ignoring do not sum to anything."""
    if len(regions) == 1 and regions[0].number == 0:
        return message("The attention is the same everywhere, so there are no regions.")
    index = looked.labels.index(label)
    return render(
        "intervene/regions.html",
        regions=regions,
        index=index,
        label=label,
        ranking=RANKING,
        single=max(region.number for region in regions) == 1,
        total=looked.total_effect[index],
        s_star=ALLOCATIONS[looked.counterfactual.allocation].words,
    )


def hiding_view(hiding: Hiding, *, inverted: bool) -> str:
    """The covered photo and its own attention, and each emotion's drop both ways."""
    before, hidden = hiding.before, hiding.hidden
    return render(
        "intervene/hiding.html",
        hiding=hiding,
        before=before,
        hidden=hidden,
        inverted=inverted,
        how=FILL_WORDS[hiding.how],
        ratio=aspect(hidden),
        photo=photo_picture(hidden.photo, 360),
        attention=map_picture(hidden.s, shared_scale(before.s, hidden.s)),
    )


def empty_answer() -> str:
    return message("Choose a photo and paint over it: before and after appear here.")


def empty_regions() -> str:
    return message("The model's attention regions appear here, ranked.")


def empty_hiding() -> str:
    return message("Ignoring changes only the attention: the network still sees the pixels. Hide them to run it without them.")
