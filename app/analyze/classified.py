"""The Analyze page of a classifier without counterfactual attention: what it says, and the maps it has of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.layout import photo_column
from app.checks import Flag, Payload, Refused, one_of, real_number
from app.gallery import clicked
from app.html import message
from app.page import Frame, Page, Shown, by_name
from app.queues import PHOTO, REDRAW
from app.uploads import received
from cternet import Classified, ImageError, Predictor
from cternet.show.colours import SEQUENTIAL

FORGOTTEN = "This photo's answer is no longer kept on the server; choose the photo again to see it."
EXPLANATION = """
This model answers with one number for each emotion and has no counterfactual attention, so there is no total effect to show.
{maps} **Compare** shows what other methods say of its answer, and measures how far each map can be trusted.
"""


class ClassifiedView(Payload):
    """How the visitor chose to see the maps."""

    cmap: one_of(SEQUENTIAL)
    opacity: real_number(0, 1, "The slider of the opacity goes from 0 to 1.")
    smooth: Flag


class ClassifiedPage(Page):
    """Layout and handlers of the page."""

    name, title = "analyze", "Analyze"

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return ""

    def analyze(self, request: gr.Request, photo: Any, **values: Any) -> Shown:
        """A new photo: run the network once and show everything."""
        kept, session, chosen = self.studio.analyzed, request.session_hash, ClassifiedView.of(values)
        if photo is None:
            kept.drop(session)
            return {"answer": view.empty_answer(), "maps": "", "seen": ""}
        try:
            result = self.studio.predictor.analyze(received(photo).photo())
        except (Refused, ImageError) as error:
            kept.drop(session)
            return {"answer": message(str(error), kind="error"), "maps": "", "seen": ""}
        shown = {"answer": view.classified_answer(result), "seen": view.seen_view(result), **self.maps(result, chosen)}
        kept.put(session, result)
        return shown

    def redraw(self, request: gr.Request, **values: Any) -> Shown:
        """The maps in other colours; the network does not run."""
        result = self.studio.analyzed.get(request.session_hash)
        if result is None:
            gr.Info(FORGOTTEN)
            return {}
        return self.maps(result, ClassifiedView.of(values))

    @staticmethod
    def maps(result: Classified, chosen: ClassifiedView) -> Shown:
        return {"maps": view.own_maps(result, **chosen.model_dump())}

    def example(self, event: gr.EventData) -> str:
        """The example photo that was clicked."""
        return str(clicked(event, self.studio.examples))

    def leave(self, session: str) -> None:
        self.studio.analyzed.drop(session)

    def build(self, frame: Frame) -> None:
        photo, gallery, shown, look = self.lay_out(self.studio.examples)
        photo.change(
            **by_name(self.analyze, {"photo": photo} | look, shown),
            preprocess=False,
            **PHOTO,
            trigger_mode="always_last",
            show_progress_on=[shown["answer"], shown["maps"]],
            api_visibility="private",
        )
        gallery.select(self.example, None, photo, show_progress="hidden", api_visibility="private")
        changes = [look["cmap"].input, look["opacity"].input, look["smooth"].input]
        handler = by_name(self.redraw, look, {"maps": shown["maps"]})
        gr.on(changes, **handler, show_progress="hidden", trigger_mode="always_last", api_visibility="private", **REDRAW)

    @staticmethod
    def lay_out(examples: Sequence[Path]) -> tuple[gr.Image, gr.Gallery, dict[str, gr.HTML], dict[str, Any]]:
        """The photo, the examples, what is shown, and how maps are drawn."""
        with gr.Row(elem_id="workbench", equal_height=False):
            with gr.Column(scale=3, min_width=260, elem_id="photo-column"):
                photo, gallery, seen = photo_column(examples)
            with gr.Column(scale=6, min_width=320, elem_id="attention-column"):
                gr.HTML("<h2>Where the model looked, by its own maps</h2>")
                maps = gr.HTML("", elem_id="attention")
                with gr.Row():
                    opacity = gr.Slider(
                        0, 1, value=0.6, step=0.05, label="Opacity", info="Of the maps over the photo.", elem_id="opacity"
                    )
                    cmap = gr.Dropdown(list(SEQUENTIAL), value=SEQUENTIAL[0], label="Colours", elem_id="cmap")
                    smooth = gr.Checkbox(True, label="Smooth", info="Off: show the map's own cells.", elem_id="smooth")
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(EXPLANATION.format(maps="Maps it makes itself stand beside the photo, where it has any."))
            with gr.Column(scale=3, min_width=290, elem_id="answer-column"):
                answer = gr.HTML(view.empty_answer(), elem_id="answer")
        return (
            photo,
            gallery,
            {"answer": answer, "maps": maps, "seen": seen},
            {
                "cmap": cmap,
                "opacity": opacity,
                "smooth": smooth,
            },
        )
