"""The causal graph of one run, live: the paper's Figure 1(c) and the five stages of Figure 1(a) in one picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.html import render
from app.intervene.thumbs import aspect, thumb
from cternet import Analysis
from cternet.show.colours import DIVERGING, shared_scale, signed_scale
from cternet.show.words import counterfactual_title

WHAT_PAINTING_DOES = {
    "ignore": "emptied where you painted",
    "look-elsewhere": "moved away from where you painted",
    "look-only": "all of S moved where you painted",
}


def graph_view(looked: Analysis, after: Analysis, label: str, *, painted: bool, mode: str) -> str:
    """The picture.

    Args:
        looked: nothing painted, under the S* looked at.
        after: the same with the painted map in the place of S.
        label: the emotion whose numbers stand at the nodes.
    """
    index = looked.labels.index(label)
    evidence = looked.evidence[index]
    other = after.attended if painted else looked.counterfactual.shown
    y_other = after.y_factual if painted else looked.y_counterfactual
    scale = shared_scale(looked.s, other)
    return render(
        "intervene/graph.html",
        looked=looked,
        after=after,
        painted=painted,
        label=label,
        ratio=aspect(looked),
        evidence=thumb(evidence, signed_scale(evidence), f"evidence for {label}", DIVERGING),
        s=thumb(looked.s, scale, "factual attention S"),
        other=thumb(other, scale, "s′" if painted else "S*"),
        other_mean=other.mean(),
        what_it_is=WHAT_PAINTING_DOES[mode] if painted else "the attention the model compares with",
        counterfactual=counterfactual_title(looked),
        y=logits(looked.y_factual, index, looked.labels),
        y_other=logits(y_other, index, looked.labels),
        difference=(y_other - looked.y_factual if painted else looked.total_effect)[index],
    )


def logits(y: NDArray[np.float64], index: int, labels: tuple[str, ...]) -> dict[str, Any]:
    """The logit looked at and the largest one, of y (K,)."""
    leads = int(y.argmax())
    return {"logit": y[index], "leads": labels[leads], "largest": y[leads]}


def empty_graph() -> str:
    return render("intervene/empty_graph.html")
