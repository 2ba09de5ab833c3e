"""The Intervene page: paint over a photo and see what the model would have said, had it not noticed that.

A stroke never runs the network: the head is linear in the attention map, so the evidence kept from the analysis answers it.
Only a new photo and hiding the pixels do.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from app.checks import Payload, Refused, one_of, sentence, whole_number
from app.choices import allocations
from app.html import message
from app.intervene import view
from app.intervene.answers import needed_answer, painted_answer, regions_answer
from app.intervene.canvas import CanvasRequest
from app.intervene.draws_view import draws_view, empty_draws
from app.intervene.layout import Layout, lay_out
from app.intervene.scene import scene
from app.page import Frame, Page, Shown, by_name
from app.queues import PHOTO, REDRAW
from app.sessions import session_of
from app.workspace.open_photo import OpenPhoto
from cternet import Predictor
from cternet.occlusion import FILLS, really_hide
from cternet.results.draws import MOST, draw, side_by_side
from cternet.results.painting import paint

STYLE = Path(__file__).with_name("intervene.css")
LONGEST = 20_000
"""Characters of a painting with its settings; many times what the canvas sends."""
FORGOTTEN = "The server no longer keeps this photo: reload the page, or choose it again. Its link keeps the painting."
OTHER_PHOTO = "Another photo is open now."
NOTHING = "Nothing is painted yet: first paint what to hide."
PAINTING = "document.querySelector('#whatif-canvas')?.painting?.() ?? ''"
"""What is on the canvas at the time of a click, by its script."""
Fill = one_of(FILLS)
Count = whole_number(1, MOST, f"Draws must be a whole number from 1 to {MOST}.")


class Hide(Payload):
    """How the painted pixels are hidden."""

    how: Fill


class Draw(Payload):
    """How many times S* is drawn."""

    count: Count


class IntervenePage(Page):
    """Layout and handlers of the page."""

    name, title = "intervene", "Intervene"

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        if predictor.model.has_evidence and predictor.model.has_counterfactual:
            return ""
        return (
            f"{predictor.name} does not support painting: its answer is not linear in an attention map. Choose a CTERNet model."
        )

    # --- the photo

    def show(self, request: gr.Request) -> Shown:
        """The visitor's photo on the canvas, with what they painted; the same one stays as it is."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"canvas": None, "hiding": view.empty_hiding()}
        return {"canvas": scene(photo, self.studio.predictor)}

    def enter(self, request: gr.Request) -> Shown:
        """The visitor came to this page."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request)

    # --- what a painting does, without the network

    async def answered(
        self, work: Callable[[CanvasRequest, OpenPhoto], dict[str, Any]], payload: Any, request: Any
    ) -> dict[str, Any]:
        """A server function's answer; whatever is wrong becomes a sentence and leaves the page as it is."""
        session = await session_of(request)
        photo = self.studio.photos.get(session) if session else None
        if session is None or photo is None:
            return {"message": FORGOTTEN, "wrong": True}
        self.studio.heard(session)
        try:
            asked = self.asked(payload, photo)
            return await anyio.to_thread.run_sync(work, asked, photo)
        except ValueError as error:
            return {"message": sentence(error), "wrong": True}

    def asked(self, payload: Any, photo: OpenPhoto) -> CanvasRequest:
        """What was sent, if it can be for this photo.

        Raises:
            Refused: it cannot.
        """
        analysis = photo.analysis
        offered = allocations(self.studio.predictor)
        asked = CanvasRequest.of(payload, shape=analysis.s.shape, emotions=analysis.labels, allocations=offered)
        if asked.scene != photo.id:
            raise Refused(OTHER_PHOTO)
        return asked

    def painted(self, asked: CanvasRequest, photo: OpenPhoto) -> dict[str, Any]:
        asked.keep(photo)
        return painted_answer(asked, photo, model=self.studio.predictor.name)

    # --- what takes longer: buttons, through the queue

    def sent_along(self, painting: Any, photo: OpenPhoto) -> CanvasRequest:
        """What was on the canvas at a click.

        Raises:
            Refused: nothing that can be used.
        """
        if not isinstance(painting, str) or not 0 < len(painting) <= LONGEST:
            raise Refused("The painting did not arrive; reload the page.")
        try:
            payload = json.loads(painting)
        except (ValueError, RecursionError):
            raise Refused("The painting arrived incomplete; reload the page.") from None
        return self.asked(payload, photo)

    def hide(self, request: gr.Request, how: Any, painting: Any) -> Shown:
        """Cover the painted pixels and run the network again."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"hiding": message(FORGOTTEN, kind="error")}
        try:
            fill = Hide.of({"how": how}).how
            asked = self.sent_along(painting, photo)
            inverted = asked.mode == "look-only"
            if not asked.mask.any():
                raise Refused(NOTHING)
            mask = 255 - asked.mask if inverted else asked.mask
            hidden = really_hide(self.studio.predictor, photo.analysis, mask, fill)
        except ValueError as error:
            return {"hiding": message(sentence(error), kind="error")}
        return {"hiding": view.hiding_view(hidden, inverted=inverted)}

    def distribution(self, request: gr.Request, count: Any, painting: Any) -> Shown:
        """Many draws of S*, beside the exact numbers; of S, or of the painting."""
        photo = self.studio.photos.get(request.session_hash)
        if photo is None:
            return {"draws": empty_draws()}
        try:
            draws = Draw.of({"count": count}).count
            asked = self.sent_along(painting, photo)
            any_paint = bool(asked.mask.any())
            analysis = paint(photo.analysis, asked.mask, asked.mode) if any_paint else photo.analysis
            found = draw(analysis, draws, level=asked.level, seed=asked.seed)
            sides = side_by_side(analysis, level=asked.level, seed=asked.seed)
        except ValueError as error:
            return {"draws": message(sentence(error), kind="error")}
        return {"draws": draws_view(found, sides, asked.label, painted=any_paint)}

    # --- layout

    def functions(self) -> list[Callable[..., Awaitable[dict[str, Any]]]]:
        """What the canvas's script can call, by these names."""

        async def paint(payload: Any, request: gr.Request) -> dict[str, Any]:
            return await self.answered(self.painted, payload, request)

        async def find_regions(payload: Any, request: gr.Request) -> dict[str, Any]:
            return await self.answered(regions_answer, payload, request)

        async def needed(payload: Any, request: gr.Request) -> dict[str, Any]:
            return await self.answered(needed_answer, payload, request)

        return [paint, find_regions, needed]

    def build(self, frame: Frame) -> None:
        self.wire(lay_out(self.functions()), frame)

    def wire(self, layout: Layout, frame: Frame) -> None:
        """What happens when a photo comes, and when a button is pressed."""
        placed = {"canvas": layout.canvas, "hiding": layout.hiding}
        frame.on_photo(by_name(self.show, {}, placed) | REDRAW, by_name(self.enter, {}, placed) | REDRAW)
        along = {"painting": layout.painting}
        draws = {
            **by_name(self.distribution, {"count": layout.count} | along, {"draws": layout.draws}),
            "js": f"(count) => [count, {PAINTING}]",
            "preprocess": False,
            "concurrency_limit": 2,
            "api_visibility": "private",
            "show_progress": "minimal",
            "trigger_mode": "always_last",
        }
        for trigger in (layout.draws_tab.select, layout.again.click, layout.count.release):
            trigger(**draws)
        layout.hide.click(
            **by_name(self.hide, {"how": layout.how} | along, {"hiding": layout.hiding}),
            js=f"(how) => [how, {PAINTING}]",
            preprocess=False,
            show_progress="minimal",
            api_visibility="private",
            **PHOTO,
        )
