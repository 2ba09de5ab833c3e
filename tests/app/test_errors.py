"""Requests that gradio and its web server stumble over: each gets a sentence, and the log no traceback."""

import asyncio
import json
import logging
import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.responses import FileResponse, StreamingResponse
from starlette.testclient import TestClient

from app.checks import RELOAD
from app.errors import FAILED, NOT_TAKEN, Answered, Brief, invalid, is_nonsense
from app.models import paths
from app.observed import Lines, Observed
from tests.app.calls import Caller, said

BODIES = {
    "no JSON": b"{",
    "no text": b'{"data": ["\xff"]}',
    "a number": b"5",
    "no fields": b"{}",
    "NaN": b'{"data": NaN, "session_hash": NaN, "event_id": NaN, "fn_index": 0}',
    "half a character": b'{"data": "\\ud800", "session_hash": "\\ud800", "event_id": 5, "fn_index": "\\ud800", "fn_name": "x"}',
    "an unknown handler": b'{"data": [], "session_hash": "s", "fn_index": -1, "event_id": "e"}',
    "a huge number": b'{"data": [], "session_hash": "s", "fn_index": 1' + b"0" * 400 + b', "event_id": "e"}',
    "a number of 5000 digits": b'{"data": [1' + b"0" * 5000 + b'], "session_hash": "s", "fn_index": 0}',
    "deep": b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "an unknown component": b'{"session_hash": "s", "component_id": 99999, "fn_name": "paint", "data": 1}',
}
ROUTES = (
    *(f"/gradio_api/{name}" for name in ("queue/join", "run/predict", "run/analyze", "api/nothing", "call/nothing", "upload")),
    *(
        f"/gradio_api/{name}"
        for name in ("call/v2/analyze", "call/v2/nothing", "cancel", "reset", "component_server/", "vibe-edit")
    ),
    "/login",
)
TYPES = ("application/json", "text/plain", "multipart/form-data; boundary=x", f"multipart/form-data; boundary={'z' * 300}", "")
JSON = {"content-type": "application/json"}
PARTS = (
    b"--x\r\n\r\n\r\n--x--\r\n",
    b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc',
    b'--x\r\nContent-Disposition: form-data; name="component_id"\r\n\r\nabc\r\n--x--\r\n',
)
PLACES = ("/assets/" + "a" * 5000, "/svelte/" + "a" * 5000, "/pwa_icon/0", "/pwa_icon/99999999999", "/gradio_api/proxy=%00")


