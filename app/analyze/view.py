"""Analyses as the HTML of the page."""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.figures import inline_svg
from app.html import data_uri, message, render
from cternet import ALLOCATIONS, Analysis, Classified
from cternet.show.colours import DIVERGING, Scale, shared_scale, signed_scale
from cternet.show.figure import logits_chart
from cternet.show.overlay import overlay
from cternet.show.words import counterfactual_title, where

ANSWER_WORDS = {
    "y": "Its answer is Y(S), with the attention it paid.",
    "y_te": "Its answer is Y_TE, what its attention changed, under its own S*.",
}
SPREAD_WORDS = {
    True: "Whiskers: one standard deviation over the draws of S*; not the model's doubt.",
    False: "This S* is not drawn, so the effect has no spread.",
}
"""Whether an effect has a spread."""
MAP_TITLES = {"s": "Sentiment map S", "cam": "CAM of the predicted emotion"}
"""Of maps that a network has of its own; others have their name."""


@dataclass(frozen=True)
class MapPicture:
    """A map over the photo, as a panel shows it."""

    uri: str
    alt: str
    scale: Scale


def map_picture(photo: NDArray[np.uint8], title: str, values: NDArray, scale: Scale, **look: object) -> MapPicture:
    """A map (H, W) over the photo (h, w, 3); ``look`` is as in ``overlay``."""
    alt = f"{title}: flat" if shared_scale(values).flat else f"{title} over the photo, strongest in the {where(values)}"
    return MapPicture(data_uri(overlay(photo, values, scale, **look)), alt, scale)


def attention_view(analysis: Analysis, *, share: float, cmap: str, opacity: float, shared: bool, smooth: bool) -> str:
    """S, the map on the way from S to S*, and S* over the photo."""
    counterfactual = analysis.counterfactual
    between, y_between = analysis.path(share)
    both = shared_scale(analysis.attended, counterfactual.shown)

    def one(title: str, values: NDArray) -> MapPicture:
        scale = both if shared else shared_scale(values)
        return map_picture(analysis.photo, title, values, scale, cmap=cmap, opacity=opacity, smooth=smooth)

    seed = counterfactual.seed
    return render(
        "analyze/attention.html",
        s=one("Factual attention S", analysis.attended),
        between=one(f"S<sub>λ</sub>, {share:.0%} of the way", between),
        s_star=one("Counterfactual S*", counterfactual.shown),
        share=share,
        cmap=cmap,
        leading=analysis.labels[int(y_between.argmax())],
        leading_logit=y_between.max(),
        kind=ALLOCATIONS[counterfactual.allocation].words + ("" if seed is None else f", one draw (seed {seed})"),
    )


def effect_view(analysis: Analysis, label: str, *, opacity: float, smooth: bool) -> str:
    """The signed map of the total effect on one emotion."""
    index = analysis.labels.index(label)
    values = analysis.effect_map[index]
    scale = signed_scale(values)
    pixels = overlay(analysis.photo, values, scale, cmap=DIVERGING, opacity=opacity, smooth=smooth)
    return render(
        "analyze/effect.html",
        label=label,
        uri=data_uri(pixels),
        values=values,
        scale=scale,
        cmap=DIVERGING,
        positive=values[values > 0].sum(),
        negative=values[values < 0].sum(),
        total=analysis.total_effect[index],
    )


def seen_view(result: Classified) -> str:
    """The input as the model saw it."""
    return render("analyze/seen.html", uri=data_uri(result.seen), geometry=result.geometry)


def chart(analysis: Analysis, between: NDArray | None) -> Markup:
    """The logits as inline SVG in the page's own text colour and font."""

    def draw() -> Figure:
        figure = Figure(figsize=(3.5, 4.6), layout="constrained")
        logits_chart(figure.add_subplot(), analysis, between)
        return figure

    return inline_svg(draw)


def answer_view(analysis: Analysis, share: float) -> str:
    """The predicted emotion and polarity in words, the likeliest emotions, and the chart of logits."""
    return render(
        "analyze/answer.html",
        analysis=analysis,
        even=even_answer(analysis),
        chart=chart(analysis, analysis.path(share)[1] if share > 0 else None),
        answers_with=ANSWER_WORDS[analysis.answer],
        counterfactual=counterfactual_title(analysis),
        spread=SPREAD_WORDS[bool(analysis.total_effect_std.max() > 0)],
    )


def even_answer(analysis: Analysis) -> str | None:
    """What it would have said with the same amount of attention everywhere; None where it then has no answer.

    Whether it matters where it looked: on an equal budget even attention is the counterfactual itself, whose effect is 0.
    """
    evenly = analysis.evenly
    if analysis.answer == "y_te" and np.allclose(evenly.attended, analysis.own.mean, rtol=1e-3):
        return None
    return evenly.prediction


def empty_attention() -> str:
    """Before there is a photo: what will stand where."""
    return render("analyze/empty_attention.html")


def empty_effect() -> str:
    return render("analyze/empty_effect.html")


def empty_answer() -> str:
    return message("Drop in a photo, or pick an example: the answer appears here.")


def classified_answer(result: Classified) -> str:
    """What a network without counterfactual attention says."""
    return render("analyze/classified_answer.html", result=result)


def own_maps(result: Classified, *, cmap: str, opacity: float, smooth: bool) -> str:
    """The maps a network has of its own, each on its own scale."""
    look = {"cmap": cmap, "opacity": opacity, "smooth": smooth}
    maps = []
    for name, values in result.own_maps.items():
        title = MAP_TITLES.get(name, name)
        maps.append((title, map_picture(result.photo, title, values, shared_scale(values), **look)))
    return render("analyze/own_maps.html", maps=maps, cmap=cmap)
