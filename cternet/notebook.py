"""Results as notebooks show them: the figure, and the key numbers as text."""

import io
from base64 import b64encode
from collections.abc import Callable
from html import escape

from matplotlib.figure import Figure

from cternet.analysis import Analysis
from cternet.figure import DRAWING, analysis_figure, counterfactual_title, significant


def drawn(figure: Callable[..., Figure], *arguments, **options) -> bytes:
    """What ``figure`` makes of its arguments as a PNG file, drawn while nobody else draws."""
    buffer = io.BytesIO()
    with DRAWING:
        figure(*arguments, **options).savefig(buffer, format="png")
    return buffer.getvalue()


def png(analysis: Analysis) -> bytes:
    """The figure of an analysis as a PNG file."""
    return drawn(analysis_figure, analysis)


def html(analysis: Analysis) -> str:
    """The figure and a table of the logits, in one self-contained piece of HTML; names are escaped."""
    order = analysis.probabilities.argsort()[::-1]
    columns = (analysis.y_factual, analysis.y_counterfactual, analysis.total_effect)
    rows = "".join(
        f"<tr><th>{escape(analysis.labels[i])}</th><td>{analysis.probabilities[i]:.1%}</td>"
        + "".join(f"<td>{significant(values[i])}</td>" for values in columns)
        + f"<td>{analysis.total_effect_std[i]:.3g}</td></tr>"
        for i in order
    )
    heads = ("emotion", "probability", "Y(S)", "E[Y(S*)]", "Y_TE", "std over draws of S*")
    side = "" if analysis.polarity == "unknown" else f" ({analysis.polarity})"
    picture = b64encode(analysis.png).decode()
    return (
        f"<div><p><b>{escape(analysis.prediction)}</b>{side}, {analysis.probabilities.max():.0%}; S*: "
        f"{escape(counterfactual_title(analysis))}; model {escape(analysis.model)}</p>"
        f'<img alt="photo, attention maps, effect map and logits" style="max-width:100%" src="data:image/png;base64,{picture}">'
        f"<table><thead><tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
