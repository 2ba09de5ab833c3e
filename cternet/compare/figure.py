"""The figure of a comparison, as the paper's Figure 4: one row per photo, one column per method, numbers under each map."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cternet.compare.comparison import Comparison, Panel
from cternet.compare.figure_caption import caption
from cternet.compare.figure_grid import Grid
from cternet.compare.methods import METHODS
from cternet.compare.metrics import METRICS, Faithfulness
from cternet.compare.pictures import ScaleOf, Style, colours, picture, scales, shrunk
from cternet.compare.point_canvas import LEADING, POINTS, PointCanvas, cut, length, wrapped
from cternet.show.colours import SEQUENTIAL, Scale, colour_map

DPI = 300
"""Of the PNG, and of the pictures in SVG and PDF."""
TITLE, NAME, SMALL = 7.0, 6.5, 5.5
"""Font sizes: over a column, over a row, under a picture."""
FLATTEST, TALLEST = 0.3, 1.4
"""Height of a panel over its width; pictures of flatter or taller photos do not fill it."""
BAR = 3.5
"""Height of a colour bar, in points."""


def comparison_figure(
    comparisons: Sequence[Comparison],
    *,
    style: Style = "grey",
    scale: ScaleOf = "own",
    smooth: bool = True,
    cmap: str = SEQUENTIAL[0],
    opacity: float = 0.6,
    numbers: bool = True,
    width_inches: float = 7.0,
    models: Mapping[str, str] | None = None,
) -> Figure:
    """A row a photo: the photo, then a panel a method.  Hold ``cternet.show.figure.DRAWING`` while making and saving it.

    Args:
        comparisons: at least one.
        style, smooth, cmap, opacity: as in ``cternet.compare.pictures.picture``.
        scale: as in ``cternet.compare.pictures.scales``.
        numbers: print under each panel what has been measured, beside the random control.
        width_inches: of the whole figure, or less where there are few methods; 7 is the text width of a page.
        models: names of the networks for the caption, by kind (``cternet``, ``vanilla``, ``wscnet``, ``ras``).

    Raises:
        ValueError: nothing to show, an unknown style, scale or colour map, too narrow, or too many photos for one figure.
    """
    methods = tuple(dict.fromkeys(panel.method for comparison in comparisons for panel in comparison.panels))
    if not methods:
        raise ValueError("there is nothing to draw: give at least one photo and one method")
    colour_map(cmap)
    spans = scales(comparisons, scale, style=style)
    look = Look(style, cmap, opacity, smooth, tuple(METRICS) if numbers and measured(comparisons) else ())
    grid = Grid.fitting(width_inches, len(methods), max((length(name, SMALL) for name in look.names), default=0.0))
    canvas = PointCanvas(grid.width)
    notes: dict[str, None] = {}
    for start in range(0, len(methods), grid.columns):
        shown = methods[start : start + grid.columns]
        titles(canvas, grid, shown)
        for row, comparison in enumerate(comparisons):
            heading(canvas, comparison)
            notes |= panels(canvas, grid, look, row, comparison, {method: spans.get((row, method)) for method in shown})
        canvas.y += 4
    for paragraph in [caption(methods, style, scale, look.metrics, models or {}), *notes]:
        for line in wrapped(paragraph, canvas.width, SMALL):
            canvas.text(0, canvas.y, line, SMALL)
            canvas.y += SMALL * LEADING
        canvas.y += 2
    return canvas.figure()


@dataclass(frozen=True)
class Look:
    """How panels are drawn, as in ``comparison_figure``, and the metrics printed under them, none before any was measured."""

    style: Style
    cmap: str
    opacity: float
    smooth: bool
    metrics: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The titles of the numbers under the panels."""
        titles = [f"{METRICS[metric].title} {METRICS[metric].arrow}" for metric in self.metrics]
        return [*titles, "Agreement"] if titles else []

    def picture(self, photo: NDArray[np.uint8], panel: Panel, span: Scale) -> NDArray[np.uint8]:
        """A panel's pixels over a photo (h, w, 3)."""
        assert panel.values is not None
        signed = METHODS[panel.method].signed
        options: dict[str, Any] = {"style": self.style, "cmap": self.cmap, "opacity": self.opacity, "smooth": self.smooth}
        return picture(photo, panel.values, span, signed=signed, **options)


def panels(
    canvas: PointCanvas, grid: Grid, look: Look, row: int, comparison: Comparison, spans: Mapping[str, Scale | None]
) -> dict[str, None]:
    """One photo and its panels, with bars and numbers under them.

    Args:
        spans: what the colours of each method's panel stand for, in the order of the columns.

    Returns:
        Why there is no map, where its cell has no room to say so.
    """
    notes: dict[str, None] = {}
    photo = shrunk(comparison.photo, round(grid.panel * TALLEST / POINTS * DPI))
    high = grid.panel * min(max(photo.shape[0] / photo.shape[1], FLATTEST), TALLEST)
    top, below = canvas.y, canvas.y + high + 2
    under = below + BAR + 1.5 + SMALL * LEADING  # where the numbers start
    pictures = {grid.left(0): ("photo", photo)}
    found = {panel.method: panel for panel in comparison.panels}
    for column, (method, span) in enumerate(spans.items(), start=1):
        x, panel = grid.left(column), found.get(method, Panel(method, problem="not requested for this photo"))
        if panel.values is None or span is None:
            notes |= cell(canvas, (x, top, grid.panel, high), panel)
            continue
        signed = METHODS[method].signed
        pictures[x] = (method, look.picture(photo, panel, span))
        bar(canvas, (x, below, grid.panel), span, colours(signed, look.style, look.cmap), signed=signed)
        values(canvas, x + grid.panel / 2, under, panel, comparison, look.metrics)
    share = min(grid.panel / photo.shape[1], high / photo.shape[0])
    width, height = photo.shape[1] * share, photo.shape[0] * share
    for x, (name, drawn) in pictures.items():
        place = (x + (grid.panel - width) / 2, top + (high - height) / 2, width, height)
        canvas.image(*place, drawn, label=f"{row} {name}")
    for index, name in enumerate(look.names):
        canvas.text(grid.first, under + index * SMALL * LEADING, name, SMALL, align="right")
    canvas.y = under + len(look.names) * SMALL * LEADING + 5
    return notes


