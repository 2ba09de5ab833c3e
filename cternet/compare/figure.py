"""The figure of a comparison, as the paper's Figure 4: one row per photo, one column per method, numbers under each map."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from cternet.compare.comparison import Comparison, Panel
from cternet.compare.faithfulness import METRICS, Faithfulness
from cternet.compare.methods import METHODS
from cternet.compare.pictures import ScaleOf, Style, colours, picture, scales, shrunk
from cternet.compare.sheet import LEADING, MARGIN, POINTS, Sheet, cut, length, wrapped
from cternet.show.colours import SEQUENTIAL, Scale, colour_map

DPI = 300
"""Of the PNG, and of the pictures in SVG and PDF."""
TITLE, NAME, SMALL = 7.0, 6.5, 5.5
"""Font sizes: over a column, over a row, under a picture."""
GAP = 4.0
NARROWEST, WIDEST = 50.0, 144.0
"""Points of a panel: with more methods than fit, the figure goes on below; with few, it gets narrower."""
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
    metrics = list(METRICS) if numbers and measured(comparisons) else []
    names = [*(f"{METRICS[metric].title} {METRICS[metric].arrow}" for metric in metrics), "Agreement"] if metrics else []
    grid = Grid.fitting(width_inches, len(methods), max((length(name, SMALL) for name in names), default=0.0))
    sheet = Sheet(grid.width)
    look = {"style": style, "cmap": cmap, "opacity": opacity, "smooth": smooth}

    notes: dict[str, None] = {}
    for start in range(0, len(methods), grid.columns):
        shown = methods[start : start + grid.columns]
        titles(sheet, grid, shown)
        for row, comparison in enumerate(comparisons):
            heading(sheet, comparison)
            photo = shrunk(comparison.photo, round(grid.panel * TALLEST / POINTS * DPI))
            high = grid.panel * min(max(photo.shape[0] / photo.shape[1], FLATTEST), TALLEST)
            top, below = sheet.y, sheet.y + high + 2
            under = below + BAR + 1.5 + SMALL * LEADING  # where the numbers start
            pixels = {grid.left(0): ("photo", photo)}
            panels = {panel.method: panel for panel in comparison.panels}
            for column, method in enumerate(shown, start=1):
                x, panel = grid.left(column), panels.get(method, Panel(method, problem="not asked for on this photo"))
                if panel.values is None:
                    notes |= cell(sheet, (x, top, grid.panel, high), panel)
                    continue
                signed, span = METHODS[method].signed, spans[row, method]
                pixels[x] = (method, picture(photo, panel.values, span, signed=signed, **look))
                bar(sheet, (x, below, grid.panel), span, colours(signed, style, cmap), signed=signed)
                values(sheet, x + grid.panel / 2, under, panel, comparison, metrics)
            share = min(grid.panel / photo.shape[1], high / photo.shape[0])
            width, height = photo.shape[1] * share, photo.shape[0] * share
            for x, (name, drawn) in pixels.items():
                place = (x + (grid.panel - width) / 2, top + (high - height) / 2, width, height)
                sheet.image(*place, drawn, label=f"{row} {name}")
            for index, name in enumerate(names):
                sheet.text(grid.first, under + index * SMALL * LEADING, name, SMALL, align="right")
            sheet.y = under + len(names) * SMALL * LEADING + 5
        sheet.y += 4
    for paragraph in [caption(methods, style, scale, metrics, models or {}), *notes]:
        for line in wrapped(paragraph, sheet.width, SMALL):
            sheet.text(0, sheet.y, line, SMALL)
            sheet.y += SMALL * LEADING
        sheet.y += 2
    return sheet.figure()


@dataclass(frozen=True)
class Grid:
    """Where columns stand, in points: the photo in a first column as wide as the names under it, then ``columns`` maps."""

    columns: int
    panel: float
    first: float

    @classmethod
    def fitting(cls, width_inches: float, methods: int, names: float) -> "Grid":
        """As many columns as fit, evenly filled lines; ``names``: points that the names of the numbers take.

        Raises:
            ValueError: no column fits.
        """
        width = width_inches * POINTS - 2 * MARGIN
        most = int((width - max(names, NARROWEST)) // (NARROWEST + GAP))
        if most < 1:
            raise ValueError(f"{width_inches:g} inches are too narrow for a photo and a map; make the figure wider")
        columns = math.ceil(methods / math.ceil(methods / most))
        panel = (width - columns * GAP) / (columns + 1)
        if names > panel:
            panel = (width - columns * GAP - names) / columns
        panel = min(panel, WIDEST)
        return cls(columns, panel, max(panel, names))

    @property
    def width(self) -> float:
        return self.first + self.columns * (self.panel + GAP)

    def left(self, column: int) -> float:
        """Left edge of a panel; 0 is the photo."""
        return self.first - self.panel + column * (self.panel + GAP)


def titles(sheet: Sheet, grid: Grid, methods: Sequence[str]) -> None:
    """Over each column, in as many lines as the longest needs."""
    names = [wrapped(name, grid.panel, TITLE) for name in ("Photo", *(METHODS[method].title for method in methods))]
    most = max(map(len, names))
    for column, lines in enumerate(names):
        for index, line in enumerate(lines, start=most - len(lines)):
            middle = grid.left(column) + grid.panel / 2
            sheet.text(middle, sheet.y + index * TITLE * LEADING, line, TITLE, align="center")
    sheet.y += most * TITLE * LEADING + 1


def heading(sheet: Sheet, comparison: Comparison) -> None:
    """Over a row: the photo's name, the class looked at and the prediction; on two lines where there is no room for one."""
    if comparison.label == comparison.prediction:
        looked_at = f"class looked at: {comparison.label}, as predicted"
    else:
        looked_at = f"class looked at: {comparison.label}; predicted: {comparison.prediction}"
    name, room = comparison.name or "photo", sheet.width - length(looked_at, NAME) - 8
    together = room >= min(length(name, NAME), sheet.width / 3)
    sheet.text(0, sheet.y, cut(name, room if together else sheet.width, NAME), NAME)
    if not together:
        sheet.y += NAME * LEADING
    sheet.text(sheet.width, sheet.y, cut(looked_at, sheet.width, NAME), NAME, align="right")
    sheet.y += NAME * LEADING + 1.5