def sentence_in(answer: httpx.Response) -> str:
    """What the answer says; of a list, nothing."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text
    return next((body[key] for key in ("detail", "error") if isinstance(body.get(key), str)), "")


@pytest.fixture(scope="module")
def caller(studio) -> Caller:
    return Caller(studio.local_url.rstrip("/"), "0123456789abcdef")


def test_junk_gets_a_sentence_and_no_traceback(caller, capfd, caplog):
    wrong = []
    with httpx.Client(base_url=caller.url, timeout=30) as client:
        posts = [(route, body, kind) for route in ROUTES for body in BODIES.values() for kind in TYPES]
        parts = [(route, body, TYPES[2]) for route in ROUTES for body in PARTS]
        for route, body, kind in posts + parts:
            answer = client.post(route, content=body, headers={"content-type": kind} if kind else {})
            words = sentence_in(answer) if answer.is_error else ""
            one = "\n" not in words and 0 < len(words) < 300 and words != "Internal Server Error"
            blamed = answer.status_code < 500 or words == NOT_TAKEN  # gradio gives all refusals of a direct call 500
            told = {"x-request-id", "x-content-type-options"} <= answer.headers.keys()
            if answer.is_error and not (one and blamed and told):
                wrong.append((route, kind[:30], body[:40], answer.status_code, answer.text[:100]))
        answers = [client.get(place) for place in PLACES]
    assert not wrong
    assert [(answer.status_code, sentence_in(answer)) for answer in answers] == [(400, NOT_TAKEN)] * len(PLACES)
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_an_unknown_component_or_stream_is_refused(caller, capfd, caplog):
    body = {"session_hash": caller.session, "component_id": 99999, "fn_name": "paint", "data": 1}
    answer = httpx.post(f"{caller.url}/gradio_api/component_server/", json=body, timeout=30)
    assert (answer.status_code, answer.json()) == (400, {"detail": NOT_TAKEN})
    stream = httpx.get(f"{caller.url}/gradio_api/queue/data?session_hash=nobody", timeout=30)
    assert '"session_not_found":true' in stream.text, "and it ends as it should, or httpx would raise"
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_a_session_that_is_no_text_breaks_nothing_for_others(caller, capfd, caplog):
    dependency = caller.dependency("analyze")
    body = {"data": [], "fn_index": dependency["id"], "session_hash": "?"}
    junk = json.dumps(body).replace('"?"', '"\\ud800"')
    assert httpx.post(f"{caller.url}/gradio_api/queue/join", content=junk, headers=JSON, timeout=30).is_success
    for _ in range(3):
        assert NOT_TAKEN in said(caller.call(dependency, []))
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_an_error_of_this_program_is_a_sentence_too_and_the_log_has_where(caller, studio, caplog, monkeypatch):
    function = next(fn for fn in studio.fns.values() if fn.api_name == "analyze")

    monkeypatch.setattr(studio, "preprocess_data", lambda *_: asyncio.sleep(0, []))
    monkeypatch.setattr(function, "fn", lambda: paths(None))  # an error within app/
    answer = caller.call(caller.dependency("analyze"), [None] * len(caller.dependency("analyze")["inputs"]))
    assert FAILED in said(answer) and "Traceback" in caplog.text


def app_that_fails() -> FastAPI:
    class Wanted(BaseModel):
        number: int

    app = FastAPI(middleware=[Middleware(Observed), Middleware(Answered)], exception_handlers={RequestValidationError: invalid})

    @app.post("/wants")
    def wants(body: Wanted) -> int:
        return body.number

    @app.get("/nonsense")
    def nonsense() -> int:
        return json.loads("{")

    @app.get("/ours")
    def ours() -> int:
        return paths(None)  # an error within app/

    @app.get("/machine")
    def machine() -> int:
        raise OSError(24, "Too many open files")

    @app.get("/midway")
    def midway() -> StreamingResponse:
        return StreamingResponse(iter([b"one", 5]))

    @app.get("/short")
    def short() -> FileResponse:
        return FileResponse(__file__, headers={"content-length": "999999"})

    return app


def test_answers_tell_whose_fault_it_was(caplog):
    client = TestClient(app_that_fails())
    seen = {name: client.get(f"/{name}") for name in ("nonsense", "ours", "machine", "midway")}
    assert {name: answer.status_code for name, answer in seen.items()} == {
        "nonsense": 400,
        "ours": 500,
        "machine": 500,
        "midway": 200,
    }
    assert seen["nonsense"].json() == {"detail": NOT_TAKEN}
    assert seen["ours"].json() == seen["machine"].json() == {"detail": FAILED}
    assert seen["midway"].text == "one"
    records = {record.message.split()[1]: record for record in caplog.records if record.name == "cternet.errors"}
    number = seen["nonsense"].headers["x-request-id"]
    assert [bool(record.exc_info) for record in caplog.records if record.name == "cternet.errors"] == [False, True, True, False]
    assert number in next(iter(caplog.records)).message and "JSONDecodeError" in next(iter(caplog.records)).message
    line = json.loads(Lines().format(next(iter(records.values()))))
    assert line["request"] and "says" in line


def test_a_wrong_body_says_what_is_wrong_and_repeats_nothing_of_it():
    client = TestClient(app_that_fails())
    for junk in ('{"number": "secret\\ud800"}', '{"number": NaN}', "{", '{"secret": 5}', ""):
        answer = client.post("/wants", content=junk, headers=JSON)
        said_of_it = answer.json()["detail"]
        assert answer.status_code == 422 and "secret" not in said_of_it
        assert re.fullmatch(
            r"This input is not accepted \(body.*: .*\): reload the page, or see the API description\.", said_of_it
        )


def test_the_log_leaves_out_tracebacks_of_nonsense_whoever_writes_them():
    record = logging.LogRecord("mcp", logging.ERROR, __file__, 1, "Error handling %s", ("POST",), None)
    try:
        json.loads("{")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
        assert is_nonsense(error)
    Brief().filter(record)
    assert logging.Formatter().format(record) == "Error handling POST (JSONDecodeError)"
    assert RELOAD not in record.getMessage()
