"""The Analyze page: a photo, where the model looked, where it might have looked, and what the difference did."""

from collections.abc import Callable
from typing import Annotated, Any

import gradio as gr
from pydantic import BeforeValidator

from app.analyze import view
from app.analyze.layout import DOWNLOADS, Layout, lay_out
from app.checks import Flag, Payload, Refused, Seed, offered, one_of, real_number
from app.choices import allocations
from app.gallery import clicked
from app.html import message
from app.page import Frame, Page, Shown, by_name
from app.queues import PHOTO, REDRAW
from app.uploads import received
from cternet import LEVELS, Analysis, ImageError, Predictor
from cternet.show.colours import SEQUENTIAL
from cternet.show.export import write

FORGOTTEN = "This photo's analysis is no longer kept on the server; choose the photo again to see it."
UNKNOWN_EMOTION = "This model does not know that emotion; reload the page."
Part = Callable[[Analysis, "View"], str]


class View(Payload):
    """What the visitor chose to look at, by the names of the components."""

    allocation: offered("allocations")
    level: one_of(LEVELS)
    seed: Annotated[Seed, BeforeValidator(lambda value: value or 0)]
    share: real_number(0, 100, "The slider of λ goes from 0 to 100.")
    label: offered("emotions", UNKNOWN_EMOTION) | None
    cmap: one_of(SEQUENTIAL)
    opacity: real_number(0, 1, "The slider of the opacity goes from 0 to 1.")
    shared: Flag
    smooth: Flag

    def look(self, analysis: Analysis) -> Analysis:
        return analysis.intervene(self.allocation, level=self.level, seed=self.seed)


def answer(looked: Analysis, chosen: View) -> str:
    return view.answer_view(looked, chosen.share / 100)


def attention(looked: Analysis, chosen: View) -> str:
    look = chosen.model_dump(include={"cmap", "opacity", "shared", "smooth"})
    return view.attention_view(looked, share=chosen.share / 100, **look)


def effect(looked: Analysis, chosen: View) -> str:
    return view.effect_view(looked, chosen.label or looked.prediction, opacity=chosen.opacity, smooth=chosen.smooth)


def seen(looked: Analysis, _chosen: View) -> str:
    return view.seen_view(looked)


PARTS: dict[str, Part] = {"answer": answer, "attention": attention, "effect": effect, "seen": seen}
"""What shows an analysis, by the names of the components."""
REDRAWN = {
    ("allocation", "level", "seed"): ("answer", "attention", "effect"),
    ("share",): ("answer", "attention"),
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
        return f"{predictor.name} has no counterfactual attention; choose a model of the family cternet to see it."

    # --- handlers

    def view(self, values: dict[str, Any]) -> View:
        predictor = self.studio.predictor
        return View.of(values, allocations=allocations(predictor), emotions=predictor.config.classes)

    def analyze(self, request: gr.Request, photo: Any, **values: Any) -> Shown:
        """A new photo: run the network once and show everything."""
        kept, session, chosen = self.studio.analyzed, request.session_hash, self.view(values)
        if photo is None:
            kept.drop(session)
            return blank(view.empty_answer())
        try:
            analysis = self.studio.predictor.analyze(received(photo).photo())
        except (Refused, ImageError) as error:
            kept.drop(session)
            return blank(message(str(error), kind="error"))
        chosen = chosen.model_copy(update={"label": analysis.prediction})
        shown = self.show(analysis, chosen, tuple(PARTS))
        kept.put(session, analysis)  # only once it is shown, lest the page and the server hold two photos
        return shown | {"label": analysis.prediction}

    def redraw(self, parts: tuple[str, ...]) -> Callable[..., Shown]:
        """A handler that redraws ``parts`` from the visitor's own analysis; the network does not run."""

        def redraw(request: gr.Request, **values: Any) -> Shown:
            analysis = self.studio.analyzed.get(request.session_hash)
            if analysis is None:
                gr.Info(FORGOTTEN)
                return {}
            return self.show(analysis, self.view(values), parts)

        return redraw

    @staticmethod
    def show(analysis: Analysis, chosen: View, parts: tuple[str, ...]) -> Shown:
        looked = chosen.look(analysis)
        return {name: PARTS[name](looked, chosen) for name in parts}

    def example(self, event: gr.EventData) -> str:
        """The example photo that was clicked."""
        return str(clicked(event, self.studio.examples))

    def download(self, ending: str) -> Callable[..., Shown]:
        def download(request: gr.Request, **values: Any) -> Shown:
            analysis = self.studio.analyzed.get(request.session_hash)
            if analysis is None:
                raise Refused(FORGOTTEN)
            chosen = self.view(values)
            look = chosen.model_dump(include={"label", "cmap", "opacity", "shared", "smooth"})
            with self.studio.downloads.writing(request.session_hash) as folder:
                path = write(chosen.look(analysis), folder / f"cternet-{analysis.prediction}{ending}", **look)
                return {"file": str(path)}

        return download

    def leave(self, session: str) -> None:
        self.studio.analyzed.drop(session)

    # --- layout

    def build(self, frame: Frame) -> None:
        layout = lay_out(self.studio.predictor, self.studio.examples)
        self.wire(layout)

    def wire(self, layout: Layout) -> None:
        """What happens when something is chosen, pressed or moved."""
        named, controls = layout.components, {name: layout.components[name] for name in View.model_fields}
        layout.photo.change(
            **by_name(self.analyze, {"photo": layout.photo} | controls, {name: named[name] for name in (*PARTS, "label")}),
            preprocess=False,
            **PHOTO,
            trigger_mode="always_last",
            show_progress_on=[named[name] for name in ("answer", "attention", "effect")],
            api_visibility="private",
        )
        layout.gallery.select(self.example, None, layout.photo, show_progress="hidden", api_visibility="private")
        live = {"trigger_mode": "always_last", "api_visibility": "private"} | REDRAW
        for changed, parts in REDRAWN.items():
            handler = by_name(self.redraw(parts), controls, {name: named[name] for name in parts})
            gr.on([named[name].input for name in changed], **handler, show_progress="hidden", **live)
        for ending in DOWNLOADS:
            handler = by_name(self.download(ending), controls, {"file": layout.file})
            layout.buttons[ending].click(**handler, show_progress="minimal", **live).success(
                None, js="() => document.querySelector('#file').click()", api_visibility="private"
            )


def blank(said: str) -> Shown:
    """Nothing but an answer."""
    return {"answer": said, "attention": view.empty_attention(), "effect": view.empty_effect(), "seen": ""}
