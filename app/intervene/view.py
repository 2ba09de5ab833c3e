"""What a painting did, as the HTML of the Intervene page.  Every string that could come from outside is escaped.

Drawn anew with every stroke, so bars and points are plain HTML and SVG here; matplotlib would take a hundred times as long.
"""

import base64
import io
import math
from collections.abc import Sequence
from html import escape

import cv2
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.analyze.view import INK, message
from cternet import ALLOCATIONS, Analysis
from cternet.circumplex import COORDINATES, HIGHEST, LOWEST, MIDDLE, SOURCE, Place, places, point
from cternet.emotions import COLOURS
from cternet.occlusion import Hiding
from cternet.regions import RANKING, Region
from cternet.results.draws import Draws
from cternet.show.colours import COUNTERFACTUAL, EFFECT, FACTUAL, Scale, colour_map, shared_scale
from cternet.show.draws_figure import draws_figure
from cternet.show.figure import DRAWING
from cternet.show.words import significant, where

QUESTIONS = {
    "ignore": "what if the model had <b>not noticed</b> this?",
    "look-elsewhere": "what if the model had looked <b>elsewhere</b>, as much as before?",
    "look-only": "what if the model had looked <b>only here</b>?",
}
STEADY = 0.01
"""Standard deviation of the draws, in shares of their mean, under which they are called alike."""
FILL_WORDS = {"blur": "blurred", "mean": "filled with the mean colour", "inpaint": "filled in from around it"}


# --- pictures small enough to travel with every stroke


def map_picture(values: NDArray, scale: Scale, cmap: str) -> str:
    """A map's cells as a PNG data URI of one pixel a cell; the browser smooths it over the photo."""
    pixels = np.round(colour_map(cmap)(scale.normalise(values))[..., 2::-1] * 255).astype(np.uint8)
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", pixels)[1]).decode()


def photo_picture(pixels: NDArray[np.uint8], side: int = 640) -> str:
    """RGB pixels as a JPEG data URI."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def thumb(values: NDArray, scale: Scale, cmap: str, alt: str, aspect: str) -> str:
    """A map over the photo, which the page holds once for all of them."""
    return (
        f'<span class="thumb" style="aspect-ratio:{aspect}">'
        f'<img src="{map_picture(values, scale, cmap)}" alt="{escape(alt, quote=True)}"></span>'
    )


def aspect(analysis: Analysis) -> str:
    """Of the photo, as CSS takes it."""
    height, width = analysis.photo.shape[:2]
    return f"{width} / {height}"


def flat_svg(figure: Figure) -> str:
    """A matplotlib figure as inline SVG in the page's own text colour; hold ``DRAWING``, draw it under ``PAGE_INK``."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


PAGE_INK = {
    key: INK for key in ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color")
} | {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}


# --- the answer


def answer_view(before: Analysis, after: Analysis, mode: str, *, painted: bool) -> str:
    """The predicted emotion before and after, and every emotion's Y(S), Y(s') and the difference."""
    question = QUESTIONS[mode] if painted else "nothing yet. Paint over a part of the photo, or press a region's number."
    said = escape(verdict(before, after, painted=painted))
    return (
        f'<div class="whatif-answer"><p class="lead">You asked: {question}</p>'
        f'<div class="turn">{emotion("the model’s answer", before)}<span class="arrow" aria-hidden="true">→</span>'
        f'{emotion("and if so", after)}</div><p class="verdict">{said}</p>{bars(before, after)}</div>'
    )


