"""Comparisons as the HTML of the page.  Every string that could come from outside goes through ``html.escape``."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from app.analyze import view as render
from app.compare.bench import MOST_PHOTOS, Bench, Look, Place
from cternet.compare import KINDS, METHODS, METRICS, Comparison, Method, Metric, Panel
from cternet.compare.pictures import colours, picture, scales, shrunk
from cternet.show.colours import SEQUENTIAL, Scale
from cternet.show.words import where

SIDE = 560
"""Longer side, in pixels, of the pictures sent to the page; sharp at twice the width of a panel."""
OPACITY = 0.6
AGREEMENT = Metric(
    "Agreement",
    True,
    "mean of Spearman's rank correlation between this map and each other map of the photo, from -1 to 1",
    "Whether the other maps put the places of the photo in the same order. Agreeing is no proof of being right.",
    "Spearman 1904",
    "https://doi.org/10.2307/1412159",
)
RANDOM_AGREEMENT = 0.0
"""What a random map has on average."""


@dataclass(frozen=True)
class Number:
    """One number of a panel beside that of a random map."""

    metric: Metric
    value: float
    control: float | None

    @property
    def verdict(self) -> str:
        """In a word, as precise as the digits shown."""
        if self.control is None or self.metric is AGREEMENT:  # to agree is neither good nor bad
            return ""
        ahead = round(self.value, 3) - round(self.control, 3)
        if ahead == 0:
            return "equal"
        return "better" if (ahead > 0) == self.metric.higher_is_better else "worse"


def numbers_of(comparison: Comparison, panel: Panel) -> list[Number]:
    """What was measured of a panel; empty before."""
    if panel.numbers is None:
        return []
    control = comparison.control(panel.method)
    found = [
        Number(metric, getattr(panel.numbers, name), None if control is None else getattr(control, name))
        for name, metric in METRICS.items()
    ]
    agreement = comparison.agreement_with_others(panel.method)
    return found if math.isnan(agreement) else [*found, Number(AGREEMENT, agreement, RANDOM_AGREEMENT)]


def encoded(pixels: NDArray[np.uint8]) -> str:
    """RGB pixels as a data URI, small; the maps' own values are in the NPZ."""
    _, data = cv2.imencode(".webp", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, 92])
    return "data:image/webp;base64," + base64.b64encode(data).decode()


def row(bench: Bench, index: int, look: Look) -> str:
    """A photo and its panels; one that is not there yet, or cannot be had, says so in its place."""
    place = bench.places[index]
    if place.problem:
        return f'<section class="photo-row w{bench.work}">{render.message(place.problem, kind="error")}</section>'
    comparison = place.comparison
    cells = [photo_cell(place, bench)]
    panels, spans, photo = {}, {}, None
    if comparison is not None:
        panels = {panel.method: panel for panel in comparison.panels}
        position = next(i for i, other in enumerate(bench.comparisons) if other is comparison)
        found = scales(bench.comparisons, look.scale, style=look.style)
        spans = {method: span for (row, method), span in found.items() if row == position}
        photo = shrunk(comparison.photo, SIDE)
    for method in bench.asked.methods:
        if method in panels:
            key = f"{index}-{method}"
            cells.append(panel_cell(comparison, panels[method], spans.get(method), photo, look, key=key, bench=bench))
        else:
            cells.append(waiting_cell(method, bench))
    return (
        f'<section class="photo-row w{bench.work}" aria-label="{escape(place.name, quote=True)}">{heading(place)}'
        f'<div class="cells">{"".join(cells)}</div></section>'
    )


def heading(place: Place) -> str:
    name = f"<h3>{escape(place.name)}</h3>"
    if place.comparison is None:
        return f'<header class="row-head">{name}</header>'
    comparison = place.comparison
    looked = (
        "which the maps look at"
        if comparison.label == comparison.prediction
        else f"but the maps look at <b>{escape(comparison.label)}</b>"
    )
    return f'<header class="row-head">{name}<p>CTERNet says <b>{escape(comparison.prediction)}</b>, {looked}</p></header>'


def photo_cell(place: Place, bench: Bench) -> str:
    if place.comparison is None:
        return f'<figure class="cell"><figcaption>Photo</figcaption><div class="blank">{waiting_word(bench)}</div></figure>'
    pixels = shrunk(place.comparison.photo, SIDE)
    return (
        f'<figure class="cell"><figcaption>Photo</figcaption><div class="frame">'
        f'<img src="{encoded(pixels)}" alt="{escape(place.name, quote=True)}" {size(pixels)}></div></figure>'
    )


