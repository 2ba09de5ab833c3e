"""The whole interface: header, pages, session clean-up."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.analyze.page import AnalyzePage
from app.api.endpoints import Endpoints
from app.blocks import MOST_STATES, StudioBlocks
from app.compare.bench import Bench, weight
from app.compare.page import ComparePage
from app.intervene.page import PANEL, IntervenePage
from app.intervene.page import STYLE as INTERVENE_STYLE
from app.sessions import Sessions
from app.theme import FAVICON, STYLE, THEME
from app.uploads import MAX_UPLOAD, Downloads
from cternet import Analysis, Predictor
from cternet.compare import Networks

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "assets" / "examples"
TOGGLE_THEME = "() => { document.body.classList.toggle('dark'); }"


def build(
    predictor: Predictor,
    networks: Networks | None = None,
    *,
    analyses: Sessions[Analysis] | None = None,
    benches: Sessions[Bench] | None = None,
) -> StudioBlocks:
    """The demo as Gradio blocks, to be launched with ``options``.

    Args:
        networks: those CTERNet is compared with, and itself; by default the shipped ones.
    """
    networks = networks or Networks(predictor)
    analyses = analyses or Sessions(weigh=lambda analysis: analysis.photo.nbytes + analysis.s_out.nbytes)
    benches = benches or Sessions(limit=64, weigh=weight)
    downloads = Downloads()
    examples = sorted(EXAMPLES.glob("*.jpg"))
    analyze = AnalyzePage(predictor, analyses, downloads, examples)
    intervene = IntervenePage(predictor, analyses, examples)
    compare = ComparePage(networks, benches, downloads, examples)

    def leave(request: gr.Request) -> None:
        """Forget a visitor."""
        analyze.leave(request)
        intervene.leave(request)
        compare.leave(request)
        downloads.forget(request.session_hash)
        demo.forget(request.session_hash)

    with StudioBlocks(title="CTERNet Studio", analytics_enabled=False, delete_cache=(3600, 3600), fill_width=True) as demo:
        Endpoints(networks).build()
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
        with gr.Tabs(elem_id="pages") as pages:
            with gr.Tab("Analyze", id="analyze"):
                analyze.build()
            with gr.Tab("Intervene", id=PANEL, render_children=True) as tab:
                intervene.build(demo, pages, tab)
            with gr.Tab("Compare", id="compare", render_children=True):
                compare.build()
        demo.unload(leave)
    return demo.queue(max_size=64)


def options(demo: StudioBlocks) -> dict[str, Any]:
    """What the demo is launched with, wherever it runs."""
    return {
        "theme": THEME,
        "css_paths": [STYLE, INTERVENE_STYLE],
        "favicon_path": FAVICON,
        "max_file_size": MAX_UPLOAD,
        "run_history": False,
        "ssr_mode": False,
        "footer_links": [],
        "mcp_server": True,
        "state_session_capacity": MOST_STATES,
        "app_kwargs": {"lifespan": demo.lifespan, "exception_handlers": {OSError: demo.upload_failed}},
    }
