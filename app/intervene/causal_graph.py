"""The causal graph of one run, live: the paper's Figure 1(c) and the five stages of Figure 1(a) as one picture of this photo.

Nodes are HTML, so that they stack on a phone; the arrows between them turn with the layout.
"""

from html import escape

import numpy as np
from numpy.typing import NDArray

from app.intervene.view import aspect, thumb
from cternet import Analysis
from cternet.show.colours import DIVERGING, shared_scale, signed_scale
from cternet.show.words import counterfactual_title, significant, where

WHAT_PAINTING_DOES = {
    "ignore": "emptied where you painted",
    "look-elsewhere": "moved away from where you painted",
    "look-only": "S’s whole mass where you painted",
}
WORDS = (
    "Read an arrow as “determines”. The photo I determines the features X; X determines where the model looks, S; X and S "
    "together determine the answer Y. To ask <i>what if</i>, the arrow from X to the attention is <b>cut</b> (✂) and another "
    "attention is put in by hand. The photo, the features and everything else stay as they are, so whatever changes in the "
    "answer was done by the attention alone. The difference of the two answers is the effect."
)


def graph_view(looked: Analysis, after: Analysis, label: str, *, painted: bool, mode: str) -> str:
    """The picture.

    Args:
        looked: nothing painted, under the S* looked at.
        after: the same with the painted map in the place of S.
        label: the emotion whose numbers stand at the nodes.
    """
    i = looked.labels.index(label)
    ratio = aspect(looked)
    evidence = looked.evidence[i]
    other = after.attended if painted else looked.counterfactual.shown
    scale = shared_scale(looked.s, other)
    y_other = after.y_factual if painted else looked.y_counterfactual
    difference = looked.y_factual - y_other
    photo = f'<span class="thumb plain" style="aspect-ratio:{ratio}" role="img" aria-label="the photo"></span>'
    seen = looked.geometry
    rows, columns = looked.s.shape
    if painted:
        symbol, title = "s′", "your painting"
        said = WHAT_PAINTING_DOES[mode]
        what = "Y(S) − Y(s′)"
    else:
        symbol, title = "S*", escape(counterfactual_title(looked))
        said = "the attention the model compares with"
        what = "Y<sub>TE</sub> = Y(S) − E[Y(S*)]"
    x = thumb(evidence, signed_scale(evidence), DIVERGING, f"evidence for {label}, strongest in the {where(evidence)}", ratio)
    s = thumb(looked.s, scale, "magma", f"factual attention S, strongest in the {where(looked.s)}", ratio)
    o = thumb(other, scale, "magma", f"{symbol}, strongest in the {where(other)}", ratio)
    name = escape(label)
    return (
        '<div class="graph"><div class="flow">'
        + node("I", "photo", photo, f"{seen['width']} × {seen['height']} px", "i")
        + arrow("(i) situation selection", "determines", "a1")
        + node("X", "features", x, f"{rows} × {columns} places; red ones speak for {name}, blue against", "x")
        + '<div class="world factual"><p class="title">Factual: what the model did</p>'
        + arrow("(ii) situation modification, (iii) attentional deployment", "X determines S", "a2")
        + node("S", "its attention", s, f"mean {looked.s.mean():.3g}, strongest {where(looked.s)}", "s")
        + arrow("X and S determine Y", "", "a3")
        + answer("Y(S)", looked.y_factual, looked, label)
        + '</div><div class="world counterfactual"><p class="title">Counterfactual: what if it had looked elsewhere</p>'
        + arrow("(iv) cognitive change", "✂ cut: X no longer determines it", "a2 cut")
        + node(symbol, title, o, f"{said}; mean {other.mean():.3g}", "s")
        + arrow(f"X and {symbol} determine Y", "", "a3")
        + answer("Y(s′)" if painted else "E[Y(S*)]", y_other, looked, label)
        + "</div>"
        + arrow("(v) response modulation", "⊖ the difference", "a4")
        + f'<div class="node result"><p class="name">{what}</p><p class="number">{significant(difference[i])}</p>'
        f'<p class="said">effect on {name}</p><p class="said">the model’s answer: <b>{escape(looked.prediction)}</b>'
        + (f"<br>with your painting: <b>{escape(after.prediction)}</b>" if painted else "")
        + "</p></div></div>"
        f'<p class="caption">{WORDS}'
        + (
            (
                " This model answers with Y(s′)."
                if looked.answer == "y"
                else " The answer with your painting still compares with the model’s own S*: Y(s′) − E[Y(S*)]."
            )
            if painted
            else " Paint, and your s′ takes the lower place."
        )
        + "</p></div>"
    )


def node(symbol: str, name: str, picture: str, said: str, place: str) -> str:
    return (
        f'<div class="node {place}"><p class="name"><span class="symbol">{symbol}</span> {name}</p>{picture}'
        f'<p class="said">{said}</p></div>'
    )


def answer(symbol: str, y: NDArray[np.float64], analysis: Analysis, label: str) -> str:
    leads = int(y.argmax())
    return (
        f'<div class="node y"><p class="name"><span class="symbol wide">{symbol}</span></p>'
        f'<p class="number">{significant(y[analysis.labels.index(label)])}</p><p class="said">{escape(label)}</p>'
        f'<p class="said">largest: <b>{escape(analysis.labels[leads])}</b> {significant(y[leads])}</p></div>'
    )


def arrow(stage: str, said: str, place: str) -> str:
    cut = '<path d="M26 2 L34 18" class="blade"/><path d="M34 2 L26 18" class="blade"/>' if "cut" in place else ""
    return (
        f'<div class="arrow {place}"><span class="stage">{stage}</span>'
        f'<svg viewBox="0 0 60 20" aria-hidden="true"><path d="M2 10 H52 M44 4 L54 10 L44 16"/>{cut}</svg>'
        f'<span class="said">{said}</span></div>'
    )


def empty_graph() -> str:
    return f'<div class="graph"><p class="caption">{WORDS}</p></div>'
