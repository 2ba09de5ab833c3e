"""What a visitor is told while their photo waits."""

from pathlib import Path
from typing import Any

import gradio as gr

from app.blocks import StudioBlocks
from app.html import render
from app.sessions import session_of

SCRIPT = Path(__file__).with_name("waiting.js").read_text(encoding="utf-8")
SENT = "document.dispatchEvent(new CustomEvent('photo-sent', {detail: {own: false}}));"
"""For scripts: the photo that was chosen is on its way to the queue."""
OWN_SENT = SENT.replace("false", "true")
"""The same of a visitor's own photo, which the server may not have."""


def waiting_line(demo: StudioBlocks) -> gr.HTML:
    """One line, empty while nothing waits."""

    async def photos_before(_nothing: Any, request: gr.Request) -> int | None:
        return demo.photos_before(await session_of(request) or "")

    return gr.HTML(
        None,
        html_template=str(render("waiting.html")),
        js_on_load=SCRIPT,
        server_functions=[photos_before],
        elem_id="waiting",
    )
