"""What stands under every page: whose model this is, its limits, and where to read on."""

import gradio as gr

from app.html import render
from app.page import Studio


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
