"""Settings from the environment, health, figures and the log of requests."""

import json
import logging

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.main import build, options
from app.observed import Figures, Lines, Observed, route_of, routes
from app.settings import Settings, SettingsError, read_settings
from cternet import Predictor
from cternet.compare import Networks
from tests.tiny import tiny_network


@pytest.fixture
def networks() -> Networks:
    return Networks(Predictor(tiny_network(), name="tiny", device="cpu"), {})


def test_settings_and_their_defaults(monkeypatch: pytest.MonkeyPatch):
    found = read_settings()
    assert (found.queue, found.concurrency, found.upload_megabytes, found.auth, found.metrics) == (64, 4, 100, (), False)
    given = {
        "QUEUE": "3",
        "CONCURRENCY": "2",
        "UPLOAD_MB": "7",
        "AUTH": "a:b:c, d:e",
        "METRICS": "1",
        "THREADS": "",
        "LOG": "json",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"CTERNET_{name}", value)
    found = read_settings()
    assert (found.queue, found.concurrency, found.upload_megabytes, found.metrics, found.log) == (3, 2, 7, True, "json")
    assert found.auth == (("a", "b:c"), ("d", "e")) and found.threads is None
    assert "b:c" not in repr(found), "passwords are not printed"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CTERNET_QUEUE", "many", "CTERNET_QUEUE is 'many', which cannot be used: input should be a valid integer"),
        ("CTERNET_QUEUE", "0", "CTERNET_QUEUE is '0', which cannot be used: input should be greater than or equal to 1"),
        ("GRADIO_SERVER_PORT", "70000", "GRADIO_SERVER_PORT is '70000'"),
        ("GRADIO_ROOT_PATH", "studio", "GRADIO_ROOT_PATH is 'studio', which cannot be used: give a path like /studio"),
        ("CTERNET_LOG", "xml", "CTERNET_LOG is 'xml', which cannot be used: input should be 'text' or 'json'"),
        ("CTERNET_AUTH", "secret", "CTERNET_AUTH, cannot be used: give NAME:PASSWORD, or several separated by commas."),
    ],
)
def test_a_wrong_setting_is_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)
    assert name != "CTERNET_AUTH" or value not in str(caught.value)


def test_settings_reach_the_server(networks: Networks):
    settings = Settings.model_construct(concurrency=2, queue=5, upload_megabytes=3, metrics=True, auth=(("a", "b"),))
    networks.predictor.passes.most = 3
    demo = build(networks, settings=settings)
    limits = {block_fn.concurrency_limit for block_fn in demo.fns.values() if block_fn.concurrency_id == "photo"}
    assert limits == {2 + 3} and demo._queue.max_size == 5
    launched = options(demo, settings)
    assert launched["max_file_size"] == 3 * 2**20 and launched["auth"] == [("a", "b")]
    assert {route.path for route in launched["app_kwargs"]["routes"]} >= {"/healthz", "/metrics"}
    assert {route.path for route in options(demo)["app_kwargs"]["routes"]} & {"/metrics"} == set()
    assert any("at most 3 MB" in str(block.value) for block in demo.blocks.values() if hasattr(block, "value"))


def test_routes_name_no_file_and_nothing_that_anybody_can_make_up():
    assert route_of("/gradio_api/file=/tmp/my-holiday.jpg") == "/gradio_api/file"
    assert route_of("/gradio_api/queue/data") == "/gradio_api/queue"
    assert route_of("/gradio_api/secret") == "/gradio_api/other"
    assert route_of("/reports/token/index.html") == "/reports"
    assert {route_of(f"/{name}") for name in ("a", "b", "vanilla-fi")} == {"/other"}
    assert route_of("/") == "/"


def test_requests_are_told_of(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    figures = Figures()
    monkeypatch.setattr(logging.getLogger("cternet.requests"), "disabled", False)  # import-linter silences what it did not make

    def fails(_request):
        raise RuntimeError("inside")

    def report(_request):
        return PlainTextResponse("x", headers={"Content-Security-Policy": "sandbox"})

    app = Starlette(
        routes=[*routes(figures), Route("/reports/a", report), Route("/config", fails)],
        middleware=[Middleware(Observed, figures=figures)],
    )
    client = TestClient(app, raise_server_exceptions=False)
    with caplog.at_level(logging.INFO, "cternet.requests"):
        answer = client.get("/healthz")
        other, failed = client.get("/reports/a?secret=1"), client.get("/config")
    assert (answer.status_code, answer.text, failed.status_code) == (200, "ok", 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "https://*.hf.space" in answer.headers["content-security-policy"]
    assert other.headers["content-security-policy"] == "sandbox", "its own stays"
    assert len({one.headers["x-request-id"] for one in (answer, other)}) == 2
    lines = [json.loads(Lines().format(record)) for record in caplog.records]
    assert [(line["route"], line["status"]) for line in lines] == [("/healthz", 200), ("/reports", 200), ("/config", 500)]
    assert lines[0]["request"] == answer.headers["x-request-id"] and "secret" not in json.dumps(lines)
    text = client.get("/metrics").text
    assert 'cternet_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert 'cternet_request_seconds_count{route="/reports"} 1.0' in text and "process_resident_memory_bytes" in text
