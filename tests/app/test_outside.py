"""What anyone can send to every handler of the app: paths of the server, and values no page sends."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from app.blocks import NOT_TAKEN
from app.checks import RELOAD, Refused
from app.uploads import NOT_AN_UPLOAD, received
from tests.app.calls import MARK, Caller, said, uploaded
from tests.tiny import tiny_photo

FILES = ("image", "file", "uploadbutton")
"""Components through which files come."""
JUNK = (5, "no choice", [{}], {"path": 5}, 10**400)
EVENTS = (5, "index", {}, *({"index": index, "value": 1} for index in ("x", -1, 10**9, [0], True)))
METAS = ({}, {"_type": "made.Up"}, None, MARK)
SHAPES = ({}, *({"meta": meta} for meta in METAS), {"meta": MARK, "orig_name": "beach.jpg"})
"""What may be sent beside a path."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """What may lie at a path outside of the upload folder."""
    folder = Path("/var/tmp") / f"cternet-test-{tmp_path_factory.getbasetemp().name}"
    folder.mkdir(exist_ok=True)
    tiny_photo(1).save(folder / "picture.png")
    (folder / "words.png").write_text("no picture")
    (folder / "folder.png").mkdir(exist_ok=True)
    found = {kind: folder / f"{kind}.png" for kind in ("picture", "words", "folder", "missing")}
    yield found
    for path in (found["picture"], found["words"]):
        path.unlink()
    found["folder"].rmdir()
    folder.rmdir()


@pytest.fixture(scope="module")
def caller(studio, tmp_path_factory) -> Caller:
    """A visitor who has a photo on every page, so that every handler has something to work on."""
    caller = Caller(studio.local_url.rstrip("/"), "0123456789abcdef")
    path = tmp_path_factory.mktemp("photo") / "beach.png"
    tiny_photo(5).save(path)
    photo = caller.upload(path)
    for name, value in (("choose", photo), ("ask", [photo])):
        dependency = caller.dependency(name)
        (*_, last) = caller.call(dependency, [value, *caller.defaults(dependency)[1:]])
        assert last["success"], last
    return caller


def singly(caller: Caller, dependency: dict[str, Any], value: Any, kinds: tuple[str, ...] = ()) -> Iterator[list[Any]]:
    """The inputs as the page has them with the value in the place of one, for each input (of these kinds)."""
    untouched = caller.defaults(dependency)
    for place, number in enumerate(dependency["inputs"]):
        if not kinds or caller.component(number)["type"] in kinds:
            yield [*untouched[:place], value, *untouched[place + 1 :]]


def is_answer(messages: list[dict[str, Any]]) -> bool:
    """Whether the caller got what they asked for, or a sentence why not."""
    return bool(messages) and bool(messages[-1]["success"] or messages[-1]["output"].get("error"))


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize("in_a_list", [False, True])
def test_no_handler_says_anything_of_a_path_that_is_no_upload(caller, elsewhere, capfd, caplog, shape, in_a_list):
    """The answer is the same whether a picture lies there or nothing; where a file is asked for it is the refusal."""
    wrong = []
    for dependency in caller.dependencies:
        if not dependency["inputs"] and not dependency["collects_event_data"]:
            continue  # nothing comes in
        answers = []
        for kind in ("picture", "missing"):
            value: Any = {"path": str(elsewhere[kind]), **shape}
            value = [value] if in_a_list else value
            said_of_it = said(caller.call(dependency, [value] * len(dependency["inputs"]), event_data=value))
            answers.append(re.sub(r'\\"id\\": \\"\w+|"id": "\w+', "ID", said_of_it.replace(str(elsewhere[kind]), "PATH")))
            for data in singly(caller, dependency, value, FILES) if kind == "picture" else ():
                if NOT_AN_UPLOAD not in (answer := said(caller.call(dependency, data))):
                    wrong.append((dependency["api_name"], answer[:300]))
        if answers[0] != answers[1]:
            wrong.append((dependency["api_name"], *answers))
    assert not wrong
    assert "Traceback" not in capfd.readouterr().err + caplog.text


@pytest.mark.parametrize("name", ["analyze", "intervene", "what_would_it_take", "compare"])
def test_endpoints_refuse_paths_in_every_shape(caller, elsewhere, name):
    dependency = caller.dependency(name)
    rest = caller.defaults(dependency)[1:]
    for path, shape in itertools.product(elsewhere.values(), SHAPES):
        answer = caller.call(dependency, [{"path": str(path), **shape}, *rest])[-1]
        assert not answer["success"]
        assert str(path) not in answer["output"]["error"]


@pytest.mark.parametrize("function", ["paint", "find_regions", "needed"])
def test_server_functions_say_nothing_of_a_path_either(caller, elsewhere, capfd, caplog, function):
    canvas = next(c["id"] for c in caller.config["components"] if c["props"].get("elem_id") == "whatif-canvas")
    body = {"session_hash": caller.session, "component_id": canvas, "fn_name": function}
    answers = set()
    for path, shape in itertools.product(elsewhere.values(), SHAPES):
        value = {"path": str(path), **shape}
        for data in (value, [value], {"scene": value, "mask": value}):
            answer = httpx.post(f"{caller.url}/gradio_api/component_server/", json=body | {"data": data}, timeout=30)
            assert answer.status_code == 200 and answer.json()["wrong"]
            answers.add(answer.json()["message"])
    assert answers == {RELOAD, "This page sent an invalid painting; reload it."}
    assert "Traceback" not in capfd.readouterr().err + caplog.text


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
def test_no_handler_fails_on_a_value_that_no_page_sends(caller, capfd, caplog, junk):
    wrong = []
    for dependency in caller.dependencies:
        for data in singly(caller, dependency, junk):
            if not is_answer(messages := caller.call(dependency, data)):
                wrong.append((dependency["api_name"], said(messages)[:200]))
    assert not wrong
    assert "Traceback" not in capfd.readouterr().err + caplog.text


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_no_handler_fails_on_an_event_that_no_page_has(caller, capfd, caplog, event):
    wrong = []
    for dependency in caller.dependencies:
        if not dependency["collects_event_data"]:
            continue
        if not is_answer(messages := caller.call(dependency, caller.defaults(dependency), event_data=event)):
            wrong.append((dependency["api_name"], said(messages)[:200]))
    assert not wrong
    assert "Traceback" not in capfd.readouterr().err + caplog.text


@pytest.mark.parametrize("change", [lambda v: v[:-1], lambda v: [*v, 1, 2], lambda v: []], ids=["short", "long", "none"])
def test_too_few_and_too_many_values(caller, capfd, change):
    for dependency in caller.dependencies:
        assert is_answer(caller.call(dependency, change(caller.defaults(dependency)))), dependency["api_name"]
    assert "Traceback" not in capfd.readouterr().err


def test_the_page_s_handlers_need_a_session(caller, capfd):
    """Without one, all who have none would share what is kept of them."""
    for dependency in caller.dependencies:
        if dependency["api_visibility"] == "private":
            body = {"data": caller.defaults(dependency), "fn_index": dependency["id"]}
            answer = httpx.post(f"{caller.url}/gradio_api/run/predict", json=body, timeout=30)
            assert answer.is_error, dependency["api_name"]
            assert "join the queue" in answer.text or NOT_TAKEN in answer.text, (dependency["api_name"], answer.text)
    assert "Traceback" not in capfd.readouterr().err


# --- the one way in


def test_received_gives_the_file_and_the_visitor_s_name_for_it(tmp_path):
    path = tmp_path / "a.png"
    tiny_photo(1).save(path)
    found = received(uploaded(path, "beach.png"))
    assert (found.path, found.name) == (path.resolve(), "beach.png")
    assert received(uploaded(path) | {"orig_name": 5}).name == "a.png"
    assert received(uploaded(path, "n" * 5000)).name == "n" * 100
    assert isinstance(found.photo(), Image.Image)


def test_a_name_that_is_no_text_is_repeated_as_text(caller, tmp_path, capfd, caplog):
    """Half a character can stand in JSON, and not in an answer."""
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    dependency = caller.dependency("analyze")
    photo = {**caller.upload(path), "orig_name": "a\ud800.png"}
    answer = caller.call(dependency, [photo, *caller.defaults(dependency)[1:]])[-1]
    assert answer["output"]["error"].startswith("a?.png is not an image")
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_received_goes_by_where_a_path_really_leads(tmp_path, elsewhere):
    link = tmp_path / "link.png"
    link.symlink_to(elsewhere["picture"])
    outside = (link, f"{tmp_path}/{'../' * 9}etc/hostname", "/etc/hostname", *elsewhere.values())
    nothing = (tmp_path, tmp_path / "missing", "a\0b", "", "n" * 10_000)
    for payload in [*({"path": str(path), "meta": MARK} for path in (*outside, *nothing)), None, 5, [], "x"]:
        with pytest.raises(Refused, match=NOT_AN_UPLOAD):
            received(payload)
