"""Comparisons as the HTML of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.compare.numbers import AGREEMENT, Number, numbers_of
from app.compare.session import MOST_PHOTOS, ComparedPhoto, CompareSession, Look
from app.html import render
from cternet.compare import KINDS, METHODS, METRICS, Comparison, Method, Panel, colours, picture, scales, shrunk
from cternet.show.colours import SEQUENTIAL, Scale
from cternet.show.words import where

SIDE = 560
"""Longer side, in pixels, of the pictures sent to the page; sharp at twice the width of a panel."""
OPACITY = 0.6


@dataclass(frozen=True)
class PanelView:
    """A panel as the page shows it.

    Attributes:
        key: tells it apart on the page.
        made: whether it was tried; there may still be nothing to see.
        pixels: the map over the photo; None where there is nothing to see, which ``problem`` explains.
        centred: whether its colours are centred on 0.
    """

    method: Method
    key: str
    made: bool = False
    pixels: NDArray[np.uint8] | None = None
    values: NDArray | None = None
    scale: Scale | None = None
    cmap: str = ""
    centred: bool = False
    problem: str = ""
    alt: str = ""
    numbers: list[Number] = field(default_factory=list)

    @property
    def explains(self) -> str:
        """Whose answer the numbers are about."""
        return KINDS[self.method.explains].words


def row(session: CompareSession, index: int, look: Look) -> str:
    """A photo and its panels; one that is not there yet, or cannot be had, says so in its place."""
    photo = session.photos[index]
    if photo.problem:
        return render("compare/problem.html", session=session, problem=photo.problem)
    return render(
        "compare/row.html",
        session=session,
        photo=photo,
        comparison=photo.comparison,
        picture=None if photo.comparison is None else shrunk(photo.comparison.photo, SIDE),
        panels=panels_of(session, photo, index, look),
        look=look,
        says=photo.sample.networks.called if photo.sample is not None else "",
        metrics=[*METRICS.values(), AGREEMENT],
    )


def panels_of(session: CompareSession, photo: ComparedPhoto, index: int, look: Look) -> list[PanelView]:
    """The panel of every requested method, in order."""
    comparison = photo.comparison
    if comparison is None:
        return [PanelView(METHODS[method], f"{index}-{method}") for method in session.selection.methods]
    there = {panel.method: panel for panel in comparison.panels}
    position = next(i for i, other in enumerate(session.comparisons) if other is comparison)
    found = scales(session.comparisons, look.scale, style=look.style)
    small = shrunk(comparison.photo, SIDE)
    return [
        panel_view(comparison, there[method], found.get((position, method)), small, look, key=f"{index}-{method}")
        if method in there
        else PanelView(METHODS[method], f"{index}-{method}")
        for method in session.selection.methods
    ]


def panel_view(
    comparison: Comparison, panel: Panel, scale: Scale | None, photo: NDArray[np.uint8], look: Look, *, key: str
) -> PanelView:
    """A map over the photo (h, w, 3), with its range and numbers."""
    method = METHODS[panel.method]
    if panel.values is None or scale is None:
        return PanelView(method, key, made=True, problem=panel.problem)
    style = {"style": look.style, "cmap": SEQUENTIAL[0], "opacity": OPACITY, "smooth": look.smooth}
    return PanelView(
        method,
        key,
        made=True,
        pixels=picture(photo, panel.values, scale, signed=method.signed, **style),
        values=panel.values,
        scale=scale,
        cmap=colours(method.signed, look.style),
        centred=method.signed and look.style == "overlay",
        alt=f"{method.title} of {comparison.name}: strongest in the {where(panel.values)}",
        numbers=numbers_of(comparison, panel),
    )


def empty(methods: Sequence[str]) -> str:
    """Before there is a photo: what will stand where."""
    return render("compare/empty.html", titles=["Photo", *(METHODS[name].title for name in methods)])


def status(session: CompareSession, text: str, *, done: int = 0, of: int = 0) -> str:
    """What is going on, in words."""
    return render("compare/status.html", session=session, text=text, done=done, of=of)


def summary(session: CompareSession) -> str:
    """What stands there once nothing is under way."""
    if session.state == "stopped":
        return "Stopped; finished maps stay."
    if not session.photos:
        return f"Up to {MOST_PHOTOS} photos: drop some, or click examples."
    bad = sum(bool(photo.problem) for photo in session.photos)
    good = len(session.photos) - bad
    text = f"{counted(good, 'photo')}, {counted(len(session.selection.methods), 'method')}."
    text = f"Measured. {text}" if session.state == "measured" else text
    return text + (f" {counted(bad, 'photo')} could not be compared." if bad else "")


def counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def methods_view(reasons: Mapping[str, str]) -> str:
    """Every method, and why it is not offered where it is not."""
    return render("compare/methods.html", methods=METHODS.values(), reasons=reasons)


def unavailable(reasons: Mapping[str, str]) -> str:
    """In words, the methods that cannot be chosen."""
    by_network = {network: [method.title for method in METHODS.values() if method.network == network] for network in reasons}
    return render("compare/unavailable.html", groups=[(titles, reasons[name]) for name, titles in by_network.items() if titles])


def glossary() -> str:
    """What the numbers mean."""
    return render("compare/glossary.html", metrics=[*METRICS.values(), AGREEMENT])
