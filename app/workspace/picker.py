"""The column beside every page: the photo, examples to pick, and the link to what is on the screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from app.blocks import StudioBlocks
from app.checks import Refused, sentence
from app.html import message, render
from app.links import LinkError, to_query
from app.page import Shown, Studio, by_name, one_by_one
from app.queues import PHOTO
from app.uploads import received
from app.workspace.examples import clicked, examples_gallery
from app.workspace.open_photo import OpenPhoto
from app.workspace.opening import Opening
from app.workspace.waiting import OWN_SENT, SENT, waiting_line
from cternet import ImageError

SCRIPT = Path(__file__).with_name("address.js").read_text(encoding="utf-8")
ELSEWHERE = "This link's photo is not on this server: choose the same file to see its painting."
STILL_THERE = f"""async photo => {{
    await new Promise(wake => setTimeout(wake, 60));
    if (!document.querySelector('#photo img')) return null;
    {OWN_SENT}
    return photo;
}}"""
"""Gradio also calls it an input when a photo is taken away, and sends the photo that was there."""
CLICKED = f"() => {{ {SENT} return []; }}"
FOLLOWED = f"() => {{ {SENT} return [location.search]; }}"
TELL_PAGES = "() => document.querySelectorAll('.photo-opened').forEach(button => button.click())"
"""A button for each page: of several handlers of one event that want its last occurrence alone, gradio calls each again when
another is called, for ever."""
LONGEST = 20_000
"""Characters of an address; many times what a link has."""


@dataclass
class Column:
    """The components of the column.

    Attributes:
        shown: what handlers change, by name.
        query: filled by script with the address's parameters.
        follow: pressed by script when the address changed.
    """

    photo: gr.Image
    gallery: gr.Gallery
    shown: dict[str, gr.components.Component]
    query: gr.Textbox
    follow: gr.Button


class PhotoPicker:
    """Handlers of the column."""

    def __init__(self, studio: Studio, panels: tuple[str, ...]) -> None:
        self.studio = studio
        self.opening = Opening(studio, panels)

    # --- handlers

    def choose(self, request: gr.Request, photo: Any) -> Shown:
        """A photo from the visitor; one that cannot be read leaves the workspace as it is."""
        session = request.session_hash
        if photo is None:
            return self.clear(request)
        try:
            return self.shown(self.opening.open(session, received(photo)))
        except (Refused, ImageError) as error:
            there = self.studio.photos.get(session)
            stays = " The previous photo stays." if there is not None else ""
            return {
                "notice": message(f"{error}{stays}", kind="error"),
                "photo": None if there is None else str(there.upload.path),
            }

    def clear(self, request: gr.Request) -> Shown:
        """The visitor took their photo away."""
        self.studio.photos.drop(request.session_hash)
        return {"notice": "", "address": None}

    def example(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """The example photo that was clicked."""
        found = self.opening.open_example(request.session_hash, clicked(event, self.studio.examples))
        shown = self.shown(found) | {"photo": str(found.upload.path)}
        return tuple(shown.get(name, gr.skip()) for name in ("photo", "notice", "address"))

    def arrive(self, request: gr.Request) -> Shown:
        """What the address asks for that the page was opened with."""
        return self.followed(request.session_hash, dict(request.query_params))

    def follow(self, request: gr.Request, query: Any) -> Shown:
        """What the address asks for after Back or Forward."""
        if not isinstance(query, str) or len(query) > LONGEST:
            raise Refused("The address arrived incomplete; reload the page.")
        return self.followed(request.session_hash, dict(parse_qsl(query.lstrip("?"))))

    def followed(self, session: str, params: Mapping[str, Any]) -> Shown:
        try:
            found = self.opening.follow(session, params)
        except LinkError as error:
            first = self.opening.follow(session, {})
            return ({} if first is None else self.with_file(first)) | {"notice": message(sentence(error), kind="error")}
        here = {"tabs": gr.Tabs(selected=params.get("panel", self.opening.panels[0]))} if "link" in params else {}
        if found is not None:
            return here | self.with_file(found)
        self.studio.photos.drop(session)
        missing = {"missing": params["image"]} if "link" in params else None
        return here | {"photo": None, "notice": message(ELSEWHERE) if missing else "", "address": missing}

    # --- what they show

    def with_file(self, photo: OpenPhoto) -> Shown:
        return self.shown(photo) | {"photo": str(photo.upload.path)}

    def shown(self, photo: OpenPhoto) -> Shown:
        state = photo.state(self.studio.predictor.name)
        return {"notice": "", "address": {"link": to_query(state), "image": photo.image, "id": photo.id}}

    # --- layout

    def build(self, demo: StudioBlocks) -> Column:
        """Lay the column out."""
        first = self.studio.examples[0] if self.studio.examples else None
        photo = gr.Image(
            None if first is None else str(first.path),
            label="Your photo: drop, paste or camera",
            show_label=False,
            type="filepath",
            sources=["upload", "webcam", "clipboard"],
            height=190,
            buttons=[],
            alt_text="the photo you chose",
            placeholder="Drop a photo here\n- or -\nclick to choose one",
            elem_id="photo",
        )
        waiting_line(demo)
        notice = gr.HTML("", elem_id="notice")
        gallery = examples_gallery(self.studio.examples, elem_id="examples")
        address = gr.HTML(
            None,
            html_template=str(render("link.html")),
            js_on_load=SCRIPT,
            elem_id="address",
        )
        query = gr.Textbox(visible="hidden", elem_id="query")
        follow = gr.Button("follow the address", visible="hidden", elem_id="follow")
        return Column(photo, gallery, {"photo": photo, "notice": notice, "address": address}, query, follow)

    def wire(self, column: Column, demo: gr.Blocks, tabs: gr.Tabs, listeners: Sequence[Sequence[dict[str, Any]]]) -> None:
        """What happens when a photo is chosen, or the address changes; then every page shows it."""
        quiet = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"} | PHOTO
        everything = column.shown | {"tabs": tabs}
        chosen = by_name(self.choose, {"photo": column.photo}, column.shown)
        events = [
            column.photo.input(**chosen, preprocess=False, js=STILL_THERE, **quiet),
            column.photo.clear(**by_name(self.clear, {}, column.shown), **quiet),
            column.gallery.select(self.example, None, list(column.shown.values()), js=CLICKED, **quiet),
            demo.load(**by_name(self.arrive, {}, everything), **quiet | {"trigger_mode": "once"}),
            column.follow.click(
                **by_name(self.follow, {"query": column.query}, everything),
                js=FOLLOWED,
                **quiet,
            ),
        ]
        for event in events:
            event.then(None, js=TELL_PAGES, api_visibility="private")
        for listener in listeners:
            one_by_one(gr.Button("show the photo", visible="hidden", elem_classes="photo-opened").click, listener)