def cell(sheet: Sheet, place: tuple[float, float, float, float], panel: Panel) -> dict[str, None]:
    """Why there is no map; what does not fit into the cell is returned, to be said below the figure."""
    _, _, width, height = place
    most = max(1, int((height - 4) // (SMALL * LEADING)))
    lines = wrapped(panel.problem, width - 8, SMALL)
    complete = len(lines) <= most
    sheet.hatched(*place, lines if complete else wrapped("no map: see below", width - 8, SMALL, most=most), SMALL)
    return {} if complete else {f"{METHODS[panel.method].title}: {panel.problem}": None}


def bar(sheet: Sheet, place: tuple[float, float, float], span: Scale, name: str, *, signed: bool) -> None:
    """What the colours stand for: the values at both ends, and a tick at 0 of a signed map."""
    x, y, width = place
    ramp = np.round(colour_map(name)(np.linspace(0, 1, 256))[None, :, :3] * 255).astype(np.uint8)
    sheet.image(x, y, width, BAR, ramp)
    if signed and span.low < 0 < span.high:
        sheet.tick(x + width * -span.low / (span.high - span.low), y + BAR, 2)
    below = y + BAR + 1.5
    low, high = ends(span, width)
    sheet.text(x, below, low, SMALL)
    sheet.text(x + width, below, high, SMALL, align="right")


def values(
    sheet: Sheet,
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
            better = beats(metric, panel.numbers, control)
        texts.append((text, better))
    if metrics:
        texts.append((fixed(comparison.agreement_with_others(panel.method)), False))
    for index, (text, bold) in enumerate(texts):
        sheet.text(middle, top + index * SMALL * LEADING, text, SMALL, align="center", bold=bold)


def measured(comparisons: Sequence[Comparison]) -> bool:
    """Whether there is any number to print."""
    return any(panel.numbers is not None for comparison in comparisons for panel in comparison.panels)


def beats(metric: str, numbers: Faithfulness, control: Faithfulness) -> bool:
    """Whether a number is better than the random map's."""
    difference = getattr(numbers, metric) - getattr(control, metric)
    return bool(difference > 0 if METRICS[metric].higher_is_better else difference < 0)


def caption(
    methods: Sequence[str],
    style: Style,
    scale: ScaleOf,
    metrics: Sequence[str],
    models: Mapping[str, str],
) -> str:
    """What is seen, in sentences."""
    used = dict.fromkeys(METHODS[method].network or "" for method in methods)
    if metrics:
        used |= dict.fromkeys(METHODS[method].explains for method in methods)
    names = [f"{models[kind]} ({kind})" for kind in used if kind in models]
    ends = "Black and white" if style == "grey" else "The two end colours"
    of = (
        "each map's own smallest and largest value, so shades of two panels do not compare"
        if scale == "own"
        else "the smallest and largest value of each method over all photos (S and S* together), so shades in a column compare"
    )
    sentences = [f"Networks: {', '.join(names)}."] if names else []
    sentences.append(f"{ends} are {of}; the values stand under the bars.")
    signed = [METHODS[method].title for method in methods if METHODS[method].signed]
    if signed:
        which = "bright speaks for the class, dark against it" if style == "grey" else "the colours are centred on 0"
        sentences.append(f"{' and '.join(signed)} {'is' if len(signed) == 1 else 'are'} signed: {which}; the tick marks 0.")
    if metrics:
        sentences.append(
            "Under the maps: how faithful each is to the classifier it explains for the class looked at (↓ lower is better, "
            "↑ higher is better), in parentheses a random map's, bold where the map is better than that; agreement: mean rank "
            "correlation with the other maps of the photo."
        )
    return " ".join(sentences)


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
