"""Analyses as the HTML of the page.  Every string that could come from outside goes through ``html.escape``."""

import base64
import io
from html import escape

import cv2
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cternet import ALLOCATIONS, Analysis
from cternet.emotions import COLOURS
from cternet.show.colours import DIVERGING, Scale, colour_map, shared_scale, signed_scale
from cternet.show.figure import DRAWING, logits_chart
from cternet.show.overlay import overlay
from cternet.show.words import counterfactual_title, significant, where

ANSWER_WORDS = {
    "y": "Its answer is Y(S), with the attention it paid.",
    "y_te": "Its answer is Y_TE, what its attention changed, under its own S*.",
}
INK = "#010203"
"""Stands for the page's text colour while matplotlib draws; replaced by currentColor."""


def picture(pixels: NDArray[np.uint8]) -> str:
    """RGB pixels as a PNG data URI."""
    ok, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not ok:
        raise ValueError("the picture could not be encoded")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def colour_bar(scale: Scale, cmap: str, *, signed: bool = False) -> str:
    """A horizontal colour bar with the values at its ends and middle."""
    if scale.flat:
        return f'<p class="bar-flat">the same value, {scale.low:.3g}, everywhere</p>'
    stops = ", ".join(matplotlib.colors.to_hex(colour_map(cmap)(x)) for x in np.linspace(0, 1, 12))
    middle = 0.0 if signed else (scale.low + scale.high) / 2
    text = significant if signed else scale.text
    ticks = "".join(f"<span>{text(value)}</span>" for value in (scale.low, middle, scale.high))
    return (
        f'<div class="bar" role="img" aria-label="colour scale from {scale.text(scale.low)} to {scale.text(scale.high)}" '
        f'style="background:linear-gradient(to right, {stops})"></div><div class="ticks">{ticks}</div>'
    )


def panel(title: str, pixels: NDArray[np.uint8], alt: str, caption: str = "", bar: str = "") -> str:
    """A titled picture with its colour bar."""
    return (
        f'<figure class="panel"><figcaption>{title}</figcaption>'
        f'<img src="{picture(pixels)}" alt="{escape(alt, quote=True)}">{bar}'
        f'<p class="caption">{caption}</p></figure>'
    )


def attention_view(analysis: Analysis, *, share: float, cmap: str, opacity: float, shared: bool, smooth: bool) -> str:
    """S, the map on the way from S to S*, and S* over the photo."""
    s, s_star = analysis.attended, analysis.counterfactual.shown
    between, y_between = analysis.path(share)
    both = shared_scale(s, s_star)
    style = {"cmap": cmap, "opacity": opacity, "smooth": smooth}
    leading = analysis.labels[int(y_between.argmax())]

    def one(title: str, values: NDArray, caption: str) -> str:
        scale = both if shared else shared_scale(values)
        alt = f"{title} over the photo, strongest in the {where(values)}" if not shared_scale(values).flat else f"{title}: flat"
        pixels = overlay(analysis.photo, values, scale, **style)
        return panel(title, pixels, alt, caption, colour_bar(scale, cmap))

    c = analysis.counterfactual
    kind = ALLOCATIONS[c.allocation].words + ("" if c.seed is None else f", one draw (seed {c.seed})")
    panels = [
        one("Factual attention S", s, "where the model looked"),
        one(
            f"S<sub>λ</sub>, {share:.0%} of the way",
            between,
            f"with this map <b>{escape(leading)}</b> leads, Y = {significant(y_between.max())}",
        ),
        one("Counterfactual S*", s_star, f"where it might have looked: {escape(kind)}"),
    ]
    return f'<div class="panels three">{"".join(panels)}</div>'


def effect_view(analysis: Analysis, label: str, *, opacity: float, smooth: bool) -> str:
    """The signed map of the total effect on one emotion."""
    index = analysis.labels.index(label)
    values = analysis.effect_map[index]
    scale = signed_scale(values)
    total = analysis.total_effect[index]
    pixels = overlay(analysis.photo, values, scale, cmap=DIVERGING, opacity=opacity, smooth=smooth)
    positive, negative = values[values > 0].sum(), values[values < 0].sum()
    words = (
        f"red cells speak for {escape(label)} ({significant(positive)}), blue against ({significant(negative)}); "
        f"together exactly Y<sub>TE</sub> = <b>{significant(total)}</b>"
    )
    alt = f"signed map of the total effect on {label}, strongest for it in the {where(values)}, summing to {significant(total)}"
    return panel(
        f"What the attention did to <b>{escape(label)}</b>", pixels, alt, words, colour_bar(scale, DIVERGING, signed=True)
    )


