"""Results as notebooks show them: the figure, and the key numbers as text.

``import cternet`` gives the result classes IPython's methods for it (``install``), so that results themselves know no drawing.
Matplotlib is imported once something is drawn: a third of a second for all who draw nothing.
"""

import io
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from jinja2 import Environment

from cternet.results.analysis import Analysis
from cternet.results.draws import Draws
from cternet.results.result import Result
from cternet.show.words import counterfactual_title, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawn"]

PAGE = Environment(autoescape=True).from_string("""\
<div><p><b>{{ analysis.prediction }}</b>{{ side }}, {{ "%.0f%%" % (100 * analysis.probabilities.max()) }}; S*: {{ title }}; \
model {{ analysis.model }}</p>
<img alt="photo, attention maps, effect map and logits" style="max-width:100%" src="data:image/png;base64,{{ picture }}">
<table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for name, cells in rows %}<tr><th>{{ name }}</th>{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>""")
HEADS = ("emotion", "probability", "Y(S)", "E[Y(S*)]", "Y_TE", "std over draws of S*")
DRAWN: WeakKeyDictionary[Result, bytes] = WeakKeyDictionary()
"""Figures of results that are still in use: a notebook asks for one twice."""


def drawn(figure: "Callable[..., Figure]", *arguments: Any, **options: Any) -> bytes:
    """What ``figure`` makes of its arguments as a PNG file, drawn while nobody else draws."""
    from cternet.show.figure import DRAWING

    buffer = io.BytesIO()
    with DRAWING:
        figure(*arguments, **options).savefig(buffer, format="png")
    return buffer.getvalue()


def png(result: Result) -> bytes:
    """The figure of a result as a PNG file, drawn once."""
    from cternet.show.export import figure_of

    if result not in DRAWN:
        DRAWN[result] = drawn(figure_of, result)
    return DRAWN[result]


def draws_png(draws: Draws) -> bytes:
    """The histogram of the draws as a PNG file."""
    from cternet.show.draws_figure import draws_figure

    return drawn(draws_figure, draws)


def html(analysis: Analysis) -> str:
    """The figure and a table of the logits, in one self-contained piece of HTML; names are escaped."""
    columns = (analysis.y_factual, analysis.y_counterfactual, analysis.total_effect)
    rows = [
        (
            analysis.labels[i],
            [
                f"{analysis.probabilities[i]:.1%}",
                *(significant(values[i]) for values in columns),
                f"{analysis.total_effect_std[i]:.3g}",
            ],
        )
        for i in analysis.probabilities.argsort()[::-1]
    ]
    return PAGE.render(
        analysis=analysis,
        side="" if analysis.polarity == "unknown" else f" ({analysis.polarity})",
        title=counterfactual_title(analysis),
        picture=b64encode(png(analysis)).decode(),
        heads=HEADS,
        rows=rows,
    )


def install() -> None:
    """Give the result classes the methods that IPython looks for."""
    for kind, name, show in (
        (Result, "_repr_png_", png),
        (Analysis, "_repr_html_", html),
        (Draws, "_repr_png_", draws_png),
    ):
        setattr(kind, name, show)
