"""What a painting does, without the network: the answers to the canvas's script."""

from typing import Any

from app.intervene import causal_graph, view
from app.intervene.canvas import CanvasRequest
from app.intervene.circle import circle_view
from app.links import to_query
from app.workspace.open_photo import OpenPhoto
from cternet.minimal_sets import MinimalSet, keeping_set, turning_set
from cternet.regions import affective_regions, report
from cternet.results.painting import encode, paint

NOTHING_TURNS = "Nothing does: the answer stays, however much of the photo it ignores."
NOTHING_KEEPS = "No part is enough for this answer on its own."


def painted_answer(asked: CanvasRequest, photo: OpenPhoto, *, model: str) -> dict[str, Any]:
    """The views of a painting, and its link.

    Args:
        model: what the link calls the model.

    Raises:
        ValueError: the painted map cannot take the place of S.
    """
    before = photo.look(asked.allocation, asked.level, asked.seed)
    any_paint = bool(asked.mask.any())
    after = paint(before, asked.mask, asked.mode) if any_paint else before
    return {
        "views": {
            "answer": view.answer_view(before, after, painted=any_paint),
            "graph": causal_graph.graph_view(before, after, asked.label, painted=any_paint, mode=asked.mode),
            "circle": circle_view(before, after, painted=any_paint),
        },
        "link": to_query(photo.state(model)),
        "message": view.verdict(before, after, painted=any_paint),
    }


def regions_answer(asked: CanvasRequest, photo: OpenPhoto) -> dict[str, Any]:
    """The regions and their report; what is painted does not matter to them."""
    looked = photo.look(asked.allocation, asked.level, asked.seed)
    parts = photo.superpixels if asked.kind == "superpixels" else affective_regions(looked.s, asked.threshold)
    return {
        "cells": parts.ravel().tolist(),
        "views": {"regions": view.regions_view(looked, report(looked, parts), asked.label)},
    }


def as_painting(found: MinimalSet | None, otherwise: str) -> dict[str, Any]:
    """A set of cells as the painting that leaves them out, or why there is none."""
    return {"mask": None, "sentence": otherwise} if found is None else {"mask": encode(found.mask), "sentence": found.sentence}


def needed_answer(asked: CanvasRequest, photo: OpenPhoto) -> dict[str, Any]:
    """The smallest part that changes the answer, and the smallest that is enough for it, each as a painting to edit."""
    turning, keeping = turning_set(photo.analysis), keeping_set(photo.analysis)
    return {"paintings": {"turning": as_painting(turning, NOTHING_TURNS), "keeping": as_painting(keeping, NOTHING_KEEPS)}}