def seen_view(analysis: Analysis) -> str:
    """The input as the model saw it."""
    g = analysis.geometry
    how = "squashed whole" if g["mode"] == "squash" else "its middle square"
    return panel(
        "As the model sees it",
        analysis.seen,
        "the network's input",
        f"{g['width']} × {g['height']} px, {how} to {g['input']} × {g['input']}",
    )


def chart(analysis: Analysis, between: NDArray | None) -> str:
    """The logits as inline SVG in the page's own text colour and font."""
    ink = {key: INK for key in ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color")}
    with DRAWING, matplotlib.rc_context(ink | {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(3.5, 4.6), layout="constrained")
        logits_chart(figure.add_subplot(), analysis, between)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    words = "; ".join(
        f"{label}: Y(S) {significant(y)}, Y(S*) {significant(y_star)}, Y_TE {significant(te)}"
        for label, y, y_star, te in zip(
            analysis.labels, analysis.y_factual, analysis.y_counterfactual, analysis.total_effect, strict=True
        )
    )
    return f'<div class="chart" role="img" aria-label="{escape(words, quote=True)}">{svg}</div>'


def answer_view(analysis: Analysis, share: float) -> str:
    """The predicted emotion and polarity in words, the likeliest emotions, and the chart of logits."""
    label = analysis.prediction
    order = np.argsort(-analysis.probabilities)
    bars = "".join(
        f'<li><span class="name">{escape(analysis.labels[i])}</span>'
        f'<span class="track"><span class="fill" style="width:{analysis.probabilities[i]:.1%};'
        f'background:{COLOURS.get(analysis.labels[i], "#666")}"></span></span>'
        f'<span class="value">{analysis.probabilities[i]:.0%}</span></li>'
        for i in order[:4]
    )
    also = "" if analysis.polarity == analysis.polarity_by_sum else f" (summed over all emotions: {analysis.polarity_by_sum})"
    side = "" if analysis.polarity == "unknown" else f"a {analysis.polarity} emotion{also}"
    between = analysis.path(share)[1] if share > 0 else None
    spread = (
        "Whiskers: one standard deviation over the draws of S*; not the model's doubt."
        if analysis.total_effect_std.max() > 0
        else "This S* is not drawn, so the effect has no spread."
    )
    return (
        f'<div class="answer"><p class="lead">This photo evokes</p>'
        f'<p class="emotion">{escape(label)}</p><p class="polarity">{side}</p>'
        f'<ol class="probabilities" aria-label="likeliest emotions">{bars}</ol>'
        f'<p class="caption evenly">{evenly_words(analysis)}</p>'
        f"{chart(analysis, between)}"
        f'<p class="caption">{ANSWER_WORDS[analysis.answer]} Counterfactual: {escape(counterfactual_title(analysis))}. '
        f"{spread}</p></div>"
    )


def evenly_words(analysis: Analysis) -> str:
    """What the network would have said with the same amount of attention everywhere: whether it matters where it looked."""
    evenly = analysis.evenly
    if analysis.answer == "y_te" and np.allclose(evenly.attended, analysis.own.mean, rtol=1e-3):
        return "Looking evenly, it would have no answer: it answers with what looking there changes."
    if evenly.prediction == analysis.prediction:
        return "Looking evenly, it would have said the same: where it looked does not decide this answer."
    return f"Looking evenly, it would have said <b>{escape(evenly.prediction)}</b>."


def message(text: str, *, kind: str = "empty") -> str:
    """An empty, failed or busy state."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="message {kind}" role="{role}">{escape(text)}</div>'


def empty_attention() -> str:
    """Before there is a photo: what will stand where."""
    titles = ("Factual attention S", "On the way, S<sub>λ</sub>", "Counterfactual S*")
    words = ("where the model looks", "a mix of the two", "where it might look instead")
    panels = "".join(
        f'<figure class="panel"><figcaption>{title}</figcaption><div class="blank"></div><p class="caption">{text}</p></figure>'
        for title, text in zip(titles, words, strict=True)
    )
    return f'<div class="panels three">{panels}</div>'


def empty_effect() -> str:
    return (
        '<figure class="panel"><div class="blank"></div><p class="caption">which places spoke for an emotion, and which against'
        "</p></figure>"
    )


def empty_answer() -> str:
    return message("Drop in a photo, or pick an example: the answer appears here.")
