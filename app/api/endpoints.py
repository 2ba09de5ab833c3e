"""The way in for programs: four named endpoints, which are MCP tools as well (docs/api.md).

Nothing is kept between calls.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import gradio as gr

from app.api.answers import analyze_answer, answer_of, compare_answer, intervene_answer, needed_answer, told
from app.api.inputs import (
    QUICK,
    AnalyzeArguments,
    CompareArguments,
    InterveneArguments,
    NeededArguments,
    mask_from_cells,
    mask_from_picture,
    opened,
)
from app.calls import stop
from app.checks import Refused, sentence
from app.choices import allocations
from app.queues import PROGRAM, PROGRAM_LONG
from cternet import ALLOCATIONS, LEVELS, AllocationName, Analysis, Classified, Classifier, ImageError
from cternet.compare import DEFAULT, Networks, load_samples
from cternet.compare import compare as explain
from cternet.compare import measure as measure_maps
from cternet.minimal_sets import keeping_set, turning_set
from cternet.occlusion import really_hide
from cternet.results.painting import MODES, paint
from cternet.stopping import Stopped

OWN = "own"
"""What the checkpoint was trained with."""
DEFAULT_METHODS = list(DEFAULT)
# Defaults are of an argument's type, not None: of a "file or nothing" gradio's MCP server would not fetch the file, and a
# schema of two alternatives makes its messages useless.
NO_FILE: Any = ""
NO_CELLS: list[list[float]] = []

OwnOrAllocation = Literal[(OWN, *get_args(AllocationName))]
LevelName = Literal[(OWN, *LEVELS)]
ModeName = Literal[tuple(MODES)]
MethodName = Literal[QUICK]
log = logging.getLogger(__name__)


class Endpoints:
    """``analyze``, ``intervene`` and ``compare``; their docstrings are what MCP clients read.

    Args:
        models: each with the networks it is compared with; shared by all visitors, keep nothing of them.  The first is the
            default.
    """

    def __init__(self, *models: Networks) -> None:
        self.models = {networks.predictor.name: networks for networks in models}

    def networks(self, model: Any) -> Networks:
        """The model that a call names, and those it is compared with.

        Raises:
            Refused: there is none of that name.
        """
        if model in ("", None):
            return next(iter(self.models.values()))
        if not isinstance(model, str) or model not in self.models:
            raise Refused(f"The argument model must be one of {', '.join(self.models)}.")
        return self.models[model]

    def build(self) -> None:
        """Add the endpoints; call first inside ``gr.Blocks``, for gradio gives names to those who come first."""
        gr.api(self.analyze, api_name="analyze", **PROGRAM)
        gr.api(self.intervene, api_name="intervene", **PROGRAM)
        gr.api(self.what_would_it_take, api_name="what_would_it_take", **PROGRAM)
        # Measuring takes many seconds: not before everybody's next photo.
        gr.api(self.compare, api_name="compare", **PROGRAM_LONG)

    def analyze(
        self,
        request: gr.Request,
        image: gr.FileData,
        allocation: OwnOrAllocation = OWN,
        level: LevelName = OWN,
        seed: int = 0,
        emotion: str = "",
        maps: bool = True,
        figure: bool = False,
        model: str = "",
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
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, at most 20 MB and 50 megapixels.
            allocation: What S* is; own is the one the model was trained with.
            level: Where attention is replaced; own is the one the model was trained with.
            seed: Which draw of a random or shuffled S* to show, from 0 to 2147483647; expectations do not depend on it.
            emotion: Emotion whose effect map T to return, one of the keys of Y_TE; by default the predicted one.
            maps: Whether to return S, S*, E[S*] and T, 14 rows of 14 numbers each; false keeps the answer short.
            figure: Whether to return the analysis figure, a PNG of about 700 kB as a data: URL.
            model: Name of one of this server's models; the first one by default. A rating model returns valence and arousal.
        """
        with self.answering():
            predictor = self.networks(model).predictor
            offered = {
                "allocation": (OWN, *allocations(predictor)),
                "level": (OWN, *LEVELS),
                "emotion": predictor.config.classes,
            }
            given = {"allocation": allocation, "level": level, "seed": seed, "emotion": emotion}
            given |= {"maps": maps, "figure": figure}
            asked = AnalyzeArguments.of(given, **offered)
            found = predictor.analyze(opened("image", image), stop=stop())
            if isinstance(found, Analysis):
                found = looked(found, asked.allocation, asked.level, asked.seed)
            elif (asked.allocation, asked.level) != (OWN, OWN):
                raise Refused(f"{predictor.name} has no attention to replace; leave allocation and level as they are.")
            if not isinstance(found, Classified) and asked.emotion:
                raise Refused(f"{predictor.name} rates photos and does not name emotions; omit emotion.")
            return told(analyze_answer(found, asked.emotion, maps=asked.maps, figure=asked.figure), request)

    def intervene(
        self,
        request: gr.Request,
        image: gr.FileData,
        mask: gr.FileData = NO_FILE,
        cells: list[list[float]] = NO_CELLS,
        mode: ModeName = "ignore",
        maps: bool = True,
        model: str = "",
    ) -> dict[str, Any]:
        """What CTERNet would have said of a photo, had it not noticed the painted part ("ignore"), looked at the rest
        instead ("look-elsewhere"), or at nothing else ("look-only"). The painting changes the model's attention S to s', not
        the photo. Returns every emotion's numbers before and after, and the change Y(s') - Y(S) in logits: below 0 where the
        emotion loses.
        Give the painting either as a picture (mask) or as numbers (cells), over the whole photo.

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, at most 20 MB and 50 megapixels.
            mask: A picture of the photo's size, or scaled evenly from it; white is painted, black and transparent are not.
            cells: Rows, top to bottom, of numbers from 0 (free) to 1 (painted); 14 rows of 14 for the shipped model.
            mode: ignore takes attention from the painted part, look-elsewhere moves it to the rest, look-only all of it there.
            maps: Whether to return the mask, S and s', 14 rows of 14 numbers each; false keeps the answer short.
            model: Name of one of this server's models; the first one by default.
        """
        with self.answering():
            predictor = self.networks(model).predictor
            if not predictor.model.has_evidence:
                raise Refused(f"{predictor.name} has no evidence map to paint on; choose a CTERNet model.")
            asked = InterveneArguments.of({"mode": mode, "maps": maps, "mask": mask, "cells": cells}, mode=MODES)
            photo = opened("image", image)
            before = predictor.analyze(photo, stop=stop())
            if asked.mask:
                painted = mask_from_picture(asked.mask, photo.size, before.s.shape, predictor.config.geometry)
            else:
                painted = mask_from_cells(asked.cells, before.s.shape)
            try:
                after = paint(before, painted, asked.mode)
            except ValueError as error:  # nothing, or everything, is painted
                raise Refused(sentence(error)) from None
            return told(intervene_answer(before, after, painted, asked.mode, maps=asked.maps), request)

    def what_would_it_take(
        self, request: gr.Request, image: gr.FileData, hide: bool = False, maps: bool = True, model: str = ""
    ) -> dict[str, Any]:
        """The smallest part of a photo which, had CTERNet not noticed it, turns its answer into another emotion, and the
        smallest part that alone is enough for the answer: exact, for the answer is linear in the attention. Each comes with its
        size in cells, its share of the photo and of the attention, and a sentence. An answer that a small part turns rests on
        that part. Not noticing changes the model's attention, not the photo; hide also covers the pixels of the first part
        with a blur and says what the model answers then, which may differ.

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, at most 20 MB and 50 megapixels.
            hide: Whether to also hide the pixels and run the network again.
            maps: Whether to return the cells, 14 rows of 14 for the shipped model, 1 where not noticed.
            model: Name of one of this server's models; the first one by default.
        """
        with self.answering():
            predictor = self.networks(model).predictor
            if not (predictor.model.has_evidence and predictor.model.has_counterfactual):
                raise Refused(f"{predictor.name} has no evidence map to search; choose a CTERNet model.")
            asked = NeededArguments.of({"hide": hide, "maps": maps})
            found = predictor.analyze(opened("image", image), stop=stop())
            turning, keeping = turning_set(found), keeping_set(found)
            answer = needed_answer(found, turning, keeping, maps=asked.maps)
            if asked.hide and turning is not None and not turning.cells.all():
                answer["hidden"] = answer_of(really_hide(predictor, found, turning.mask).hidden)
            return told(answer, request)

    def compare(
        self,
        request: gr.Request,
        image: gr.FileData,
        methods: list[MethodName] = DEFAULT_METHODS,
        emotion: str = "",
        measure: bool = False,
        maps: bool = True,
        model: str = "",
    ) -> dict[str, Any]:
        """Maps of several explanation methods (CAM, saliency, WSCNet, CTERNet's S, S* and effect, the Grad-CAM family)
        for one photo, how alike they are (Spearman's rank correlation of every two), and, if asked, how faithful each is
        to the classifier it explains, beside a random map: deletion (lower is better), insertion and ROAD (higher is
        better). Maps are on each method's own scale. A method without a map says why in "problem".

        Args:
            image: The photo: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, at most 20 MB and 50 megapixels.
            methods: Names of methods.
            emotion: Emotion to explain, for methods with a map for each; by default the one CTERNet predicts.
            measure: Whether to measure faithfulness, of at most 8 methods; takes seconds per method.
            maps: Whether to return the maps, at most 64 cells a side; false keeps the answer short.
            model: Name of one of this server's models; the first one by default.
        """
        with self.answering():
            networks = self.networks(model)
            if not isinstance(networks.predictor.model, Classifier):
                raise Refused(f"{networks.predictor.name} does not name emotions, so there are no maps to compare.")
            given = {"methods": methods, "emotion": emotion, "measure": measure, "maps": maps}
            asked = CompareArguments.of(given, methods=QUICK, emotion=networks.classes)
            (sample,) = load_samples(networks, [opened("image", image)])
            comparison = explain(sample, asked.methods, asked.emotion, stop=stop())
            if asked.measure:  # each has more numbers than the one before
                *_, comparison = comparison, *measure_maps(sample, comparison, stop=stop())
            return told(compare_answer(networks, sample, comparison, maps=asked.maps), request)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Whatever goes wrong within becomes one sentence for the program that called."""
        try:
            yield
        except (Refused, Stopped):
            raise
        except ImageError as error:
            raise Refused(str(error)) from None
        except Exception:
            log.exception("a call of a program failed")
            raise Refused("The server failed on this photo; your call is fine.") from None


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
