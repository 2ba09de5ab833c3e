"""Matplotlib's part of the pages: figures as inline SVG in the page's own text colour and font, and colour bars."""

import io
from collections.abc import Callable

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from cternet.show.colours import colour_map
from cternet.show.figure import DRAWING

INK = "#010203"
"""Stands for the page's text colour while matplotlib draws; replaced by currentColor."""
PAGE_INK = {
    key: INK for key in ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color")
} | {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}


def inline_svg(draw: Callable[[], Figure]) -> Markup:
    """What ``draw`` draws; matplotlib's settings are the process's, so one figure is drawn at a time."""
    buffer = io.StringIO()
    with DRAWING, matplotlib.rc_context(PAGE_INK):
        draw().savefig(buffer, format="svg", transparent=True)
    svg = buffer.getvalue()
    return Markup(svg[svg.index("<svg") :].replace(INK, "currentColor"))


def gradient(cmap: str) -> str:
    """A colour map as the stops of a CSS gradient."""
    return ", ".join(matplotlib.colors.to_hex(colour_map(cmap)(x)) for x in np.linspace(0, 1, 12))
