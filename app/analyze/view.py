"""Analyses as the HTML of the page."""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.analyze.branches import branches_view
from app.analyze.contexts import contexts_view
from app.analyze.headline import UNLIKE, facts, headline, with_painting
from app.figures import inline_svg
from app.html import data_uri, message, render
from app.workspace.open_photo import OpenPhoto
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
    True: "The spread is one standard deviation over draws of S*, not the model's doubt.",
    False: "This S* is fixed, so the effect has no spread.",
}
"""Whether an effect has a spread."""
MAP_TITLES = {"s": "Sentiment map", "cam": "Class activation map of the predicted emotion"}
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
    return MapPicture(data_uri(overlay(photo, values, scale, **look), "webp"), alt, scale)


def answer_view(photo: OpenPhoto) -> str:
    """The headline, the likeliest emotions, and how far to trust them."""
    result = photo.result
    assert isinstance(result, Classified)
    painted = with_painting(result, photo.painting) if isinstance(result, Analysis) else ""
    return render(
        "analyze/answer.html",
        photo=photo.id,
        result=result,
        headline=headline(result),
        facts=facts(result),
        unlike=UNLIKE if result.unlike else "",
        painted=painted,
        caption=photo.caption,
        parts=Markup(branches_view(result) + contexts_view(result)),
    )


def effect_view(analysis: Analysis, label: str, *, opacity: float, smooth: bool) -> str:
    """The signed map of the total effect on one emotion, over the photo."""
    values = analysis.effect_map[analysis.labels.index(label)]
    scale = signed_scale(values)
    pixels = overlay(analysis.photo, values, scale, cmap=DIVERGING, opacity=opacity, smooth=smooth)
    return render(
        "analyze/effect.html",
        label=label,
        uri=data_uri(pixels, "webp"),
        values=values,
        scale=scale,
        cmap=DIVERGING,
        positive=values[values > 0].sum(),
        negative=values[values < 0].sum(),
        total=analysis.total_effect[analysis.labels.index(label)],
    )


def attention_view(analysis: Analysis, *, share: float, cmap: str, opacity: float, shared: bool, smooth: bool) -> str:
    """S, S*, their difference, and the map on the way from S to S*, over the photo."""
    counterfactual = analysis.counterfactual
    between, y_between = analysis.path(share)
    both = shared_scale(analysis.attended, counterfactual.shown)

    def one(title: str, values: NDArray) -> MapPicture:
        scale = both if shared else shared_scale(values)
        return map_picture(analysis.photo, title, values, scale, cmap=cmap, opacity=opacity, smooth=smooth)

    difference = analysis.attended - counterfactual.shown
    seed = counterfactual.seed
    return render(
        "analyze/attention.html",
        s=one("Factual attention S", analysis.attended),
        s_star=one("Counterfactual S*", counterfactual.shown),
        difference=map_picture(
            analysis.photo,
            "Difference S − S*",
            difference,
            signed_scale(difference),
            cmap=DIVERGING,
            opacity=opacity,
            smooth=smooth,
        ),
        between=one(f"S<sub>λ</sub>, {share:.0%} of the way", between),
        share=share,
        cmap=cmap,
        diverging=DIVERGING,
        leading=analysis.labels[int(y_between.argmax())],
        leading_logit=y_between.max(),
        kind=ALLOCATIONS[counterfactual.allocation].words + ("" if seed is None else f", one draw (seed {seed})"),
    )


def chart_view(analysis: Analysis, share: float) -> str:
    """Every emotion's score with either attention, and the change."""
    return render(
        "analyze/chart.html",
        analysis=analysis,
        chart=chart(analysis, analysis.path(share)[1] if share > 0 else None),
        answers_with=ANSWER_WORDS[analysis.answer],
        counterfactual=counterfactual_title(analysis),
        spread=SPREAD_WORDS[bool(analysis.total_effect_std.max() > 0)],
    )


def chart(analysis: Analysis, between: NDArray | None) -> Markup:
    """The logits as inline SVG in the page's own text colour and font."""

    def draw() -> Figure:
        figure = Figure(figsize=(5.2, 3.6), layout="constrained")
        logits_chart(figure.add_subplot(), analysis, between)
        return figure

    return inline_svg(draw)


def seen_view(result: Classified) -> str:
    """The input as the model saw it."""
    return render("analyze/seen.html", uri=data_uri(result.seen, "webp"), geometry=result.geometry)


def empty_answer() -> str:
    return message("Choose a photo or an example: the answer appears here.")


def empty_effect() -> str:
    return render("analyze/empty_effect.html")


def own_maps(result: Classified, *, cmap: str, opacity: float, smooth: bool) -> str:
    """The maps a network has of its own, each on its own scale; the photo alone where it has none."""
    look = {"cmap": cmap, "opacity": opacity, "smooth": smooth}
    maps = []
    for name, values in result.own_maps.items():
        title = MAP_TITLES.get(name, name)
        maps.append((title, map_picture(result.photo, title, values, shared_scale(values), **look)))
    return render("analyze/own_maps.html", maps=maps, cmap=cmap, photo=data_uri(result.photo, "webp"))
