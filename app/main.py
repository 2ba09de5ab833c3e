"""The whole interface: header, pages, session clean-up."""

from html import escape
from pathlib import Path

import gradio as gr

from app.analyze import AnalyzePage
from app.sessions import Sessions
from cternet import Predictor

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "assets" / "examples"
TOGGLE_THEME = "() => { document.body.classList.toggle('dark'); }"


def build(predictor: Predictor, sessions: Sessions | None = None) -> gr.Blocks:
    """The demo as Gradio blocks; ``launch`` options are in ``app.py``."""
    sessions = sessions or Sessions()
    examples = sorted(EXAMPLES.glob("*.jpg"))
    with gr.Blocks(title="CTERNet Studio", analytics_enabled=False, delete_cache=(3600, 3600), fill_width=True) as demo:
        with gr.Row(elem_id="top"):
            gr.HTML(
                "<header><h1>CTERNet Studio</h1>"
                "<p>Why does a photo evoke an emotion? <b>Counterfactual</b> here means: the same photo, but the model is "
                "made to look elsewhere. It is about the model's attention, not about the world.</p>"
                f'<p class="model">model: {escape(predictor.name)}</p></header>',
                elem_id="header",
            )
            theme = gr.Button("☾ / ☀", elem_id="theme", size="sm", min_width=60, scale=0)
            theme.click(None, js=TOGGLE_THEME, api_visibility="private")
        page = AnalyzePage(predictor, sessions, examples)
        page.build()
        demo.unload(page.leave)
    return demo.queue(max_size=64)
