"""The whole interface: header, pages, session clean-up."""

import threading
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from starlette.middleware import Middleware

from app.analyze.classified import ClassifiedPage
from app.analyze.page import AnalyzePage
from app.analyze.rated import RatedPage
from app.api.endpoints import Endpoints
from app.blocks import MOST_STATES, StudioBlocks
from app.bodies import Bodies
from app.compare.page import ComparePage
from app.errors import Answered, invalid
from app.fetched import limit_fetching
from app.footer import footer
from app.html import render
from app.intervene.page import STYLE as INTERVENE_STYLE
from app.intervene.page import IntervenePage
from app.models import follow_link, paths
from app.observed import Figures, Observed, routes
from app.page import Frame, Page, Studio, fitting
from app.queues import PHOTO, PROGRAM
from app.settings import Settings
from app.theme import FAVICON, STYLE, THEME
from app.uploads import Downloads, Upload
from app.workspace.examples import read_examples
from app.workspace.picker import PhotoPicker
from app.zero_gpu import BATCH
from cternet.compare import Networks

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "assets" / "examples"
MEMORY = 2**30
"""Bytes that a page's store of visitors' data may take, over all models."""
PAGES: tuple[type[Page], ...] = (AnalyzePage, RatedPage, ClassifiedPage, IntervenePage, ComparePage)
"""In the order of their tabs; of one title the first whose needs the model meets."""
DEFAULTS = Settings.model_construct()
"""Settings where the environment says nothing."""
TOGGLES = Path(__file__).with_name("toggles.js").read_text(encoding="utf-8")


def build(*models: Networks, settings: Settings = DEFAULTS) -> StudioBlocks:
    """The demo as Gradio blocks, to be launched with ``options``.

    Args:
        models: each with the networks it is compared with.  The first is at the server's address, others at their names.
        settings: of the server.
    """
    Upload.places = threading.Semaphore(settings.concurrency)
    downloads, examples, found = Downloads(), read_examples(EXAMPLES), paths(models)
    demo = StudioBlocks(title="CTERNet Studio", analytics_enabled=False, fill_width=True, seconds=settings.seconds)
    routes = {name: demo.route(name, path, show_in_navbar=False).current_page if path else "" for name, path in found.items()}
    pages: list[Page] = []

    def forget(session: str) -> None:
        for page in pages:
            page.leave(session)
        demo.reports.forget(session)
        downloads.forget(session)

    def leave(request: gr.Request) -> None:
        """A visitor's connection is gone: nothing more is done for them, and they are forgotten unless they come back."""
        for page in pages:
            page.rest(request.session_hash)
        demo.forget(request.session_hash)
        demo.departures.left(request.session_hash)

    demo.tidying.folders = [Path(downloads.root.name)]
    demo.departures.forget, demo.current_page = forget, ""
    with demo:  # once for all pages: each time gradio leaves its blocks, it makes a whole server of them
        Endpoints(*models).build()
        for networks in models:
            memory = MEMORY // len(models)
            studio = Studio(networks, examples, downloads, memory, found, demo.reports, settings.upload_megabytes)
            studio.heard = demo.departures.heard
            if settings.zero_gpu:
                studio.batch = BATCH
            demo.current_page = routes[networks.predictor.name]
            pages += build_model(demo, studio)
        demo.unload(leave)
    # Some photos are decoded while others wait for the network, enough to fill its next pass.
    places = settings.concurrency + max(networks.predictor.passes.most for networks in models)
    for block_fn in demo.fns.values():
        if block_fn.concurrency_id in (PHOTO["concurrency_id"], PROGRAM["concurrency_id"]):
            block_fn.concurrency_limit = places
    return demo.queue(max_size=settings.queue)


def build_model(demo: StudioBlocks, studio: Studio) -> list[Page]:
    """The header, the photo, and the pages of one model."""
    if len(studio.models) > 1:
        demo.load(None, js=follow_link(studio.predictor.name, studio.models), api_visibility="private")
    header = render("header.html", model=studio.predictor.name, models=studio.models)
    gr.HTML(header, js_on_load=TOGGLES, elem_id="header")
    pages, listeners = fitting(PAGES, studio), []
    picker = PhotoPicker(studio, tuple(page.name for page in pages))
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=0, min_width=236, elem_id="photo-column"):
            column = picker.build(demo)
        with gr.Column(scale=1, min_width=320, elem_id="page-column"), gr.Tabs(elem_id="pages") as tabs:
            for page in pages:
                with gr.Tab(page.title, id=page.name, render_children=page is not pages[0]) as tab:
                    page.build(Frame(demo, tabs, tab, listeners))
                tab.select(None, js="() => window.studio?.panel()", api_visibility="private")
    footer(studio)
    picker.wire(column, demo, tabs, listeners)
    return pages


def options(demo: StudioBlocks, settings: Settings = DEFAULTS) -> dict[str, Any]:
    """What the demo is launched with, wherever it runs."""
    figures = Figures() if settings.metrics else None
    limit_fetching()
    return {
        "theme": THEME,
        "css_paths": [STYLE, INTERVENE_STYLE],
        "favicon_path": FAVICON,
        "max_file_size": settings.upload_megabytes * 2**20,
        "auth": list(settings.auth) or None,
        "run_history": False,
        "ssr_mode": False,
        "footer_links": [],
        "mcp_server": True,
        "state_session_capacity": MOST_STATES,
        "app_kwargs": {
            "lifespan": demo.tidying.lifespan,
            "exception_handlers": {OSError: demo.upload_failed, RequestValidationError: invalid},
            "routes": [demo.reports.route, *routes(figures)],
            "middleware": [Middleware(Observed, figures=figures), Middleware(Answered), Middleware(Bodies)],
        },
    }