def verdict(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """What a painting did, in a sentence of plain text."""
    if not painted:
        return "With nothing painted, s′ is S and every effect is exactly 0."
    effect = float(after.effect_of_painting[before.labels.index(before.prediction)])
    change = "is unchanged" if effect == 0 else f"{'loses' if effect > 0 else 'gains'} {significant(abs(effect))[1:]}"
    lead = "still leads" if before.prediction == after.prediction else "leads now"
    return f"{before.prediction} {change}; {after.prediction} {lead}."


def emotion(when: str, analysis: Analysis) -> str:
    label = analysis.prediction
    return (
        f'<div class="one" style="--emotion:{COLOURS.get(label, "#666")}"><span class="when">{when}</span>'
        f'<span class="emotion">{escape(label)}</span>'
        f'<span class="chance">{analysis.probabilities.max():.0%} · {analysis.polarity}</span></div>'
    )


def bars(before: Analysis, after: Analysis) -> str:
    """A table with bars around a common zero, on a scale that changes in steps only, so that strokes compare."""
    y, y_after, effect = before.y_factual, after.y_factual, after.effect_of_painting
    top = reach(y, y_after, effect)
    rows = []
    for i, label in enumerate(before.labels):
        drawn = "".join(
            bar(value, top, colour) for value, colour in zip((y[i], y_after[i], effect[i]), COLOUR_ORDER, strict=True)
        )
        lead = " class=leads" if label == after.prediction else ""
        rows.append(
            f'<tr data-label="{escape(label, quote=True)}"{lead}><th scope="row">{escape(label)}</th>'
            f'<td class="bars" aria-hidden="true"><span class="zero"></span>{drawn}</td>'
            f"<td>{significant(y[i])}</td><td>{significant(y_after[i])}</td><td><b>{significant(effect[i])}</b></td></tr>"
        )
    head = "".join(
        f'<th scope="col"><span class="key" style="background:{colour}"></span>{name}</th>'
        for name, colour in zip(("Y(S)", "Y(s′)", "effect"), COLOUR_ORDER, strict=True)
    )
    return (
        '<table class="logits"><caption>Logits: as it is, with your painting, and the difference Y(S) − Y(s′). '
        "Plus: the emotion lost that much.</caption>"
        f'<thead><tr><th scope="col">emotion</th><td class="ends"><span>{-top:g}</span><span>0</span><span>+{top:g}</span></td>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


COLOUR_ORDER = (FACTUAL, COUNTERFACTUAL, EFFECT)


def reach(*values: NDArray) -> int:
    """A round number no smaller than any of them."""
    largest = max(1e-9, max(float(np.abs(v).max()) for v in values))
    return max(2, 2 * math.ceil(largest / 2)) if largest < 20 else 10 * math.ceil(largest / 10)


def bar(value: float, top: float, colour: str) -> str:
    length = 50 * min(1.0, abs(value) / top)
    return f'<i style="left:{50 if value >= 0 else 50 - length:.2f}%;width:{length:.2f}%;background:{colour}"></i>'


def empty_answer() -> str:
    return message("Choose a photo and paint over it: before and after appear here.")


# --- regions


def regions_view(looked: Analysis, regions: Sequence[Region], label: str) -> str:
    """The ranked table; contributions sum to Y_TE, effects of ignoring do not sum to anything."""
    index = looked.labels.index(label)
    if len(regions) == 1 and regions[0].number == 0:
        return message("The attention is the same everywhere, so there are no regions.")
    rows = "".join(
        f'<tr data-region="{r.number}"><th scope="row">{name_of(r)}</th><td>{r.area:.0%}</td>'
        f"<td>{significant(r.contribution[index])}</td><td>{significant(r.ignoring[index])}</td>"
        f'<td class="sentence">{escape(r.sentence)}</td></tr>'
        for r in regions
    )
    one = max(r.number for r in regions) == 1
    single = " S is one region at this threshold: raise it, or choose superpixels." if one else ""
    te, s_star = significant(looked.total_effect[index]), escape(ALLOCATIONS[looked.counterfactual.allocation].words)
    return (
        f'<table class="regions"><caption>Regions, ranked {escape(RANKING)}. Numbers are of <b>{escape(label)}</b>, in '
        f'logits.{single}</caption><thead><tr><th scope="col">region</th><th scope="col">area</th>'
        '<th scope="col" title="Its share of the total effect: (1/N) Σ (S − E[S*])·g over its cells">'
        "contribution to Y<sub>TE</sub></th>"
        '<th scope="col" title="What ignoring it would take away: (1/N) Σ S·g over its cells">effect of ignoring it</th>'
        f'<th scope="col" class="sentence">in words</th></tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr><th scope="row">sum</th><td>100%</td><td><b>{te}</b> = Y<sub>TE</sub></td>'
        '<td>does not add up to an effect</td><td class="sentence">Two numbers of one region, never mixed up: its '
        f"<i>contribution</i> compares S with S* ({s_star}), the <i>effect of "
        "ignoring it</i> compares S with nothing there.</td></tr></tfoot></table>"
    )


def name_of(region: Region) -> str:
    if not region.number:
        return "the rest"
    return (
        f'<button type="button" data-region="{region.number}" aria-pressed="false" '
        f'title="Put region {region.number} into the painting, or take it out">{region.number}</button> {escape(region.place)}'
    )


def empty_regions() -> str:
    return message("The regions of the model's attention, ranked, appear here.")


# --- really hide it


def hiding_view(hiding: Hiding, *, inverted: bool) -> str:
    """The covered photo and its own attention, and each emotion's drop both ways."""
    before, hidden = hiding.before, hiding.hidden
    what = "everything but the painted part" if inverted else "the painted part"
    scale = shared_scale(before.s, hidden.s)
    ratio = aspect(hidden)
    a, b = hiding.drop_by_ignoring, hiding.drop_by_hiding
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}{" ⇄" if label in hiding.opposed else ""}</th>'
        f"<td>{significant(before.scores[i])}</td><td>{significant(a[i])}</td><td>{significant(b[i])}</td></tr>"
        for i, label in enumerate(before.labels)
    )
    verdict = "agree" if hiding.agree else "disagree"
    return (
        f'<div class="hiding"><p class="verdict {verdict}"><b>{"The two agree." if hiding.agree else "The two disagree."}</b> '
        f"{escape(hiding.words)}</p><div class=pair>"
        f'<figure><img src="{photo_picture(hidden.photo, 360)}" alt="the photo with {what} {FILL_WORDS[hiding.how]}" '
        f'style="aspect-ratio:{ratio}"><figcaption>what the network now saw: {what} '
        f"{FILL_WORDS[hiding.how]}</figcaption></figure>"
        f'<figure><img class="cells" src="{map_picture(hidden.s, scale, "magma")}" style="aspect-ratio:{ratio}" '
        f'alt="its new attention, strongest in the {where(hidden.s)}"><figcaption>where it looks then: strongest in the '
        f"{where(hidden.s)}</figcaption></figure></div>"
        '<table class="logits plain"><caption>What it takes from each emotion’s score (Y<sub>TE</sub>, own S*); ⇄: in opposite '
        f'directions.</caption><thead><tr><th scope="col">emotion</th><th scope="col">score</th>'
        '<th scope="col">ignored<br><small>attention only</small></th>'
        '<th scope="col">hidden<br><small>network reruns</small></th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def empty_hiding() -> str:
    return message(
        "Ignoring changes the attention only: the pixels still speak through X. Hide them, and the network runs again."
    )


# --- the distribution


def draws_view(draws: Draws, looked: Sequence[Analysis], label: str, *, painted: bool) -> str:
    """The histogram with the exact mean and spread, quantiles, and every allocation beside each other."""
    index = draws.labels.index(label)
    with DRAWING, matplotlib.rc_context(PAGE_INK):
        svg = flat_svg(draws_figure(draws, label))
    std = draws.std[index]
    low, middle, high = (beside(q, std) for q in draws.quantiles(0.05, 0.5, 0.95)[:, index])
    sampled, spread = draws.samples[:, index].mean(), draws.samples[:, index].std()
    words = (
        f"{len(draws.samples)} draws: mean {beside(sampled, std)}, exact {beside(draws.mean[index], std)}; "
        f"standard deviation {spread:.3g}, expected {std:.3g}"
    )
    ratio = aspect(looked[0])
    scale = shared_scale(*(a.counterfactual.shown for a in looked))
    sides = "".join(side(a, index, scale, ratio) for a in looked)
    return (
        f'<div class="draws"><div class="chart" role="img" aria-label="histogram of Y_TE of {escape(label, quote=True)}: '
        f'{escape(words, quote=True)}">{svg}</div><dl class="facts">'
        f"<div><dt>draws of Y<sub>TE</sub>, {escape(label)}</dt><dd>{words}</dd></div>"
        f"<div><dt>5 %, 50 %, 95 % of draws lie below</dt><dd>{low}, {middle}, {high}</dd></div>"
        f"<div><dt>another emotion than {escape(draws.prediction)} leads in</dt>"
        f"<dd>{draws.disagreement:.1%} of the draws</dd></div>"
        f"<div><dt>the attention is</dt><dd>{'your painting s′' if painted else 'the model’s own S'}</dd></div></dl>"
        f'<p class="caption">{steady(draws, index)}The spread is that of the draws of S*, not the model’s doubt.</p>'
        f"<h3>Each S* on the same seed, {draws.seed}</h3><div class=sides>{sides}</div></div>"
    )


def steady(draws: Draws, index: int) -> str:
    """Said where one draw is as good as another."""
    if draws.std[index] >= STEADY * abs(draws.mean[index]):
        return ""
    return "One draw hardly differs from another here: each is a mean over all cells, which evens out the random values. "


def beside(value: float, std: float) -> str:
    """With sign, in three significant digits or as many as it takes to see the spread."""
    decimals = 1 - math.floor(math.log10(std)) if std > 0 else 0
    return f"{value:+.{decimals}f}" if decimals > 2 - math.floor(math.log10(max(abs(value), 1e-9))) else significant(value)


def side(analysis: Analysis, index: int, scale: Scale, ratio: str) -> str:
    c = analysis.counterfactual
    label = analysis.labels[index]
    std = analysis.total_effect_std[index]
    spread = f" ± {std:.3g}" if std > 0 else ""
    leads = analysis.labels[int(analysis.total_effect.argmax())]
    name = ALLOCATIONS[c.allocation].words
    shown = thumb(c.shown, scale, "magma", f"{name} S*, strongest in the {where(c.shown)}", ratio)
    return (
        f"<figure>{shown}<figcaption><b>{escape(name)}</b><br>Y<sub>TE</sub> of {escape(label)} "
        f"{significant(analysis.total_effect[index])}{spread}<br>largest effect: {escape(leads)}</figcaption></figure>"
    )


def empty_draws() -> str:
    return message("Many draws of S*, one by one, beside the exact mean and spread.")


# --- valence and arousal


def circle_view(before: Analysis, after: Analysis, *, painted: bool) -> str:
    """The plane of valence and arousal with the emotions' words, and the prediction before and after."""
    if not all(label in COORDINATES for label in before.labels):
        return message("Valence and arousal are not known for this model's emotions.")
    size, pad = 320, 28

    def at(place: Place) -> tuple[float, float]:
        x, y = ((value - LOWEST) / (HIGHEST - LOWEST) for value in place)
        return pad + x * (size - 2 * pad), size - pad - y * (size - 2 * pad)

    words = []
    middle = at(Place(MIDDLE, MIDDLE))[0]
    used = {True: [0.0], False: [0.0]}  # heights at which words stand, on each side
    dots = sorted((at(place), label) for label, place in zip(before.labels, places(before.labels), strict=True))
    for (x, y), label in dots:
        right = x > middle
        height = y + 3.5
        while any(abs(height - other) < 11 for other in used[right]):
            height += 1
        used[right].append(height)
        beside_it = [px for (px, py), _ in dots if abs(py - height + 3) < 8 and (px >= x if right else px <= x)]
        edge = max(beside_it, default=x) + 8 if right else min(beside_it, default=x) - 8
        words.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{COLOURS.get(label, "#666")}"/>'
            f'<path d="M{x:.1f} {y:.1f}L{edge:.1f} {height - 3:.1f}" class="leader"/>'
            f'<text x="{edge:.1f}" y="{height:.1f}" text-anchor="{"start" if right else "end"}">{escape(label)}</text>'
        )
    first, second = point(before), point(after)
    (x0, y0), (x1, y1) = at(first), at(second)
    arrow = ""
    if painted:
        arrow = (
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" class="step"/>'
            f'<rect x="{x1 - 5:.1f}" y="{y1 - 5:.1f}" width="10" height="10" class="after"/>'
        )
    (cx, cy), (left, bottom), (right, top) = (at(Place(v, v)) for v in (MIDDLE, LOWEST, HIGHEST))
    axes = (
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" class="frame"/>'
        f'<path d="M{cx} {top}V{bottom}M{left} {cy}H{right}" class="cross"/>'
        f'<text x="{cx}" y="{size - 8}" text-anchor="middle" class="axis">unhappy ← valence → happy</text>'
        f'<text x="14" y="{cy}" text-anchor="middle" transform="rotate(-90 14 {cy})" class="axis">'
        "calm ← arousal → excited</text>"
    )
    moved = f"after ■ {second.valence:.2f}, {second.arousal:.2f}" if painted else "after: paint something"
    said = f"before ◆ {first.valence:.2f}, {first.arousal:.2f}; {moved}"
    return (
        f'<figure class="circle"><svg viewBox="0 0 {size} {size}" role="img" aria-label="valence and arousal, 1 to 9: {said}">'
        f'{axes}{"".join(words)}<rect x="{x0 - 5:.1f}" y="{y0 - 5:.1f}" width="10" height="10" '
        f'transform="rotate(45 {x0:.1f} {y0:.1f})" class="before"/>{arrow}</svg>'
        f'<figcaption class="caption"><b>Valence, arousal (1 to 9):</b> {said}.<br>The prediction as the mean of the emotion '
        f"words’ places, weighted by probability; a property of the words, not a measurement of this photo. "
        f"Ratings: {escape(SOURCE)}."
        "</figcaption></figure>"
    )
