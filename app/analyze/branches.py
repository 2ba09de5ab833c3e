"""What CLEF's branches say: with the context, by the context alone, and without what the context alone says."""

import numpy as np

from app.html import data_uri, render
from cternet import Debiased, Result

SHOWN = 4
"""Emotions in the table: the likeliest by each of the three, as far as there is room."""
WIDTH = 128
"""Of the picture of the context, in pixels of the page."""


def branches_view(result: Result) -> str:
    """The masked context and a table of the three answers; empty for a model without branches."""
    if not isinstance(result, Debiased):
        return ""
    columns = [result.as_probabilities(scores) for scores in (result.factual, result.context_only, result.scores)]
    order = np.argsort(-np.max(columns, axis=0), kind="stable")[:SHOWN]
    firsts = [int(column.argmax()) for column in columns]
    rows = [
        (result.labels[index], [(100 * column[index], index == first) for column, first in zip(columns, firsts, strict=True)])
        for index in order
    ]
    height, width = result.photo.shape[:2]
    return render(
        "analyze/branches.html",
        rows=rows,
        result=result,
        context=data_uri(result.context, "webp"),
        size=(WIDTH, min(2 * WIDTH, max(1, round(WIDTH * height / width)))),
        context_says=result.said_by(result.context_only),
        with_context=result.said_by(result.factual),
        share=100 * result.subject.mean(),
    )