def size(pixels: NDArray) -> str:
    """The picture's proportions, so that the browser leaves room before it is there."""
    return f'width="{pixels.shape[1]}" height="{pixels.shape[0]}"'


def waiting_word(bench: Bench) -> str:
    return "working…" if bench.state == "comparing" else "not made"


def waiting_cell(name: str, bench: Bench) -> str:
    return (
        f'<figure class="cell"><figcaption>{escape(METHODS[name].title)}</figcaption>'
        f'<div class="blank">{waiting_word(bench)}</div></figure>'
    )


def panel_cell(
    comparison: Comparison, panel: Panel, span: Scale | None, photo: NDArray[np.uint8], look: Look, *, key: str, bench: Bench
) -> str:
    """A map with its range and numbers, which opens large."""
    method = METHODS[panel.method]
    title = f'<figcaption title="{escape(method.about, quote=True)}">{escape(method.title)}</figcaption>'
    if panel.values is None or span is None:
        return (
            f'<figure class="cell">{title}<div class="blank none">nothing to see</div>'
            f'<p class="why">{escape(panel.problem)}</p></figure>'
        )
    pixels = picture(
        photo,
        panel.values,
        span,
        signed=method.signed,
        style=look.style,
        cmap=SEQUENTIAL[0],
        opacity=OPACITY,
        smooth=look.smooth,
    )
    source = encoded(pixels)
    alt = f"{method.title} of {comparison.name}: strongest in the {where(panel.values)}"
    opens = f"{alt}. Open large"
    centred = method.signed and look.style == "overlay"
    bar = render.colour_bar(span, colours(method.signed, look.style), signed=centred)
    low, high = float(panel.values.min()), float(panel.values.max())
    own = f'<p class="own">this map: {low:.3g} to {high:.3g}</p>' if look.scale == "shared" else ""
    large = large_view(comparison, panel, method, f'<img alt="{escape(alt, quote=True)}">', bar + own)
    return (
        f'<figure class="cell">{title}<button type="button" class="open" data-key="{key}" aria-haspopup="dialog" '
        f'aria-label="{escape(opens, quote=True)}"><img src="{source}" alt="{escape(alt, quote=True)}" {size(pixels)}></button>'
        f'{bar}{own}{short_numbers(comparison, panel, bench)}<div class="more" hidden>{large}</div></figure>'
    )


def short_numbers(comparison: Comparison, panel: Panel, bench: Bench) -> str:
    """Under a panel: every number beside the random map's; its formula in the tooltip and in the large view."""
    found = numbers_of(comparison, panel)
    if not found:
        if bench.state != "measuring":
            return ""
        found_rows = "".join(
            f'<div><dt>{escape(metric.title)} {arrow(metric)}</dt><dd>… <span class="beside">measuring</span></dd></div>'
            for metric in (*METRICS.values(), AGREEMENT)
        )
        return f'<dl class="numbers waiting">{found_rows}</dl>'
    rows = "".join(
        f'<div title="{escape(number.metric.formula, quote=True)}"><dt>{escape(number.metric.title)} '
        f"{arrow(number.metric)}</dt>"
        f'<dd>{number.value:.3f} <span class="beside">{beside(number)}</span></dd></div>'
        for number in found
    )
    return f'<dl class="numbers">{rows}</dl>'


def beside(number: Number) -> str:
    if number.control is None:
        return ""
    verdict = f', <b class="{number.verdict}">{number.verdict}</b>' if number.verdict else ""
    return f"random {number.control:.3f}{verdict}"


def arrow(metric: Metric) -> str:
    if metric is AGREEMENT:
        return ""
    words = "higher is better" if metric.higher_is_better else "lower is better"
    return f'<span role="img" aria-label="{words}">{metric.arrow}</span>'


