"""The Intervene page: paint over a photo and see what the model would have said, had it not noticed that.

A stroke never runs the network: the head is linear in the attention map, so the evidence kept from the analysis answers it.
Only a new photo and "really hide it" do.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
import numpy as np
from PIL import Image

from app import links
from app.analyze.view import message
from app.checks import Refused, choice, number, sentence
from app.choices import allocations, first, levels
from app.gallery import clicked, examples_gallery
from app.intervene import canvas, causal_graph
from app.intervene import view as intervene_view
from app.intervene.canvas import Asked
from app.links import LinkError, State
from app.queues import PHOTO
from app.sessions import Sessions
from app.uploads import Upload, received
from cternet import Analysis, ImageError, Predictor, load_image
from cternet.occlusion import FILLS, really_hide
from cternet.photos.preprocess import preprocess
from cternet.regions import affective_regions, report, superpixels
from cternet.results.draws import MOST, draw, side_by_side
from cternet.results.painting import PRESETS, encode, paint
from cternet.show.colours import shared_scale

STYLE = Path(__file__).with_name("intervene.css")
PANEL = "intervene"
"""What links call this page."""
LONGEST = 20_000
"""Characters of a painting with its settings; many times what the canvas sends."""
FILL_CHOICES = {"blur": "blur it", "mean": "mean colour", "inpaint": "fill in from around"}
FORGOTTEN = "This photo is no longer kept on the server; choose it again, the painting stays in its link."
OTHER_PHOTO = "Another photo was chosen meanwhile."
NOTHING = "Nothing is painted yet: first paint what to hide."
ELSEWHERE = "This link is for a photo that is not on this server: choose the same file, and its painting appears over it."
NOT_THE_ONE = "This is not the photo of the link you opened; its painting appears once you choose that very file."
PAINTING = "document.querySelector('#whatif-canvas')?.painting?.() ?? ''"
"""What is on the canvas at the time of a click, by its script."""


@dataclass(eq=False)
class Scene:
    """One visitor's photo on the canvas.

    analysis: nothing painted, under the model's own S*.  image: its id in links.  origin: the analysis it was carried
    over from.  id: tells photos apart, so that an answer to an old one is not shown over a new one.
    """

    analysis: Analysis
    image: str
    origin: Analysis | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    looked: tuple[tuple, Analysis] | None = field(default=None, init=False, repr=False)

    def look(self, allocation: str, level: str, seed: int) -> Analysis:
        """The analysis under another S*; the last one is kept, for strokes ask for the same again and again."""
        wanted, last = (allocation, level, seed), self.looked
        if last is None or last[0] != wanted:
            last = self.looked = wanted, self.analysis.intervene(allocation, level=level, seed=seed)
        return last[1]

    @cached_property
    def superpixels(self) -> np.ndarray:
        return superpixels(self.analysis.photo, self.analysis.s.shape)

    def sent(self, predictor: Predictor, state: State | None = None, flag: str = "") -> dict[str, Any]:
        """What the canvas needs to show it.

        Args:
            state: what a link asks for; by default nothing painted and the model's own S*.
            flag: a sentence over the photo.
        """
        a, config = self.analysis, predictor.config
        rows, columns = a.s.shape
        height, width = a.photo.shape[:2]
        view = {
            "label": (state and state.emotion) or a.prediction,
            "allocation": state.allocation if state else first(predictor),
            "level": state.level if state and state.level in levels(config) else config.level,
            "seed": state.seed if state else 0,
            "mode": state.mode if state else None,
            "mask": state.mask if state else None,
        }
        return {
            "id": self.id,
            "rows": rows,
            "columns": columns,
            "aspect": width / height,
            "photo": intervene_view.photo_picture(a.photo),
            "map": intervene_view.map_picture(a.s, shared_scale(a.s), "magma"),
            "labels": list(a.labels),
            "allocations": list(allocations(predictor).items()),
            "levels": list(levels(config).items()),
            "presets": {name: encode(make(a.s.shape)) for name, make in PRESETS.items()},
            "view": view,
            "flag": flag,
        }


def weight(scene: Scene) -> int:
    """Bytes of memory that a scene takes, but for what is small."""
    a = scene.analysis
    return a.photo.nbytes + a.seen.nbytes + a.s_out.nbytes + a.evidence.nbytes


class IntervenePage:
    """Layout and handlers of the page.

    Args:
        predictor: runs the network; shared by all visitors, keeps nothing of them.
        analyzed: each visitor's analysis on the Analyze page, carried over when they come here.
        examples: photos to pick from.
    """

    def __init__(self, predictor: Predictor, analyzed: Sessions[Analysis], examples: list[Path]) -> None:
        self.predictor, self.analyzed, self.examples = predictor, analyzed, examples
        self.scenes: Sessions[Scene] = Sessions(weigh=weight)
        self.wanted: Sessions[State] = Sessions()

    # --- a new photo

    def image_id(self, analysis: Analysis) -> str:
        """What links call a photo: an example by its name, any other by a hash of its pixels as the model saw them."""
        pixels = links.upload(analysis.seen.tobytes())
        name = self.example_names.get(pixels)
        return links.example(name) if name else pixels

    @cached_property
    def example_names(self) -> dict[str, str]:
        seen = {path: np.asarray(preprocess(load_image(path), self.predictor.config)[0]) for path in self.examples}
        return {links.upload(pixels.tobytes()): path.stem for path, pixels in seen.items()}

    def place(self, session: str, analysis: Analysis, *, origin: Analysis | None = None) -> tuple[Any, ...]:
        """Put an analysed photo on the visitor's canvas, with the painting of a link they opened if it is for this photo."""
        scene = Scene(analysis, self.image_id(analysis), origin)
        self.scenes.put(session, scene)
        state = self.wanted.get(session)
        fits = state is not None and state.image == scene.image
        if fits:
            self.wanted.drop(session)
        flag = NOT_THE_ONE if state is not None and not fits else ""
        return scene.sent(self.predictor, state if fits else None, flag), "", intervene_view.empty_hiding()

    def choose(self, request: gr.Request, payload: Any) -> tuple[Any, ...]:
        """A photo from the visitor: run the network once."""
        if payload is None:
            return gr.skip(), "", gr.skip()
        return self.open(request.session_hash, received(payload))

    def example(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """The example photo that was clicked."""
        path = clicked(event, self.examples)
        return self.open(request.session_hash, Upload(path, path.name))

    def open(self, session: str, upload: Upload) -> tuple[Any, ...]:
        try:
            analysis = self.predictor.analyze(upload.photo())
        except ImageError as error:
            return gr.skip(), message(str(error), kind="error"), gr.skip()
        return self.place(session, analysis)

    def carry(self, request: gr.Request) -> tuple[Any, ...]:
        """The photo of the Analyze page, if it is newer than the one here."""
        analysis = self.analyzed.get(request.session_hash)
        scene = self.scenes.get(request.session_hash)
        if analysis is None or (scene is not None and scene.origin is analysis):
            return (gr.skip(),) * 3
        return self.place(request.session_hash, analysis, origin=analysis)

    # --- a link

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Of the model's maps; known once a photo went through it."""
        size = self.predictor.config.image_size
        return self.predictor.analyze(Image.new("RGB", (size, size))).s.shape

    def restore(self, request: gr.Request) -> tuple[Any, ...]:
        """What the address the page was opened with asks for: the page to show, then what ``choose`` gives."""
        params = dict(request.query_params)
        if "link" not in params:
            return (gr.skip(),) * 4
        here = gr.Tabs(selected=PANEL)
        try:
            state = links.from_params(
                params, model=self.predictor.name, labels=self.predictor.config.classes, shape=self.shape, panels=(PANEL,)
            )
            if state.allocation not in allocations(self.predictor):
                raise LinkError("The link asks for an allocation that this page does not offer.")
        except LinkError as error:
            return here, gr.skip(), message(str(error), kind="error"), gr.skip()
        self.wanted.put(request.session_hash, state)
        path = {links.example(path.stem): path for path in self.examples}.get(state.image)
        if path is None:
            return here, gr.skip(), message(ELSEWHERE), gr.skip()
        return here, *self.open(request.session_hash, Upload(path, path.name))

    # --- what a painting does, without the network

    async def answered(self, work: Callable[[Asked, Scene], dict[str, Any]], payload: Any, request: Any) -> dict[str, Any]:
        """A server function's answer; whatever is wrong becomes a sentence and leaves the page as it is."""
        session = await canvas.session_of(request)
        scene = self.scenes.get(session) if session else None
        if scene is None:
            return {"message": FORGOTTEN, "wrong": True}
        try:
            asked = self.checked(payload, scene)
            return await anyio.to_thread.run_sync(work, asked, scene)
        except ValueError as error:
            return {"message": sentence(error), "wrong": True}

    def checked(self, payload: Any, scene: Scene) -> Asked:
        """What was sent, if it can be for this scene.

        Raises:
            Refused: it cannot.
        """
        labels, shape = scene.analysis.labels, scene.analysis.s.shape
        asked = canvas.checked(payload, shape=shape, labels=labels, allocations=allocations(self.predictor))
        if asked.scene != scene.id:
            raise Refused(OTHER_PHOTO)
        return asked

    def painted(self, asked: Asked, scene: Scene) -> dict[str, Any]:
        """The views of a painting, and its link.

        Raises:
            ValueError: it cannot take the place of S.
        """
        before = scene.look(asked.allocation, asked.level, asked.seed)
        any_paint = bool(asked.mask.any())
        after = paint(before, asked.mask, asked.mode) if any_paint else before
        state = State(
            model=self.predictor.name,
            image=scene.image,
            allocation=asked.allocation,
            level=asked.level,
            seed=asked.seed,
            emotion=asked.label,
            panel=PANEL,
            **links.with_painting(asked.mask, asked.mode),
        )
        return {
            "views": {
                "answer": intervene_view.answer_view(before, after, asked.mode, painted=any_paint),
                "graph": causal_graph.graph_view(before, after, asked.label, painted=any_paint, mode=asked.mode),
                "circle": intervene_view.circle_view(before, after, painted=any_paint),
            },
            "link": links.to_query(state),
            "message": intervene_view.verdict(before, after, painted=any_paint),
        }

    def regions(self, asked: Asked, scene: Scene) -> dict[str, Any]:
        """The regions and their report; what is painted does not matter to them."""
        looked = scene.look(asked.allocation, asked.level, asked.seed)
        parts = scene.superpixels if asked.kind == "superpixels" else affective_regions(looked.s, asked.threshold)
        view = intervene_view.regions_view(looked, report(looked, parts), asked.label)
        return {"cells": parts.ravel().tolist(), "views": {"regions": view}}

    # --- what takes longer: buttons, through the queue

    def sent_along(self, painting: Any, scene: Scene) -> Asked:
        """What was on the canvas at a click.

        Raises:
            Refused: nothing that can be used.
        """
        if not isinstance(painting, str) or not 0 < len(painting) <= LONGEST:
            raise Refused("The painting did not arrive; reload the page.")
        try:
            payload = json.loads(painting)
        except (ValueError, RecursionError):
            raise Refused("The painting did not arrive whole; reload the page.") from None
        return self.checked(payload, scene)

    def hide(self, request: gr.Request, how: str, painting: str) -> str:
        """Cover the painted pixels and run the network again."""
        scene = self.scenes.get(request.session_hash)
        if scene is None:
            return message(FORGOTTEN, kind="error")
        try:
            choice(how, FILLS)
            asked = self.sent_along(painting, scene)
            inverted = asked.mode == "look-only"
            if not asked.mask.any():
                raise Refused(NOTHING)
            hidden = really_hide(self.predictor, scene.analysis, 255 - asked.mask if inverted else asked.mask, how)
        except ValueError as error:
            return message(sentence(error), kind="error")
        return intervene_view.hiding_view(hidden, inverted=inverted)

    def distribution(self, request: gr.Request, count: Any, painting: str) -> str:
        """Many draws of S*, beside the exact numbers; of S, or of the painting."""
        scene = self.scenes.get(request.session_hash)
        if scene is None:
            return intervene_view.empty_draws()
        try:
            words = f"The number of draws is a whole number from 1 to {MOST}."
            n = int(number(count, 1, MOST, words, whole=True))
            asked = self.sent_along(painting, scene)
            any_paint = bool(asked.mask.any())
            analysis = paint(scene.analysis, asked.mask, asked.mode) if any_paint else scene.analysis
            found = draw(analysis, n, level=asked.level, seed=asked.seed)
            sides = side_by_side(analysis, level=asked.level, seed=asked.seed)
        except ValueError as error:
            return message(sentence(error), kind="error")
        return intervene_view.draws_view(found, sides, asked.label, painted=any_paint)

    def leave(self, request: gr.Request) -> None:
        """Forget a visitor."""
        self.scenes.drop(request.session_hash)
        self.wanted.drop(request.session_hash)

    # --- layout

    def functions(self) -> list[Callable[..., Awaitable[dict[str, Any]]]]:
        """What the canvas's script can call, by these names."""

        async def paint(payload: Any, request: gr.Request) -> dict[str, Any]:
            return await self.answered(self.painted, payload, request)

        async def find_regions(payload: Any, request: gr.Request) -> dict[str, Any]:
            return await self.answered(self.regions, payload, request)

        return [paint, find_regions]

    def build(self, demo: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Lay the page out and wire it; call inside ``tab``, whose id is ``PANEL``.

        Args:
            demo: opens links when it loads.
            tabs: what a link selects this page in.
            tab: brings the Analyze page's photo along when it is selected.
        """
        with gr.Column(elem_id="whatif"):
            with gr.Row(elem_id="whatif-choice", equal_height=False):
                upload = gr.UploadButton(
                    "Choose a photo", file_types=["image"], size="sm", scale=0, min_width=150, elem_id="whatif-upload"
                )
                examples = examples_gallery(self.examples, elem_id="whatif-examples")
            notice = gr.HTML("", apply_default_css=False, elem_id="whatif-notice")
            with gr.Row(elem_id="whatif-bench", equal_height=False):
                with gr.Column(scale=7, min_width=340):
                    scene = canvas.painting_canvas(self.functions())
                with gr.Column(scale=5, min_width=340):
                    canvas.view("answer", intervene_view.empty_answer())
            with gr.Column():
                gr.HTML("<h2>What happened, as one picture</h2>")
                canvas.view("graph", causal_graph.empty_graph())
            with gr.Row(equal_height=False):
                with gr.Column(scale=8, min_width=340):
                    gr.HTML("<h2>Which regions matter</h2>")
                    canvas.view("regions", intervene_view.empty_regions())
                with gr.Column(scale=4, min_width=300):
                    gr.HTML("<h2>Valence and arousal</h2>")
                    canvas.view("circle", message("The prediction as a point, before and after."))
            with gr.Row(equal_height=False):
                with gr.Column(scale=6, min_width=340):
                    gr.HTML("<h2>Hide the pixels</h2>")
                    with gr.Row():
                        how = gr.Radio(
                            [(words, name) for name, words in FILL_CHOICES.items()],
                            value="blur",
                            label="What takes the place of the painted pixels",
                            elem_id="whatif-how",
                        )
                        hide = gr.Button("Hide it and run the network", scale=0, min_width=220, elem_id="whatif-hide")
                    hiding = gr.HTML(intervene_view.empty_hiding(), apply_default_css=False, elem_id="whatif-hiding")
                with gr.Column(scale=6, min_width=340):
                    gr.HTML("<h2>Spread over random S*</h2>")
                    with gr.Row():
                        count = gr.Slider(
                            1, MOST, value=200, step=1, label="Draws", info="Of a random S*.", elem_id="whatif-count"
                        )
                        again = gr.Button("Draw with the painting", scale=0, min_width=220, elem_id="whatif-draw")
                    draws = gr.HTML(intervene_view.empty_draws(), apply_default_css=False, elem_id="whatif-draws")
            # Filled by script with what is on the canvas when a button is pressed.
            painting = gr.Textbox(visible=False)

        network = {"api_visibility": "private"} | PHOTO
        placed = [scene, notice, hiding]

        def drawn(event: gr.events.Dependency) -> None:
            event.then(
                self.distribution,
                [count, painting],
                draws,
                js=f"(count) => [count, {PAINTING}]",
                preprocess=False,
                show_progress="hidden",
                concurrency_limit=2,
                api_visibility="private",
            )

        drawn(upload.upload(self.choose, upload, placed, preprocess=False, show_progress_on=[scene], **network))
        drawn(examples.select(self.example, None, placed, show_progress="hidden", **network))
        drawn(tab.select(self.carry, None, placed, show_progress="hidden", api_visibility="private"))
        drawn(demo.load(self.restore, None, [tabs, *placed], show_progress="hidden", **network))
        hide.click(
            self.hide,
            [how, painting],
            hiding,
            js=f"(how) => [how, {PAINTING}]",
            preprocess=False,
            show_progress="minimal",
            **network,
        )
        for trigger in (again.click, count.release):
            trigger(
                self.distribution,
                [count, painting],
                draws,
                js=f"(count) => [count, {PAINTING}]",
                preprocess=False,
                show_progress="minimal",
                trigger_mode="always_last",
                concurrency_limit=2,
                api_visibility="private",
            )
