"""The Analyze page of a classifier without counterfactual attention."""

from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.plain import Look, PlainPage
from app.checks import one_of
from app.workspace.open_photo import OpenPhoto
from cternet import Classified, Classifier, Predictor
from cternet.show.colours import SEQUENTIAL


class ColouredLook(Look):
    """The colours of the maps, too."""

    cmap: one_of(SEQUENTIAL)


class ClassifiedPage(PlainPage):
    """Which emotion, and the maps the network has of its own."""

    look = ColouredLook
    shows = "answer"
    explanation = """
This model answers with one number for each emotion and has no counterfactual attention, so there is no total effect to show.
Maps it makes itself stand over the photo, where it has any. **Compare** shows what other methods say of its answer, and
measures how far each map can be trusted.
"""

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return "" if isinstance(predictor.model, Classifier) else f"{predictor.name} names no emotions."

    def answer(self, photo: OpenPhoto) -> str:
        return view.answer_view(photo)

    def maps(self, photo: OpenPhoto, chosen: Any) -> str:
        assert isinstance(photo.result, Classified)
        return view.own_maps(photo.result, **chosen.model_dump())

    def controls(self) -> dict[str, Any]:
        colours = gr.Dropdown(list(SEQUENTIAL), value=SEQUENTIAL[0], label="Colours", elem_id="cmap")
        return {"cmap": colours, **super().controls()}
