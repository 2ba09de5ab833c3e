"""Visitors whose connection is gone are forgotten, unless they come back in time."""

import pytest

from app import departures
from app.departures import MINUTES, Departures


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(departures.time, "monotonic", lambda: now[0])
    return now


def test_who_does_not_come_back_is_forgotten_once(clock):
    gone = []
    there = Departures(gone.append)
    there.left("a")
    clock[0] += 60 * MINUTES - 1
    there.forget_those_gone()
    assert gone == []
    clock[0] += 1
    there.forget_those_gone()
    there.forget_those_gone()
    assert gone == ["a"]


def test_who_comes_back_has_as_long_again(clock):
    gone = []
    there = Departures(gone.append)
    there.left("a")
    clock[0] += 60 * MINUTES - 1
    there.heard("a")
    there.heard("never left")
    clock[0] += 60 * MINUTES - 1
    there.forget_those_gone()
    assert gone == [] and set(there.last) == {"a"}
    clock[0] += 1
    there.forget_those_gone()
    assert gone == ["a"]
