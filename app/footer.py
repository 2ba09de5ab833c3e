"""What stands under every page: whose model this is, its limits, and where to read on."""

import re

import gradio as gr

from app.html import render
from app.page import Studio

PICTURE = re.compile(r"!\[[^]]*\]\([^)]*\)")
"""Pictures of a card lie beside it, where the page does not reach."""


def footer(studio: Studio) -> None:
    """Links, limits and the citation."""
    config = studio.predictor.config
    gr.HTML(
        render(
            "footer.html",
            model=studio.predictor.name,
            data=getattr(config, "training_data", ""),
            test=getattr(config, "metrics", {}).get("test", {}),
        ),
        elem_id="footer",
    )
    if card := studio.predictor.card:
        with gr.Accordion(f"Model card of {studio.predictor.name}", open=False, elem_id="card"):
            gr.Markdown(PICTURE.sub("", card), header_links=False)
