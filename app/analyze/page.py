"""The Analyze page: which emotion, which part of the photo spoke for it, and behind a button how that is known."""

from collections.abc import Callable
from typing import Annotated, Any

import gradio as gr
from pydantic import BeforeValidator

from app.analyze import view
from app.analyze.layout import DOWNLOADS, OPACITY, Layout, lay_out, nothing
from app.checks import Flag, Payload, Refused, Seed, offered, one_of, real_number
from app.choices import allocations, first
from app.page import Frame, Page, Shown, by_name
from app.queues import REDRAW
from app.workspace.open_photo import FORGOTTEN, OpenPhoto
from cternet import LEVELS, Analysis, Predictor
from cternet.show.colours import SEQUENTIAL
from cternet.show.export import write

UNKNOWN_EMOTION = "This model does not know that emotion; reload the page."
Part = Callable[[OpenPhoto, Analysis, "View"], str]


class View(Payload):
    """What the visitor chose to look at, by the names of the components."""

    allocation: offered("allocations")
    level: one_of(LEVELS)
    seed: Annotated[Seed, BeforeValidator(lambda value: value or 0)]
    share: real_number(0, 100, "The λ slider goes from 0 to 100.")
    label: offered("emotions", UNKNOWN_EMOTION) | None
    cmap: one_of(SEQUENTIAL)
    opacity: real_number(0, 1, "The opacity slider goes from 0 to 1.")
    shared: Flag
    smooth: Flag


def answer(photo: OpenPhoto, _looked: Analysis, _chosen: View) -> str:
    return view.answer_view(photo)


def effect(_photo: OpenPhoto, looked: Analysis, chosen: View) -> str:
    return view.effect_view(looked, chosen.label or looked.prediction, opacity=chosen.opacity, smooth=chosen.smooth)


def attention(_photo: OpenPhoto, looked: Analysis, chosen: View) -> str:
    look = chosen.model_dump(include={"cmap", "opacity", "shared", "smooth"})
    return view.attention_view(looked, share=chosen.share / 100, **look)


def chart(_photo: OpenPhoto, looked: Analysis, chosen: View) -> str:
    return view.chart_view(looked, chosen.share / 100)


def seen(_photo: OpenPhoto, looked: Analysis, _chosen: View) -> str:
    return view.seen_view(looked)


PARTS: dict[str, Part] = {"answer": answer, "effect": effect, "attention": attention, "chart": chart, "seen": seen}
"""What shows an analysis, by the names of the components."""
REFERENCE = ("allocation", "level", "seed")
"""Controls of S*."""
REDRAWN = {
    REFERENCE: ("effect", "attention", "chart"),
    ("share",): ("attention", "chart"),
    ("label",): ("effect",),
    ("cmap", "shared"): ("attention",),
    ("opacity", "smooth"): ("attention", "effect"),
}
"""Which parts a control changes."""


class AnalyzePage(Page):
    """Layout and handlers of the page."""

    name, title = "analyze", "Analyze"

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        if predictor.model.has_counterfactual:
            return ""
        return f"{predictor.name} has no counterfactual attention; choose a CTERNet model."

    # --- handlers

    def view(self, values: dict[str, Any]) -> View:
        predictor = self.studio.predictor
        return View.of(values, allocations=allocations(predictor), emotions=predictor.config.classes)

    def show(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor's photo, with the emotion they look at; the network does not run."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return nothing()
        chosen: Shown = {"label": photo.emotion or photo.analysis.prediction}
        if photo.reference is not None:
            chosen |= dict(zip(REFERENCE, photo.reference, strict=True))
        return self.drawn(photo, self.view(values | chosen), tuple(PARTS)) | chosen

    def enter(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor came to this page."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request, **values)

    def redraw(self, parts: tuple[str, ...]) -> Callable[..., Shown]:
        """A handler that redraws ``parts`` from the visitor's own analysis; the network does not run."""

        def redraw(request: gr.Request, **values: Any) -> Shown:
            photo = self.studio.photos.get(request.session_hash)
            if photo is None:
                raise Refused(FORGOTTEN)
            chosen = self.view(values)
            photo.emotion = None if chosen.label == photo.analysis.prediction else chosen.label
            photo.reference = chosen.allocation, chosen.level, chosen.seed
            return self.drawn(photo, chosen, parts)

        return redraw

    @staticmethod
    def drawn(photo: OpenPhoto, chosen: View, parts: tuple[str, ...]) -> Shown:
        looked = photo.look(chosen.allocation, chosen.level, chosen.seed)
        return {name: PARTS[name](photo, looked, chosen) for name in parts}

    def opens(self) -> Shown:
        """What stands on the page before anyone has clicked: the first example."""
        if not self.studio.examples:
            return nothing() | {"label": self.studio.predictor.config.classes[0]}
        example = self.studio.examples[0]
        photo = self.studio.example_photo(example)
        config = self.studio.predictor.config
        chosen = self.view(
            {
                "allocation": first(self.studio.predictor),
                "level": config.level,
                "seed": 0,
                "share": 0,
                "label": photo.analysis.prediction,
                "cmap": SEQUENTIAL[0],
                "opacity": OPACITY,
                "shared": True,
                "smooth": True,
            }
        )
        return self.drawn(photo, chosen, tuple(PARTS)) | {"label": photo.analysis.prediction}

    def download(self, ending: str) -> Callable[..., Shown]:
        def download(request: gr.Request, **values: Any) -> Shown:
            photo = self.studio.photos.get(request.session_hash)
            if photo is None:
                raise Refused(FORGOTTEN)
            chosen = self.view(values)
            look = chosen.model_dump(include={"label", "cmap", "opacity", "shared", "smooth"})
            analysis = photo.look(chosen.allocation, chosen.level, chosen.seed)
            with self.studio.downloads.writing(request.session_hash) as folder:
                return {"file": str(write(analysis, folder / f"{photo.file_name('analysis')}{ending}", **look))}

        return download

    # --- layout

    def build(self, frame: Frame) -> None:
        self.wire(lay_out(self.studio.predictor, self.opens()), frame)

    def wire(self, layout: Layout, frame: Frame) -> None:
        """What happens when something is chosen, pressed or moved."""
        named, controls = layout.components, {name: layout.components[name] for name in View.model_fields}
        shown = {name: named[name] for name in (*PARTS, "label", *REFERENCE)}
        frame.on_photo(by_name(self.show, controls, shown) | REDRAW, by_name(self.enter, controls, shown) | REDRAW)
        live = {"trigger_mode": "always_last", "api_visibility": "private"} | REDRAW
        for changed, parts in REDRAWN.items():
            handler = by_name(self.redraw(parts), controls, {name: named[name] for name in parts})
            gr.on([named[name].input for name in changed], **handler, show_progress="hidden", **live)
        named["label"].input(None, named["label"], None, js="label => { window.studio.set({emotion: label}); }")
        for ending in DOWNLOADS:
            handler = by_name(self.download(ending), controls, {"file": layout.file})
            layout.buttons[ending].click(**handler, show_progress="minimal", **live).success(
                None, js="() => document.querySelector('#file').click()", api_visibility="private"
            )
