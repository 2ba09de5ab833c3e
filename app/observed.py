"""What the server tells of its own work: a log line and figures for each request, never what is in a photo or its name."""

import json
import logging
import secrets
import sys
import time
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Brief

log = logging.getLogger("cternet.requests")
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), clipboard-read=(self), clipboard-write=(self), geolocation=(), microphone=()",
}
"""Of every answer that does not have its own."""
UNBUFFERED = {"x-accel-buffering": "no"}
"""Of answers that arrive as events: nginx hands each on at once, even where it is told to gather them."""
FRAMES = "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
"""Who may show the pages in a frame: Hugging Face shows Spaces in one."""
PAGES = {"", "assets", "config", "favicon.ico", "login", "static", "svelte", "theme.css"}
KNOWN = frozenset({*PAGES, "gradio_api", "healthz", "metrics", "reports"})
"""First parts of paths that are named in figures; of others there may be as many as somebody cares to ask for."""
API = frozenset({"call", "component_server", "file", "heartbeat", "info", "mcp", "queue", "run", "upload", "upload_progress"})
"""Parts after ``gradio_api`` that are."""
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Figures:
    """Figures of this process for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        about = {"registry": self.registry}
        self.requests = Counter("cternet_requests", "Requests answered.", ("method", "route", "status"), **about)
        self.seconds = Histogram(
            "cternet_request_seconds", "From a request to the end of its answer.", ("route",), buckets=SECONDS, **about
        )
        self.open = Gauge("cternet_requests_open", "Requests that are being answered.", **about)

    def answer(self, _request: Request) -> Response:
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def route_of(path: str) -> str:
    """What a path counts as: its first part, and of gradio's API the second; files have names that visitors gave them."""
    first, *rest = path.lstrip("/").split("/")
    if first == "gradio_api" and rest:
        second = rest[0].partition("=")[0]
        return f"/gradio_api/{second}" if second in API else "/gradio_api/other"
    return f"/{first}" if first in KNOWN else "/other"


class Observed:
    """ASGI middleware: gives each request an id, adds headers, and tells how it went."""

    def __init__(self, app: ASGIApp, figures: Figures | None = None) -> None:
        self.app, self.figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, number, status = time.perf_counter(), secrets.token_hex(8), 500
        route = route_of(scope["path"].removeprefix(scope.get("root_path", "")))
        scope |= {"cternet.request": number, "cternet.route": route}  # for lines about errors

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name.lower(): value for name, value in message["headers"]}
                more = HEADERS | {"x-request-id": number}
                more |= UNBUFFERED if there.get(b"content-type", b"").startswith(b"text/event-stream") else {}
                more |= {} if b"content-security-policy" in there else {"content-security-policy": FRAMES}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in more.items() if name.encode() not in there),
                ]
            await send(message)

        if self.figures is not None:
            self.figures.open.inc()
        try:
            await self.app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - start
            about = {"request": number, "method": scope["method"], "route": route, "status": status}
            log.info("%(method)s %(route)s %(status)d", about, extra=about | {"seconds": round(seconds, 4)})
            if self.figures is not None:
                self.figures.open.dec()
                self.figures.requests.labels(scope["method"], route, str(status)).inc()
                self.figures.seconds.labels(route).observe(seconds)


def healthy(_request: Request) -> Response:
    """The server is up, and its models are loaded: they are before it listens."""
    return PlainTextResponse("ok")


def routes(figures: Figures | None) -> list[Route]:
    """``/healthz``, and ``/metrics`` where figures are kept."""
    found = [Route("/healthz", healthy)]
    return found if figures is None else [*found, Route("/metrics", figures.answer)]


class Lines(logging.Formatter):
    """A record as a line of JSON."""

    FIELDS = ("request", "method", "route", "status", "seconds")

    def format(self, record: logging.LogRecord) -> str:
        about = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname, "from": record.name}
        about |= {name: vars(record)[name] for name in self.FIELDS if name in vars(record)}
        if "seconds" not in about:
            about["says"] = record.getMessage()
        if record.exc_info:
            about["error"] = self.formatException(record.exc_info)
        return json.dumps(about)


def start_log(form: str) -> None:
    """Send the log to stderr; requests are in it where it is for programs (``json``)."""
    handler = logging.StreamHandler(sys.stderr)
    formatter: Callable[[], logging.Formatter] = Lines if form == "json" else logging.Formatter
    handler.setFormatter(formatter())
    handler.addFilter(Brief())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(logging.INFO if form == "json" else logging.WARNING)
