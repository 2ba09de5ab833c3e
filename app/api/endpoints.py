"""The way in for programs: three named endpoints, which are MCP tools as well (docs/api.md).

Nothing is kept between calls.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import cv2
import gradio as gr
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from app.api.inputs import (
    QUICK,
    check_emotion,
    check_flag,
    checked,
    checked_methods,
    mask_from_cells,
    mask_from_picture,
    opened,
)
from app.checks import Refused, number, sentence
from app.choices import allocations
from app.links import MAX_SEED
from app.queues import LONG, PHOTO
from cternet import ALLOCATIONS, LEVELS, Analysis, ImageError
from cternet.compare import DEFAULT, METHODS, Faithfulness, Networks, Panel, compare, load_samples, measure
from cternet.networks.allocations import AllocationName
from cternet.results.painting import MODES, paint

MOST_MEASURED = 8
"""Methods measured in one call: each takes seconds."""
MOST_CELLS = 64
"""Cells a side of the maps given back; finer ones are averaged down to it."""
OWN = "own"
"""What the checkpoint was trained with."""
DEFAULT_METHODS = list(DEFAULT)
# Defaults are of an argument's type, not None: of a "file or nothing" gradio's MCP server would not fetch the file, and a
# schema of two alternatives makes its messages useless.
NO_FILE: Any = ""
NO_CELLS: list[list[float]] = []

AllocationName = Literal[(OWN, *get_args(AllocationName))]
LevelName = Literal[(OWN, *LEVELS)]
ModeName = Literal[tuple(MODES)]
MethodName = Literal[QUICK]
log = logging.getLogger(__name__)


class Endpoints:
    """``analyze``, ``intervene`` and ``compare``; their docstrings are what MCP clients read.

    Args:
        networks: CTERNet and those it is compared with; shared by all visitors, keep nothing of them.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks, self.predictor = networks, networks.predictor

    def build(self) -> None:
        """Add the endpoints; call first inside ``gr.Blocks``, for gradio gives names to those who come first."""
        gr.api(self.analyze, api_name="analyze", **PHOTO)
        gr.api(self.intervene, api_name="intervene", **PHOTO)
        # Measuring takes many seconds: beside the surveys, not before every visitor's next photo.
        gr.api(self.compare, api_name="compare", **LONG)

    def analyze(
        self,
        request: gr.Request,
        image: gr.FileData,
        allocation: AllocationName = OWN,
        level: LevelName = OWN,
        seed: int = 0,
        emotion: str = "",
        maps: bool = True,
    ) -> dict[str, Any]:
        """Which emotion a photo evokes according to CTERNet, where the model looked (S), where it might have looked
        instead (S*, counterfactual attention), and what the difference did to its answer: Y_TE = Y(S) - E[Y(S*)], exact.
        "Counterfactual" is about the model's attention, not about the world. The prediction is the emotion with the largest
        of the logits that the model answers with (predicted_with): Y(S), or Y_TE under its own S*; another allocation or level
        shows other effects, never another prediction. A random
        S* has random values, a reversed one has most attention where there was least, a shuffled one is another photo's. It
        replaces the attention maps as in the paper, or the map S, or S while keeping its mean. Numbers are logits unless
        they are called probabilities; maps lie over the whole photo, rows from top to bottom.

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF, at most 20 MB and 50 megapixels.
            allocation: What S* is; own is the one the model was trained with.
            level: Where attention is replaced; own is the one the model was trained with.
            seed: Which draw of a random or shuffled S* to show, from 0 to 2147483647; expectations do not depend on it.
            emotion: Whose effect map T to give, one of the keys of Y_TE; by default the predicted one.
            maps: Whether to give S, S*, E[S*] and T, 14 rows of 14 numbers each; false keeps the answer short.
        """
        with self.answering():
            checked("allocation", allocation, (OWN, *allocations(self.predictor)))
            checked("level", level, (OWN, *LEVELS))
            seed = int(number(seed, 0, MAX_SEED, f"The seed must be a whole number from 0 to {MAX_SEED}.", whole=True))
            check_emotion(emotion, self.predictor.config.classes)
            check_flag("maps", maps)
            found = self.looked(self.predictor.analyze(opened("image", image)), allocation, level, seed)
            label = emotion or found.prediction
            answer = {**found.numbers(), "emotion": label}
            if maps:
                answer["maps"] = {
                    "shape": list(found.s.shape),
                    "S": rows(found.attended),
                    "S* shown": rows(found.counterfactual.shown),
                    "E[S*]": rows(found.counterfactual.mean),
                    "T": rows(found.effect_map[found.labels.index(label)]),
                }
            return told(answer, request)

    def intervene(
        self,
        request: gr.Request,
        image: gr.FileData,
        mask: gr.FileData = NO_FILE,
        cells: list[list[float]] = NO_CELLS,
        mode: ModeName = "ignore",
        maps: bool = True,
    ) -> dict[str, Any]:
        """What CTERNet would have said of a photo, had it not noticed the painted part ("ignore"), looked at the rest
        instead ("look-elsewhere"), or at nothing else ("look-only"). The painting changes the model's attention S to s', not
        the photo. Gives every emotion's numbers before and after, and the effect Y(S) - Y(s') in logits: what the attention
        taken or moved away had added to each emotion.
        Give the painting either as a picture (mask) or as numbers (cells), over the whole photo.

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF, at most 20 MB and 50 megapixels.
            mask: A picture as large as the photo, or that scaled evenly; white is painted, black and transparent are not.
            cells: Rows, top to bottom, of numbers from 0 (free) to 1 (painted); 14 rows of 14 for the shipped model.
            mode: ignore takes attention from the painted part, look-elsewhere moves it to the rest, look-only all of it there.
            maps: Whether to give the mask, S and s', 14 rows of 14 numbers each; false keeps the answer short.
        """
        with self.answering():
            checked("mode", mode, MODES)
            check_flag("maps", maps)
            if bool(mask) == bool(cells):
                raise Refused("Give the painting either as mask, a picture, or as cells, a list of rows: one of them.")
            photo = opened("image", image)
            before = self.predictor.analyze(photo)
            shape = before.s.shape
            if mask:
                painted = mask_from_picture(mask, photo.size, shape, self.predictor.config.geometry)
            else:
                painted = mask_from_cells(cells, shape)
            try:
                after = paint(before, painted, mode)
            except ValueError as error:  # nothing, or everything, is painted
                raise Refused(sentence(error)) from None
            answer = {
                "model": before.model,
                "geometry": before.geometry,
                "predicted_with": before.predicted_with,
                "mode": mode,
                "painted_share": float(painted.mean() / 255),
                "before": answer_of(before),
                "after": answer_of(after),
                "effect": by_label(after.labels, after.effect_of_painting),
            }
            if maps:
                answer["maps"] = {
                    "shape": list(shape),
                    "mask": rows(painted / 255),
                    "S": rows(before.s),
                    "s'": rows(after.attended),
                }
            return told(answer, request)

    def compare(
        self,
        request: gr.Request,
        image: gr.FileData,
        methods: list[MethodName] = DEFAULT_METHODS,
        emotion: str = "",
        measure: bool = False,
        maps: bool = True,
    ) -> dict[str, Any]:
        """Maps of several explanation methods (CAM, saliency, WSCNet, CTERNet's S, S* and effect, the Grad-CAM family)
        for one photo, how alike they are (Spearman's rank correlation of every two), and, if asked, how faithful each is
        to the classifier it explains, beside a random map: deletion (lower is better), insertion and ROAD (higher is
        better). Maps are on each method's own scale. A method that has no map here says why in "problem".

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF, at most 20 MB and 50 megapixels.
            methods: Names of methods.
            emotion: Whose maps to make where a method has one for each; by default the one CTERNet predicts.
            measure: Whether to measure faithfulness, of at most 8 methods; takes seconds a method.
            maps: Whether to give the maps, of at most 64 cells a side; false keeps the answer short.
        """
        with self.answering():
            chosen = checked_methods(methods)
            check_emotion(emotion, self.predictor.config.classes)
            check_flag("measure", measure)
            check_flag("maps", maps)
            if measure and len(chosen) > MOST_MEASURED:
                raise Refused(f"At most {MOST_MEASURED} methods are measured in one call, not {len(chosen)}; ask in parts.")
            return told(self.compared(opened("image", image), chosen, emotion, measured=measure, maps=maps), request)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Whatever goes wrong within becomes one sentence for the program that called."""
        try:
            yield
        except Refused:
            raise
        except ImageError as error:
            raise Refused(str(error)) from None
        except Exception:
            log.exception("a call of a program failed")
            raise Refused("This program failed on that photo; nothing is wrong with the call.") from None

    @staticmethod
    def looked(analysis: Analysis, allocation: str, level: str, seed: int) -> Analysis:
        """The analysis under another S*, or another draw of its own."""
        own = analysis.own
        if allocation == level == OWN and (seed == 0 or own.seed is None):
            return analysis
        if allocation == OWN:
            allocation = own.allocation
        if ALLOCATIONS[allocation].needs == "bank" and analysis.bank is None:
            raise Refused("This model has no other photos' attention to shuffle; choose another allocation.")
        return analysis.intervene(allocation, level=own.level if level == OWN else level, seed=seed)

    def compared(
        self, photo: Image.Image, methods: tuple[str, ...], emotion: str, *, measured: bool, maps: bool
    ) -> dict[str, Any]:
        (sample,) = load_samples(self.networks, [photo])
        comparison = compare(sample, methods, emotion)
        if measured:  # each has more numbers than the one before
            *_, comparison = comparison, *measure(sample, comparison)
        return {
            "networks": dict(self.networks.names),
            "geometry": sample.analysis.geometry,
            "prediction": comparison.prediction,
            "emotion": comparison.label,
            "methods": {
                panel.method: self.panel(panel, comparison.control(panel.method), maps=maps) for panel in comparison.panels
            },
            "agreement": {
                "methods": list(methods),
                "values": [[None if np.isnan(v) else float(v) for v in row] for row in comparison.agreement],
            },
        }

    @staticmethod
    def panel(panel: Panel, control: Faithfulness | None, *, maps: bool) -> dict[str, Any]:
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


# --- what is answered


def told(answer: dict[str, Any], request: gr.Request) -> Any:
    """The answer; as JSON text for an MCP client, to whom gradio would show Python's own notation."""
    return json.dumps(answer, ensure_ascii=False) if request.headers.get("x-gradio-user") == "mcp" else answer


def by_label(labels: tuple[str, ...], values: ArrayLike) -> dict[str, float]:
    return {label: float(value) for label, value in zip(labels, values, strict=True)}


def answer_of(analysis: Analysis) -> dict[str, Any]:
    """What the model says with the map that is in the place of S."""
    return {
        "prediction": analysis.prediction,
        "polarity": analysis.polarity,
        "probabilities": by_label(analysis.labels, analysis.probabilities),
        "Y": by_label(analysis.labels, analysis.y_factual),
        "Y_TE": by_label(analysis.labels, analysis.own_effect),
    }


def averaged(values: np.ndarray) -> np.ndarray:
    """A map (H, W) of at most ``MOST_CELLS`` cells a side."""
    height, width = (min(side, MOST_CELLS) for side in values.shape)
    return values if values.shape == (height, width) else cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)


def rows(values: np.ndarray) -> list[list[float]]:
    """A map (H, W) as float32, each in the fewest digits that tell it apart."""
    return [[float(str(value)) for value in row] for row in np.asarray(values, np.float32)]
