"""What the endpoints answer, as JSON holds it."""

import json
from base64 import b64encode
from typing import Any

import cv2
import gradio as gr
import numpy as np

from cternet import Analysis, Classified, Result
from cternet.compare import METHODS, Comparison, Faithfulness, Networks, Panel, Sample
from cternet.minimal_sets import MinimalSet
from cternet.results.painting import Mask
from cternet.show.export import figure_of
from cternet.show.notebook import drawn

MOST_CELLS = 64
"""Cells a side of the maps given back; finer ones are averaged down to it."""


def told(answer: dict[str, Any], request: gr.Request) -> Any:
    """The answer; as JSON text for an MCP client, to whom gradio would show Python's own notation."""
    return json.dumps(answer, ensure_ascii=False) if request.headers.get("x-gradio-user") == "mcp" else answer


def analyze_answer(found: Result, emotion: str, *, maps: bool, figure: bool) -> dict[str, Any]:
    """Every number and, if wanted, the maps and the figure; those of the effect are of one emotion, or of the predicted."""
    answer = found.numbers()
    if isinstance(found, Classified):
        answer["emotion"] = emotion = emotion or found.prediction
    if figure:
        label = {"label": emotion} if isinstance(found, Analysis) else {}
        answer["figure"] = f"data:image/png;base64,{b64encode(drawn(figure_of, found, **label)).decode()}"
    if not maps:
        return answer
    if isinstance(found, Analysis):
        answer["maps"] = {
            "shape": list(found.s.shape),
            "S": rows(found.attended),
            "S* shown": rows(found.counterfactual.shown),
            "E[S*]": rows(found.counterfactual.mean),
            "T": rows(found.effect_map[found.labels.index(emotion)]),
        }
    else:
        answer["maps"] = {name: rows(averaged(values)) for name, values in found.own_maps.items()}
    return answer


def needed_answer(found: Analysis, turning: MinimalSet | None, keeping: MinimalSet | None, *, maps: bool) -> dict[str, Any]:
    """The smallest sets of cells; None where there is none."""

    sets = {"turning": turning, "keeping": keeping}

    def of(one: MinimalSet | None) -> dict[str, Any] | None:
        if one is None:
            return None
        numbers = {"cells": one.size, "area": one.area, "attention": one.attention, "prediction": one.after}
        return {**numbers, "smallest": one.proven, "sentence": one.sentence}

    about = {"model": found.model, "geometry": found.geometry, "predicted_with": found.predicted_with}
    answer = {**about, "before": answer_of(found)} | {name: of(one) for name, one in sets.items()}
    if maps:
        not_noticed = {name: rows(one.cells.astype(float)) for name, one in sets.items() if one is not None}
        answer["maps"] = {"shape": list(found.s.shape), **not_noticed}
    return answer


def intervene_answer(before: Analysis, after: Analysis, painted: Mask, mode: str, *, maps: bool) -> dict[str, Any]:
    """What a painting did: every emotion's numbers before and after."""
    answer = {
        "model": before.model,
        "geometry": before.geometry,
        "predicted_with": before.predicted_with,
        "mode": mode,
        "painted_share": float(painted.mean() / 255),
        "before": answer_of(before),
        "after": answer_of(after),
        "change": after.by_label(after.change_by_painting),
    }
    if maps:
        answer["maps"] = {
            "shape": list(before.s.shape),
            "mask": rows(painted / 255),
            "S": rows(before.s),
            "s'": rows(after.attended),
        }
    return answer


def compare_answer(networks: Networks, sample: Sample, comparison: Comparison, *, maps: bool) -> dict[str, Any]:
    """The panels of one photo, and how alike their maps are."""
    return {
        "networks": dict(networks.names),
        "geometry": sample.analysis.geometry,
        "prediction": comparison.prediction,
        "emotion": comparison.label,
        "methods": {
            panel.method: panel_answer(panel, comparison.control(panel.method), maps=maps) for panel in comparison.panels
        },
        "agreement": {
            "methods": [panel.method for panel in comparison.panels],
            "values": [[None if np.isnan(v) else float(v) for v in row] for row in comparison.agreement],
        },
    }


def panel_answer(panel: Panel, control: Faithfulness | None, *, maps: bool) -> dict[str, Any]:
    """A method's map and numbers; ``None`` where there are none."""
    method, values = METHODS[panel.method], panel.values
    found: dict[str, Any] = {
        "title": method.title,
        "explains": method.explains,
        "per_emotion": method.per_class,
        "signed": method.signed,
        "problem": panel.problem or None,
        "range": None if values is None else [float(values.min()), float(values.max())],
        "numbers": None if panel.numbers is None else vars(panel.numbers),
        "random": None if panel.numbers is None else vars(control),
    }
    if maps:
        shown = None if values is None else averaged(values)
        found |= {
            "shape": None if shown is None else list(shown.shape),
            "map": None if shown is None else rows(shown),
        }
    return found


def answer_of(analysis: Analysis) -> dict[str, Any]:
    """What the model says with the map that is in the place of S."""
    return {
        "prediction": analysis.prediction,
        "polarity": analysis.polarity,
        "probabilities": analysis.by_label(analysis.probabilities),
        "Y": analysis.by_label(analysis.y_factual),
        "Y_TE": analysis.by_label(analysis.own_effect),
    }


def averaged(values: np.ndarray) -> np.ndarray:
    """A map (H, W) of at most ``MOST_CELLS`` cells a side."""
    height, width = (min(side, MOST_CELLS) for side in values.shape)
    return values if values.shape == (height, width) else cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)


def rows(values: np.ndarray) -> list[list[float]]:
    """A map (H, W) as float32, each in the fewest digits that tell it apart."""
    return [[float(str(value)) for value in row] for row in np.asarray(values, np.float32)]
