"""A matplotlib figure filled from the top, in points (1/72 inch): its height is what its contents need, and nothing overlaps.

Text is measured before it is placed, and taken as it is: a file name may hold ``$`` or ``_`` and means no formula.
Hold ``cternet.show.figure.DRAWING`` while using a canvas.
"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

POINTS = 72.0
HIGHEST = 199.0
"""Inches: PDF readers show no higher page, and PNG at 300 dpi ends at 65,535 pixels."""
FONT = "sans-serif"
"""DejaVu Sans, which comes with matplotlib, so that a figure is the same on every machine."""
INK, FAINT = "#222222", "#b5b5b5"
MARGIN = 2.0
"""Points of paper around everything, so that frames at the edge are whole."""
HINTING = 1.02
"""How much longer a line gets in a PNG, where letters are moved to whole pixels."""
LEADING = 1.25
"""Height of a line of text, in font sizes."""


class PointCanvas:
    """Everything lies in one axes whose unit is the point, because an axes a picture costs more than the picture.

    Attributes:
        width: in points, without margins.
        y: how far from the top it is filled.
    """

    def __init__(self, width: float) -> None:
        self.width, self.y = width, 0.0
        self.paper = Figure(facecolor="white")
        self.axes = self.paper.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_autoscale_on(False)

    def text(self, x: float, y: float, line: str, size: float, *, align: str = "left", bold: bool = False) -> None:
        """One line; y is the top of it."""
        looks: dict[str, Any] = {
            "fontproperties": font(size, bold),
            "color": INK,
            "ha": align,
            "va": "baseline",
            "parse_math": False,
        }
        self.axes.text(x, y + size, drawable(line), **looks)

    def image(self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8], *, label: str = "") -> None:
        """Pixels in a thin frame."""
        self.axes.imshow(pixels, extent=(x, x + width, y + height, y), aspect="auto", label=label)
        self.axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=FAINT, linewidth=0.3))

    def hatched(self, x: float, y: float, width: float, height: float, lines: list[str], size: float) -> None:
        """A cell without a picture, and why."""
        pattern: dict[str, Any] = {"facecolor": "white", "edgecolor": FAINT, "linewidth": 0.3, "hatch": "////"}
        self.axes.add_patch(Rectangle((x, y), width, height, **pattern))
        longest, high = max(length(line, size) for line in lines), len(lines) * size * LEADING
        top = y + (height - high) / 2
        behind = (x + (width - longest) / 2 - 2, top - 1)
        self.axes.add_patch(Rectangle(behind, longest + 4, high + 2, facecolor="white", edgecolor="none"))
        for index, line in enumerate(lines):
            self.text(x + width / 2, top + index * size * LEADING, line, size, align="center")

    def tick(self, x: float, y: float, length: float) -> None:
        """A short upright line, y its upper end."""
        self.axes.add_line(Line2D([x, x], [y, y + length], color=INK, linewidth=0.6))

    def figure(self) -> Figure:
        """The paper, cut where the contents end.

        Raises:
            ValueError: it got higher than ``HIGHEST``.
        """
        height = self.y / POINTS
        if height > HIGHEST:
            raise ValueError(
                f"a figure of this many photos would be {height:.0f} inches high (at most {HIGHEST:.0f}); "
                "make several figures, or a report with python -m cternet.survey"
            )
        self.axes.set(xlim=(-MARGIN, self.width + MARGIN), ylim=(self.y + MARGIN, -MARGIN))
        self.paper.set_size_inches((self.width + 2 * MARGIN) / POINTS, (self.y + 2 * MARGIN) / POINTS)
        return self.paper


def font(size: float, bold: bool = False) -> FontProperties:
    return FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")


def drawable(text: str) -> str:
    """The text with a box for each character that the font has not: controls, or a script of which it knows nothing."""
    face = get_font(findfont(font(1)))
    return "".join(c if c.isprintable() and face.get_char_index(ord(c)) else "▯" for c in text)


def length(text: str, size: float, bold: bool = False) -> float:
    """Points a line of text takes at most."""
    return HINTING * text_to_path.get_text_width_height_descent(drawable(text), font(size, bold), False)[0] if text else 0.0


def cut(text: str, width: float, size: float) -> str:
    """The text, its middle left out where it is longer than ``width`` points: the end of a file name tells as much."""
    kept = len(text)
    shown = text
    while kept > 2 and length(shown, size) > width:
        kept -= 1
        shown = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
    return shown


def wrapped(text: str, width: float, size: float, *, most: int | None = None) -> list[str]:
    """Lines no longer than ``width`` points, at most ``most``; long words are broken, an ellipsis says that there was more."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if length(longer, size) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and length(lines[-1] + character, size) > width:
                lines.append("")
            lines[-1] += character
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + "…", width, size)]
    return lines
