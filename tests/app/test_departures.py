"""Visitors who are gone are forgotten, unless they come back in time."""

import httpx
import pytest

from app import departures
from app.departures import AWAY, MOST, SILENT, Departures
from tests.app.calls import Caller
from tests.tiny import tiny_photo


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(departures, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def gone():
    return []


@pytest.fixture
def there(gone):
    return Departures(gone.append)


def test_who_does_not_come_back_is_forgotten_once(clock, there, gone):
    there.heard("a")
    there.left("a")
    clock[0] += AWAY - 1
    there.forget_those_gone()
    assert gone == []
    clock[0] += 1
    there.forget_those_gone()
    there.forget_those_gone()
    assert gone == ["a"]


def test_who_comes_back_has_as_long_again(clock, there, gone):
    there.left("a")
    clock[0] += AWAY - 1
    there.heard("a")
    clock[0] += AWAY - 1
    there.forget_those_gone()
    assert gone == []
    clock[0] += 1
    there.forget_those_gone()
    assert gone == ["a"]


def test_who_says_nothing_is_forgotten_as_well_if_later(clock, there, gone):
    there.heard("a program")
    clock[0] += SILENT - 1
    there.forget_those_gone()
    assert gone == []
    clock[0] += 1
    there.forget_those_gone()
    assert gone == ["a program"]


def test_one_who_cannot_be_forgotten_does_not_keep_the_others(clock, caplog):
    gone = []

    def forget(session):
        if session == "a":
            raise OSError("the disk")
        gone.append(session)

    there = Departures(forget)
    for name in "abc":
        there.left(name)
    clock[0] += AWAY
    there.forget_those_gone()
    assert gone == ["b", "c"] and "could not be forgotten" in caplog.text


def test_made_up_visitors_take_no_memory_without_end(there, gone):
    for number in range(MOST + 2):
        there.heard(str(number))
    there.heard("x" * 1000)
    assert len(there.seen) == MOST and gone == ["0", "1"]


def test_a_page_that_is_closed_is_forgotten_with_its_photo_and_its_files(studio, tmp_path, monkeypatch):
    """From the connection to the stores: what the privacy of visitors rests on."""
    caller = Caller(studio.local_url.rstrip("/"), "closes-soon")
    tiny_photo().save(tmp_path / "photo.png")
    with httpx.stream("GET", f"{caller.url}/gradio_api/heartbeat/{caller.session}", timeout=30) as page:
        alive = page.iter_lines()  # held: the connection ends with it
        next(alive)
        choose = caller.dependency("choose")
        caller.call(choose, [caller.upload(tmp_path / "photo.png")])
    stores = [fn.fn for fn in studio.fns.values() if fn.api_name == "leave"]
    assert stores
    forgotten = []
    forget = studio.departures.forget
    monkeypatch.setattr(studio.departures, "forget", lambda session: (forgotten.append(session), forget(session)))
    for _ in range(100):
        if studio.departures.seen[caller.session].cut:
            break
        httpx.get(f"{caller.url}/healthz", timeout=5)
        departures.threading.Event().wait(0.1)
    assert studio.departures.seen[caller.session].cut, "the connection's end is noticed"
    monkeypatch.setattr(departures, "AWAY", 0.0)
    studio.departures.forget_those_gone()
    assert caller.session in forgotten
    redraw = caller.dependency("redraw")
    answer = caller.call(redraw, caller.defaults(redraw))[-1]
    assert not answer["success"] and "no photo of yours open" in answer["output"]["error"]
