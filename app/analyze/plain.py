"""What the Analyze page is for models without counterfactual attention: their answer, their own maps, and files of both."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import gradio as gr

from app.analyze import view
from app.analyze.layout import OPACITY, download_row
from app.checks import Flag, Payload, Refused, real_number
from app.page import Frame, Page, Shown, by_name
from app.queues import REDRAW
from app.workspace.open_photo import FORGOTTEN, OpenPhoto
from cternet.show.export import write


class Look(Payload):
    """How the visitor chose to see the maps."""

    opacity: real_number(0, 1, "The opacity slider goes from 0 to 1.")
    smooth: Flag


class PlainPage(Page):
    """Layout and handlers; a subclass says how the answer and the maps of its models look.

    Attributes:
        look: what is chosen of the maps, by the names of ``controls``.
        explanation: of what is seen, in Markdown.
        shows: what a download is called after.
    """

    name, title = "analyze", "Analyze"
    look: ClassVar[type[Look]] = Look
    explanation: ClassVar[str]
    shows: ClassVar[str]

    @abstractmethod
    def answer(self, photo: OpenPhoto) -> str:
        """What the model says, as HTML."""

    @abstractmethod
    def maps(self, photo: OpenPhoto, chosen: Any) -> str:
        """The maps over the photo, as HTML."""

    def controls(self) -> dict[str, Any]:
        """How maps are drawn."""
        opacity = gr.Slider(0, 1, value=OPACITY, step=0.05, label="Overlay opacity", elem_id="opacity")
        return {"opacity": opacity, "smooth": gr.Checkbox(True, label="Smooth", elem_id="smooth")}

    # --- handlers

    def show(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor's photo; the network does not run."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"answer": view.empty_answer(), "maps": view.empty_effect(), "seen": ""}
        maps = self.maps(photo, self.look.of(values))
        return {"answer": self.answer(photo), "maps": maps, "seen": view.seen_view(photo.result)}

    def enter(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor came to this page."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request, **values)

    def redraw(self, request: gr.Request, **values: Any) -> Shown:
        """The maps in another way."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            raise Refused(FORGOTTEN)
        return {"maps": self.maps(photo, self.look.of(values))}

    def download(self, ending: str) -> Callable[..., Shown]:
        def download(request: gr.Request, **values: Any) -> Shown:
            photo = self.studio.photos.get(request.session_hash)
            if photo is None:
                raise Refused(FORGOTTEN)
            look = self.look.of(values).model_dump()
            with self.studio.downloads.writing(request.session_hash) as folder:
                return {"file": str(write(photo.result, folder / f"{photo.file_name(self.shows)}{ending}", **look))}

        return download

    # --- layout

    def build(self, frame: Frame) -> None:
        with gr.Row(elem_id="workbench", equal_height=False):
            with gr.Column(scale=6, min_width=320, elem_id="picture-column"):
                shown = {"maps": gr.HTML(view.empty_effect(), elem_id="effect")}
                with gr.Row(elem_id="look"):
                    look = self.controls()
            with gr.Column(scale=5, min_width=300, elem_id="answer-column"):
                shown["answer"] = gr.HTML(view.empty_answer(), elem_id="answer")
                buttons, file = download_row()
                shown["seen"] = gr.HTML("", elem_id="seen")
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(self.explanation)
        frame.on_photo(by_name(self.show, look, shown) | REDRAW, by_name(self.enter, look, shown) | REDRAW)
        live = {"trigger_mode": "always_last", "api_visibility": "private"} | REDRAW
        redraw = by_name(self.redraw, look, {"maps": shown["maps"]})
        gr.on([part.input for part in look.values()], **redraw, show_progress="hidden", **live)
        for ending, button in buttons.items():
            saved = by_name(self.download(ending), look, {"file": file})
            button.click(**saved, show_progress="minimal", **live).success(
                None, js="() => document.querySelector('#file').click()", api_visibility="private"
            )
