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
from cternet.show.colours import COUNTERFACTUAL, EFFECT, FACTUAL, shared_scale
from cternet.show.words import significant

FILL_WORDS = {"blur": "blurred", "mean": "filled with the mean colour", "inpaint": "filled in from around it"}
COLUMNS = (("Y(S)", FACTUAL), ("Y(s′)", COUNTERFACTUAL), ("effect", EFFECT))
"""Of the table of logits, with their colours."""


def answer_view(before: Analysis, after: Analysis, mode: str, *, painted: bool) -> str:
    """The predicted emotion before and after, and every emotion's Y(S), Y(s') and the difference."""
    y, y_after, effect = before.y_factual, after.y_factual, after.effect_of_painting
    return render(
        "intervene/answer.html",
        before=before,
        after=after,
        mode=mode,
        painted=painted,
        verdict=verdict(before, after, painted=painted),
        rows=list(zip(before.labels, y, y_after, effect, strict=True)),
        top=reach(y, y_after, effect),
        columns=COLUMNS,
    )


def verdict(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """What a painting did, in a sentence of plain text."""
    if not painted:
        return "With nothing painted, s′ is S and every effect is exactly 0."
    effect = float(after.effect_of_painting[before.labels.index(before.prediction)])
    change = "is unchanged" if effect == 0 else f"{'loses' if effect > 0 else 'gains'} {significant(abs(effect))[1:]}"
    lead = "still leads" if before.prediction == after.prediction else "leads now"
    return f"{before.prediction} {change}; {after.prediction} {lead}."


def reach(*values: NDArray) -> int:
    """A round number no smaller than any of them: a scale that changes in steps only, so that strokes compare."""
    largest = max(1e-9, max(float(np.abs(v).max()) for v in values))
    return max(2, 2 * math.ceil(largest / 2)) if largest < 20 else 10 * math.ceil(largest / 10)


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
    return message("The regions of the model's attention, ranked, appear here.")


def empty_hiding() -> str:
    return message(
        "Ignoring changes the attention only: the pixels still speak through X. Hide them, and the network runs again."
    )