def titles(canvas: PointCanvas, grid: Grid, methods: Sequence[str]) -> None:
    """Over each column, in as many lines as the longest needs."""
    names = [wrapped(name, grid.panel, TITLE) for name in ("Photo", *(METHODS[method].title for method in methods))]
    most = max(map(len, names))
    for column, lines in enumerate(names):
        for index, line in enumerate(lines, start=most - len(lines)):
            middle = grid.left(column) + grid.panel / 2
            canvas.text(middle, canvas.y + index * TITLE * LEADING, line, TITLE, align="center")
    canvas.y += most * TITLE * LEADING + 1


def heading(canvas: PointCanvas, comparison: Comparison) -> None:
    """Over a row: the photo's name, the class looked at and the prediction; on two lines where there is no room for one."""
    if comparison.label == comparison.prediction:
        looked_at = f"class explained: {comparison.label}, as predicted"
    else:
        looked_at = f"class explained: {comparison.label}; predicted: {comparison.prediction}"
    name, room = comparison.name or "photo", canvas.width - length(looked_at, NAME) - 8
    together = room >= min(length(name, NAME), canvas.width / 3)
    canvas.text(0, canvas.y, cut(name, room if together else canvas.width, NAME), NAME)
    if not together:
        canvas.y += NAME * LEADING
    canvas.text(canvas.width, canvas.y, cut(looked_at, canvas.width, NAME), NAME, align="right")
    canvas.y += NAME * LEADING + 1.5


def cell(canvas: PointCanvas, place: tuple[float, float, float, float], panel: Panel) -> dict[str, None]:
    """Why there is no map; what does not fit into the cell is returned, to be said below the figure."""
    _, _, width, height = place
    most = max(1, int((height - 4) // (SMALL * LEADING)))
    lines = wrapped(panel.problem, width - 8, SMALL)
    complete = len(lines) <= most
    canvas.hatched(*place, lines if complete else wrapped("no map: see below", width - 8, SMALL, most=most), SMALL)
    return {} if complete else {f"{METHODS[panel.method].title}: {panel.problem}": None}


def bar(canvas: PointCanvas, place: tuple[float, float, float], span: Scale, name: str, *, signed: bool) -> None:
    """What the colours stand for: the values at both ends, and a tick at 0 of a signed map."""
    x, y, width = place
    ramp = np.round(colour_map(name)(np.linspace(0, 1, 256))[None, :, :3] * 255).astype(np.uint8)
    canvas.image(x, y, width, BAR, ramp)
    if signed and span.low < 0 < span.high:
        canvas.tick(x + width * -span.low / (span.high - span.low), y + BAR, 2)
    below = y + BAR + 1.5
    low, high = ends(span, width)
    canvas.text(x, below, low, SMALL)
    canvas.text(x + width, below, high, SMALL, align="right")


def values(
    canvas: PointCanvas,
    middle: float,
    top: float,
    panel: Panel,
    comparison: Comparison,
    metrics: Sequence[str],
) -> None:
    """The numbers under a panel, each before the random map's; bold where it is better than that."""
    control = comparison.control(panel.method)
    texts = []
    for metric in metrics:
        if panel.numbers is None:
            texts.append(("–", False))
            continue
        text, better = fixed(getattr(panel.numbers, metric)), False
        if control is not None:
            text += f" ({fixed(getattr(control, metric))})"
            better = not METHODS[panel.method].control and beats(metric, panel.numbers, control)
        texts.append((text, better))
    if metrics:
        texts.append((fixed(comparison.agreement_with_others(panel.method)), False))
    for index, (text, bold) in enumerate(texts):
        canvas.text(middle, top + index * SMALL * LEADING, text, SMALL, align="center", bold=bold)


def measured(comparisons: Sequence[Comparison]) -> bool:
    """Whether there is any number to print."""
    return any(panel.numbers is not None for comparison in comparisons for panel in comparison.panels)


def beats(metric: str, numbers: Faithfulness, control: Faithfulness) -> bool:
    """Whether a number is better than the random map's."""
    difference = getattr(numbers, metric) - getattr(control, metric)
    return bool(difference > 0 if METRICS[metric].higher_is_better else difference < 0)


def ends(span: Scale, width: float) -> tuple[str, str]:
    """The two values of a colour bar with as many significant digits, three at most, as leave room between them."""
    for digits in (3, 2, 1):
        low, high = (f"{value:.{digits}g}".replace("-", "−") for value in (span.low, span.high))
        if length(low, SMALL) + length(high, SMALL) + 4 <= width:
            break
    return low, high


def fixed(value: float) -> str:
    """Three decimals, 0 without a sign; a dash for no number."""
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−") if math.isfinite(value) else "–"
