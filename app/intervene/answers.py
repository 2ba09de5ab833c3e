"""What a painting does, without the network: the answers to the canvas's script."""

from typing import Any

from app.intervene import causal_graph, view
from app.intervene.canvas import CanvasRequest
from app.intervene.circle import circle_view
from app.intervene.photo import CanvasPhoto
from app.links import State, to_query, with_painting
from cternet.regions import affective_regions, report
from cternet.results.painting import paint


def painted_answer(asked: CanvasRequest, photo: CanvasPhoto, *, model: str, panel: str) -> dict[str, Any]:
    """The views of a painting, and its link.

    Args:
        model, panel: what the link calls the model and the page.

    Raises:
        ValueError: the painted map cannot take the place of S.
    """
    before = photo.look(asked.allocation, asked.level, asked.seed)
    any_paint = bool(asked.mask.any())
    after = paint(before, asked.mask, asked.mode) if any_paint else before
    state = State(
        model=model,
        image=photo.image,
        allocation=asked.allocation,
        level=asked.level,
        seed=asked.seed,
        emotion=asked.label,
        panel=panel,
        **with_painting(asked.mask, asked.mode),
    )
    return {
        "views": {
            "answer": view.answer_view(before, after, asked.mode, painted=any_paint),
            "graph": causal_graph.graph_view(before, after, asked.label, painted=any_paint, mode=asked.mode),
            "circle": circle_view(before, after, painted=any_paint),
        },
        "link": to_query(state),
        "message": view.verdict(before, after, painted=any_paint),
    }


def regions_answer(asked: CanvasRequest, photo: CanvasPhoto) -> dict[str, Any]:
    """The regions and their report; what is painted does not matter to them."""
    looked = photo.look(asked.allocation, asked.level, asked.seed)
    parts = photo.superpixels if asked.kind == "superpixels" else affective_regions(looked.s, asked.threshold)
    return {
        "cells": parts.ravel().tolist(),
        "views": {"regions": view.regions_view(looked, report(looked, parts), asked.label)},
    }
