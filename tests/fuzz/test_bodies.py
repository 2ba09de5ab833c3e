"""Bodies for the API and for the page's queue: each call gets an answer or one sentence, and the server lives on.

CTERNET_FUZZ=2000 python -m pytest tests/fuzz -m slow -s    # as many others, new each time; --hypothesis-seed=N repeats them
"""

import hashlib
import io
import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.calls import MARK
from tests.fuzz.damage import files
from tests.fuzz.server import Server
from tests.fuzz.test_loader import LONGEST, TELLS
from tests.tiny import tiny_photo

pytestmark = pytest.mark.slow
GRADIOS = ("There was an error parsing the body", "Not Found", "Function not found.")
"""What gradio's web server says by itself, whole or not."""
EXAMPLES = int(os.environ.get("CTERNET_FUZZ", 0))
FEWEST = 250
"""Distinct calls that a run makes, beside the files of ``test_loader``."""
ENDPOINTS = ("analyze", "intervene", "what_would_it_take", "compare")
WORDS = (
    "path",
    "url",
    "meta",
    "orig_name",
    "_type",
    "gradio.FileData",
    "ignore",
    "look-only",
    "CTERNet",
    "awe",
    "0",
    "-1",
    "NaN",
)
"""What programs send, in places where it does not belong."""
text = st.one_of(st.sampled_from(WORDS), st.text(max_size=20), st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=8))
numbers = st.one_of(st.integers(-5, 10), st.integers(), st.floats(), st.sampled_from((2**31, 2**63, 10**400)))
leaves = st.one_of(st.none(), st.booleans(), numbers, text)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=8
)
deep = st.integers(5, 3000).map(lambda times: "DEEP" + str(times))
"""Stands for as many lists in one another, which Python's own encoder would not write."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


def encoded(body: Any) -> bytes:
    """As JSON, with what JSON has not: NaN, infinities, halves of characters."""
    said = json.dumps(body).encode()
    while (at := said.find(b'"DEEP')) >= 0:
        end = said.index(b'"', at + 1)
        times = int(said[at + 5 : end])
        said = said[:at] + b"[" * times + b"]" * times + said[end + 1 :]
    return said


def sentence_of(answer: httpx.Response) -> str:
    body = answer.json()
    return body.get("detail") or body.get("error") or ""


def check(words: Any) -> str:
    """Fails where it is not one sentence for people; returns what it is counted as."""
    if words in GRADIOS:
        return "refused"
    assert isinstance(words, str) and words.endswith(".") and "\n" not in words and len(words) < LONGEST, words
    assert not TELLS.search(words), words
    return "refused"


class Calls:
    """Makes calls of each kind from what Hypothesis draws, and counts how they ended."""

    def __init__(self, server: Server) -> None:
        self.server, self.numbers, self.seen = server, itertools.count(), {}
        dependencies = server.caller.dependencies
        self.dependencies = [one for one in dependencies if one["backend_fn"]]
        self.canvas = next(c["id"] for c in server.caller.config["components"] if c["props"].get("elem_id") == "whatif-canvas")
        self.photo = io.BytesIO()
        tiny_photo(5).save(self.photo, "PNG")

    def make(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(("direct", "call", "page", "page", "function", "body")))
        before = len(self.seen)
        body, outcome = getattr(self, kind)(data)
        self.seen.setdefault(hashlib.sha256(body).hexdigest(), (kind, outcome))
        if len(self.seen) == before:
            return
        assert self.server.process.poll() is None, "the server is gone"

    def inputs(self, data: st.DataObject, dependency: dict[str, Any]) -> list[Any]:
        """The inputs as they should be, but for one or two, or the number of them."""
        found = self.server.caller.defaults(dependency)
        if found and data.draw(st.booleans()):
            found[0] = data.draw(st.one_of(self.file(data), values))
        for place in data.draw(st.lists(st.integers(0, max(len(found) - 1, 0)), max_size=2)) if found else ():
            found[place] = data.draw(st.one_of(values, deep))
        return found[: data.draw(st.sampled_from((None, None, None, -1, 0)))]

    def file(self, data: st.DataObject) -> st.SearchStrategy[Any]:
        """A file that was uploaded, damaged or whole, in the form it should have or another."""
        content = data.draw(st.one_of(st.just(self.photo.getvalue()), files))
        name = data.draw(st.sampled_from(("a.png", "b" * 200 + ".jpg", "é\u202e<b>.gif", "c", ".jpg")))
        answer = self.server.client.post("/gradio_api/upload", files={"files": (name, content)})
        path = answer.json()[0] if answer.is_success else name
        whole = {"path": path, "orig_name": name, "meta": MARK}
        changed = st.dictionaries(st.sampled_from(WORDS[:5]) | text, leaves, min_size=1, max_size=2)
        return st.one_of(st.just(whole), st.just([whole]), st.builds(lambda more: whole | more, changed))

    def direct(self, data: st.DataObject) -> tuple[bytes, str]:
        dependency = data.draw(st.sampled_from(self.dependencies))
        body = encoded({"data": self.inputs(data, dependency), "fn_index": dependency["id"], "session_hash": "direct"})
        answer = self.server.post("run/predict", body)
        return body, "answered" if answer.is_success else check(sentence_of(answer))

    def call(self, data: st.DataObject) -> tuple[bytes, str]:
        name = data.draw(st.sampled_from(ENDPOINTS))
        body = encoded({"data": self.inputs(data, self.server.caller.dependency(name))})
        answer = self.server.post(f"call/{name}", body)
        if answer.is_error:
            return body, check(sentence_of(answer))
        ended = json.loads(self.server.stream(f"call/{name}/{answer.json()['event_id']}"))
        return body, "answered" if isinstance(ended, list) else check(ended["error"])

    def page(self, data: st.DataObject) -> tuple[bytes, str]:
        dependency, session = data.draw(st.sampled_from(self.dependencies)), f"page{next(self.numbers)}"
        event = data.draw(st.one_of(st.none(), values)) if dependency["collects_event_data"] else None
        said = {"data": self.inputs(data, dependency), "event_data": event, "fn_index": dependency["id"]}
        body = encoded(said | {"session_hash": session, "trigger_id": data.draw(st.sampled_from((None, 1, -1, 10**9)))})
        answer = self.server.post("queue/join", body)
        if answer.is_error:
            return body, check(sentence_of(answer))
        ended = self.server.last_message(session)
        return body, "answered" if ended["success"] else check(ended["output"]["error"])

    def function(self, data: st.DataObject) -> tuple[bytes, str]:
        """One of the painting's own."""
        name = data.draw(st.sampled_from(("paint", "find_regions", "needed", "__init__", "value")))
        said = {"session_hash": "function", "component_id": data.draw(st.sampled_from((self.canvas, 1, -1, "x", 10**9)))}
        keys = ("scene", "mask", "mode", "emotion", "regions", "kind")
        sent = data.draw(st.one_of(values, deep, st.dictionaries(st.sampled_from(keys), values)))
        body = encoded(said | {"fn_name": name, "data": sent})
        answer = self.server.post("component_server/", body)
        if answer.is_error:
            return body, check(sentence_of(answer))
        found = answer.json()
        return body, check(found["message"]) if found.get("wrong") else "answered"

    def body(self, data: st.DataObject) -> tuple[bytes, str]:
        """A body of any form at any address."""
        route = data.draw(
            st.sampled_from(("queue/join", "call/analyze", "call/v2/analyze", "run/predict", "cancel", "reset", "upload"))
        )
        fields = (
            "data",
            "fn_index",
            "session_hash",
            "event_id",
            "event_data",
            "trigger_id",
            "batched",
            "simple_format",
            "image",
        )
        said = data.draw(st.one_of(values, st.dictionaries(st.sampled_from(fields), st.one_of(values, deep), min_size=1)))
        whole = encoded(said)
        sent = data.draw(st.sampled_from((whole, whole, whole[: len(whole) // 2], whole.replace(b'"', b"\xff"), whole + whole)))
        answer = self.server.post(route, sent)
        return route.encode() + sent, "answered" if answer.is_success else check(sentence_of(answer))


def test_hundreds_of_calls(server: Server):
    calls = Calls(server)

    @settings(
        max_examples=EXAMPLES or 350,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        calls.make(data)

    run()
    ends = Counter(outcome for _, outcome in calls.seen.values())
    kinds = dict(Counter(kind for kind, _ in calls.seen.values()))
    print(
        f"\n{len(calls.seen)} distinct calls: {ends['answered']} answered, {ends['refused']} refused with a sentence; {kinds}"
    )
    assert len(calls.seen) >= FEWEST and server.healthy()
    assert "Traceback" not in server.log, server.log[-3000:]


def test_the_server_still_answers_a_photo(server: Server, tmp_path: Path):
    path = tmp_path / "beach.png"
    tiny_photo(5).save(path)
    dependency = server.caller.dependency("analyze")
    (*_, last) = server.caller.call(dependency, [server.caller.upload(path), *server.caller.defaults(dependency)[1:]])
    assert last["success"], last
