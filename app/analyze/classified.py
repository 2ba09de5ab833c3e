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
This model gives each emotion one score. It has no counterfactual attention, so there is no total effect to show.
If it has maps of its own, they are shown over the photo. **Compare** shows how other methods explain its answer, and
measures how far to trust each map.
"""

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return "" if isinstance(predictor.model, Classifier) else f"{predictor.name} does not name emotions."

    def answer(self, photo: OpenPhoto) -> str:
        return view.answer_view(photo)

    def maps(self, photo: OpenPhoto, chosen: Any) -> str:
        assert isinstance(photo.result, Classified)
        return view.own_maps(photo.result, **chosen.model_dump())

    def controls(self) -> dict[str, Any]:
        colours = gr.Dropdown(list(SEQUENTIAL), value=SEQUENTIAL[0], label="Colours", elem_id="cmap")
        return {"cmap": colours, **super().controls()}
