"""The Analyze page of a model that rates: how pleasant and exciting a photo is, and which parts of it say so."""

from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.contexts import contexts_view
from app.analyze.layout import OPACITY, download_row
from app.checks import Flag, Payload, Refused, real_number
from app.html import render
from app.page import Frame, Page, Shown, by_name
from app.plane import plane
from app.queues import REDRAW
from app.workspace.open_photo import OpenPhoto
from cternet import Predictor, Rated, Rater
from cternet.circumplex import SOURCE, Place
from cternet.show.colours import DIVERGING, signed_scale
from cternet.show.export import write

FORGOTTEN = "This photo's ratings are no longer kept on the server; choose the photo again to see them."
EXPLANATION = """
This model names no emotion. It rates a photo as people did in a study: **valence**, how pleasant it is, and **arousal**, how
exciting, each from 1 to 9 with 5 in the middle. The maps show what each place says: the answer is made of a map's mean alone,
so red places raise the rating and blue ones lower it. Places see more of the photo than they cover.

It is a mean of many people's ratings that it learnt: you may feel otherwise.
"""
STEPS = ((3.5, "{low}"), (4.5, "rather {low}"), (5.5, "neither {low} nor {high}"), (6.5, "rather {high}"), (9.1, "{high}"))
"""What to call a rating below each number."""
MAPS = {
    "valence": ("Valence", "red: more pleasant than the middle; blue: less"),
    "arousal": ("Arousal", "red: more exciting than the middle; blue: calmer"),
}
"""Titles and captions."""


class RatedView(Payload):
    """How the visitor chose to see the maps."""

    opacity: real_number(0, 1, "The slider of the colours goes from 0 to 1.")
    smooth: Flag


class RatedPage(Page):
    """Layout and handlers of the page."""

    name, title = "analyze", "Analyze"

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return "" if isinstance(predictor.model, Rater) else f"{predictor.name} gives no ratings."

    # --- handlers

    def show(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor's photo; the network does not run."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"answer": view.empty_answer(), "maps": view.empty_effect(), "seen": ""}
        return {
            "answer": answer_view(photo, self.studio.predictor),
            "seen": view.seen_view(photo.result),
            "maps": maps_view(rated(photo), RatedView.of(values)),
        }

    def enter(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor came to this page."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request, **values)

    def redraw(self, request: gr.Request, **values: Any) -> Shown:
        """The maps in another way."""
        photo = self.studio.photos.get(request.session_hash)
        return {} if photo is None else {"maps": maps_view(rated(photo), RatedView.of(values))}

    def download(self, ending: str) -> Any:
        def download(request: gr.Request, **values: Any) -> Shown:
            photo = self.studio.photos.get(request.session_hash)
            if photo is None:
                raise Refused(FORGOTTEN)
            look = RatedView.of(values).model_dump()
            with self.studio.downloads.writing(request.session_hash) as folder:
                return {"file": str(write(photo.result, folder / f"{photo.file_name('ratings')}{ending}", **look))}

        return download

    # --- layout

    def build(self, frame: Frame) -> None:
        with gr.Row(elem_id="workbench", equal_height=False):
            with gr.Column(scale=6, min_width=320, elem_id="picture-column"):
                shown = {"maps": gr.HTML(view.empty_effect(), elem_id="effect")}
                with gr.Row(elem_id="look"):
                    opacity = gr.Slider(0, 1, value=OPACITY, step=0.05, label="Colour over the photo", elem_id="opacity")
                    smooth = gr.Checkbox(True, label="Smooth", elem_id="smooth")
            with gr.Column(scale=5, min_width=300, elem_id="answer-column"):
                shown["answer"] = gr.HTML(view.empty_answer(), elem_id="answer")
                buttons, file = download_row()
                shown["seen"] = gr.HTML("", elem_id="seen")
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(EXPLANATION)
        look = {"opacity": opacity, "smooth": smooth}
        frame.on_photo(by_name(self.show, look, shown) | REDRAW, by_name(self.enter, look, shown) | REDRAW)
        live = {"trigger_mode": "always_last", "api_visibility": "private"} | REDRAW
        handler = by_name(self.redraw, look, {"maps": shown["maps"]})
        gr.on([part.input for part in look.values()], **handler, show_progress="hidden", **live)
        for ending, button in buttons.items():
            saved = by_name(self.download(ending), look, {"file": file})
            button.click(**saved, show_progress="minimal", **live).success(
                None, js="() => document.querySelector('#file').click()", api_visibility="private"
            )


def rated(photo: OpenPhoto) -> Rated:
    assert isinstance(photo.result, Rated)
    return photo.result


def called(value: float, low: str, high: str) -> str:
    """A rating in words."""
    return next(words for limit, words in STEPS if value < limit).format(low=low, high=high)


def answer_view(photo: OpenPhoto, predictor: Predictor) -> str:
    """The ratings in words and as a point, and how far to trust them."""
    result = rated(photo)
    words = {label: Place(*place) for label, place in zip(result.labels, result.places, strict=False)}
    here = Place(result.valence, result.arousal)
    return render(
        "analyze/rated.html",
        photo=photo.id,
        result=result,
        valence=called(result.valence, "unpleasant", "pleasant").capitalize(),
        arousal=called(result.arousal, "calm", "exciting"),
        plane=plane(words, f"this photo ◇ {here.valence:.2f}, {here.arousal:.2f}", here),
        source=SOURCE,
        facts=facts(predictor.config.metrics),
        contexts=contexts_view(result),
    )


def facts(metrics: dict[str, Any]) -> list[str]:
    """What the checkpoint's own evaluation says, as sentences; none where it has none."""
    found = metrics.get("test")
    if not found or "valence" not in found:
        return []
    valence, arousal = found["valence"], found["arousal"]
    return [
        f"On {found['images']:,} photos it had not seen, its ratings go with people's at r = {valence['r']:.2f} (valence) and "
        f"{arousal['r']:.2f} (arousal), where 1 is perfect and 0 is chance.",
        f"It is off by {valence['rmse']:.1f} and {arousal['rmse']:.1f} points, typically.",
    ]


def maps_view(result: Rated, chosen: RatedView) -> str:
    """What each place says of valence and arousal, over the photo."""
    maps = []
    for name, values in result.own_maps.items():
        title, caption = MAPS.get(name, (name, "red: more, blue: less"))
        picture = view.map_picture(result.photo, title, values, signed_scale(values), cmap=DIVERGING, **chosen.model_dump())
        maps.append((title, caption, picture))
    return render("analyze/rated_maps.html", maps=maps, cmap=DIVERGING)