def large_view(comparison: Comparison, panel: Panel, method: Method, image: str, bar: str) -> str:
    """What the dialog shows; the page puts the panel's own picture into it."""
    found = numbers_of(comparison, panel)
    if found:
        rows = "".join(
            f'<tr><th scope="row">{escape(number.metric.title)} {arrow(number.metric)}</th><td>{number.value:.3f}</td>'
            f"<td>{'' if number.control is None else f'{number.control:.3f}'}</td><td>{number.verdict}</td>"
            f'<td class="formula">{escape(number.metric.formula)}</td></tr>'
            for number in found
        )
        table = (
            '<div class="scroll" tabindex="0" role="group" aria-label="numbers of this map"><table><thead><tr>'
            '<th scope="col">Number</th><th scope="col">this map</th><th scope="col">random map</th>'
            f'<th scope="col">against it</th><th scope="col">formula</th></tr></thead><tbody>{rows}</tbody></table></div>'
        )
    else:
        table = "<p>Not measured yet: “Measure” adds numbers that say how far this map can be trusted.</p>"
    rows_, columns = panel.values.shape
    explains = KINDS[method.explains].words
    return (
        f'<h3>{escape(method.title)}</h3><p class="of">{escape(comparison.name)}, looked at: {escape(comparison.label)}</p>'
        f'<div class="large">{image}<div>{bar}</div></div>'
        f"<p>{escape(method.about)} Its map has {rows_} × {columns} cells; its numbers are about {explains}'s answer.</p>"
        f"{table}"
        f'<p>Paper: <a href="{escape(method.link, quote=True)}" target="_blank" rel="noopener">{escape(method.paper)}</a></p>'
    )


def empty(methods: Sequence[str]) -> str:
    """Before there is a photo: what will stand where."""
    cells = "".join(
        f'<figure class="cell"><figcaption>{escape(title)}</figcaption><div class="blank"></div></figure>'
        for title in ("Photo", *(METHODS[name].title for name in methods))
    )
    return f'<section class="photo-row empty"><div class="cells">{cells}</div></section>'


def status(bench: Bench, text: str, *, done: int = 0, of: int = 0) -> str:
    """What is going on, in words; while maps are made anew, the rows that show old ones are dimmed."""
    bar = ""
    if bench.working:
        bar = f'<progress value="{done}" max="{max(of, 1)}" aria-label="{escape(text, quote=True)}"></progress>'
    dim = (
        f"<style>#compare-rows .photo-row:not(.w{bench.work}) {{ opacity: 0.45; }}</style>"
        if bench.state == "comparing"
        else ""
    )
    return f'<div class="status {bench.state}" role="status"><span>{escape(text)}</span>{bar}</div>{dim}'


def summary(bench: Bench) -> str:
    """What stands there once nothing is under way."""
    if bench.state == "stopped":
        return "Stopped; what was made stays."
    if not bench.places:
        return f"Up to {MOST_PHOTOS} photos: drop some, or click examples."
    bad = sum(bool(place.problem) for place in bench.places)
    good = len(bench.places) - bad
    text = f"{counted(good, 'photo')}, {counted(len(bench.asked.methods), 'method')}."
    text = f"Measured. {text}" if bench.state == "measured" else text
    return text + (f" {counted(bad, 'photo')} could not be compared." if bad else "")


def counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def methods_view(reasons: Mapping[str, str]) -> str:
    """Every method: what it shows, its paper, and why it is not offered where it is not."""
    items = "".join(
        f"<dt>{escape(method.title)}{' <small>slow: a forward per channel</small>' if method.slow else ''}</dt>"
        f'<dd>{escape(method.about)} <a href="{escape(method.link, quote=True)}" target="_blank" rel="noopener">'
        f"{escape(method.paper)}</a>{missing(method, reasons)}</dd>"
        for method in METHODS.values()
    )
    return f'<dl class="glossary">{items}</dl>'


def missing(method: Method, reasons: Mapping[str, str]) -> str:
    reason = reasons.get(method.network or "")
    return "" if reason is None else f' <span class="missing">Not available here: {escape(reason)}</span>'


def unavailable(reasons: Mapping[str, str]) -> str:
    """In words, the methods that cannot be chosen."""
    by_network = {network: [method.title for method in METHODS.values() if method.network == network] for network in reasons}
    items = "".join(
        f"<li><s>{escape(', '.join(titles))}</s> {escape(reasons[network])}</li>"
        for network, titles in by_network.items()
        if titles
    )
    return f'<div class="unavailable"><p>Not available here:</p><ul>{items}</ul></div>' if items else ""


def glossary() -> str:
    """What the numbers mean."""
    items = "".join(
        f"<dt>{escape(metric.title)} {arrow(metric)}</dt><dd>{escape(metric.about)} <br><i>{escape(metric.formula)}</i> "
        f'<a href="{escape(metric.link, quote=True)}" target="_blank" rel="noopener">{escape(metric.paper)}</a></dd>'
        for metric in (*METRICS.values(), AGREEMENT)
    )
    return (
        "<p>Each number is beside that of a <b>random map</b> on the same classifier: a map no better than random tells "
        "nothing about the answer. ↓ lower is better, ↑ higher is better. Numbers of different classifiers do not compare.</p>"
        f'<dl class="glossary">{items}</dl>'
    )
