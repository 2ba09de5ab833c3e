"""The Analyze page of a classifier without counterfactual attention: what it says, and the maps it has of its own."""

from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.layout import OPACITY
from app.checks import Flag, Payload, one_of, real_number
from app.page import Frame, Page, Shown, by_name
from app.queues import REDRAW
from cternet import Classified, Classifier, Predictor
from cternet.show.colours import SEQUENTIAL

EXPLANATION = """
This model answers with one number for each emotion and has no counterfactual attention, so there is no total effect to show.
Maps it makes itself stand over the photo, where it has any. **Compare** shows what other methods say of its answer, and
measures how far each map can be trusted.
"""


class ClassifiedView(Payload):
    """How the visitor chose to see the maps."""

    cmap: one_of(SEQUENTIAL)
    opacity: real_number(0, 1, "The slider of the colours goes from 0 to 1.")
    smooth: Flag


class ClassifiedPage(Page):
    """Layout and handlers of the page."""

    name, title = "analyze", "Analyze"

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return "" if isinstance(predictor.model, Classifier) else f"{predictor.name} names no emotions."

    def show(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor's photo; the network does not run."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"answer": view.empty_answer(), "maps": view.empty_effect(), "seen": ""}
        return {
            "answer": view.answer_view(photo),
            "seen": view.seen_view(photo.result),
            **self.maps(photo.result, ClassifiedView.of(values)),
        }

    def enter(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor came to this page."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request, **values)

    def redraw(self, request: gr.Request, **values: Any) -> Shown:
        """The maps in other colours."""
        photo = self.studio.photos.get(request.session_hash)
        return {} if photo is None else self.maps(photo.result, ClassifiedView.of(values))

    @staticmethod
    def maps(result: Classified, chosen: ClassifiedView) -> Shown:
        return {"maps": view.own_maps(result, **chosen.model_dump())}

    def build(self, frame: Frame) -> None:
        shown, look = self.lay_out()
        frame.on_photo(by_name(self.show, look, shown) | REDRAW, by_name(self.enter, look, shown) | REDRAW)
        changes = [part.input for part in look.values()]
        handler = by_name(self.redraw, look, {"maps": shown["maps"]})
        gr.on(changes, **handler, show_progress="hidden", trigger_mode="always_last", api_visibility="private", **REDRAW)

    @staticmethod
    def lay_out() -> tuple[dict[str, gr.HTML], dict[str, Any]]:
        """What is shown, and how maps are drawn."""
        with gr.Row(elem_id="workbench", equal_height=False):
            with gr.Column(scale=6, min_width=320, elem_id="picture-column"):
                maps = gr.HTML(view.empty_effect(), elem_id="effect")
                with gr.Row(elem_id="look"):
                    cmap = gr.Dropdown(list(SEQUENTIAL), value=SEQUENTIAL[0], label="Colours", elem_id="cmap")
                    opacity = gr.Slider(0, 1, value=OPACITY, step=0.05, label="Colour over the photo", elem_id="opacity")
                    smooth = gr.Checkbox(True, label="Smooth", elem_id="smooth")
            with gr.Column(scale=5, min_width=300, elem_id="answer-column"):
                answer = gr.HTML(view.empty_answer(), elem_id="answer")
                seen = gr.HTML("", elem_id="seen")
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(EXPLANATION)
        return {"answer": answer, "maps": maps, "seen": seen}, {"cmap": cmap, "opacity": opacity, "smooth": smooth}
