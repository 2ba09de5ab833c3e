"""What the canvas's script may send, and what is refused."""

import asyncio

import numpy as np
import pytest

from app.checks import Payload, Refused, real_number, whole_number
from app.intervene.canvas import CanvasRequest
from app.sessions import session_of
from cternet.results.painting import encode

SHAPE, LABELS = (4, 4), ("awe", "fear")
GOOD = {
    "scene": "00ff",
    "mask": encode(np.arange(0, 160, 10, dtype=np.uint8).reshape(SHAPE)),
    "mode": "ignore",
    "label": "awe",
    "kind": "affective",
    "threshold": "25",
    "allocation": "random",
    "level": "attention",
    "seed": "7",
}


def check(payload, allocations=("random", "uniform")):
    return CanvasRequest.of(payload, shape=SHAPE, emotions=LABELS, allocations=allocations)


def test_what_the_canvas_sends_arrives_cell_by_cell():
    asked = check(GOOD)
    assert asked.mask.dtype == np.uint8
    assert asked.mask.tolist() == [[0, 10, 20, 30], [40, 50, 60, 70], [80, 90, 100, 110], [120, 130, 140, 150]]
    assert (asked.threshold, asked.seed, asked.mode, asked.label) == (0.25, 7, "ignore", "awe")


def test_no_mask_is_nothing_painted():
    assert not check(GOOD | {"mask": ""}).mask.any()


@pytest.mark.parametrize("payload", [None, [], "x", 3, {}, {"mask": "A"}, [GOOD]])
def test_other_things_than_paintings_are_refused(payload):
    with pytest.raises(Refused):
        check(payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"mask": encode(np.zeros((14, 14), np.uint8))},
        {"mask": "A" * 10_000_000},
        {"mask": GOOD["mask"][:-1]},
        {"mask": "é" * 22},
        {"mask": "../../../etc/passwd/.."},
        {"mask": [0] * 16},
        {"mask": {"toString": 1}},
        {"mode": "delete"},
        {"mode": None},
        {"mode": ["ignore"]},
        {"label": "<img src=x>"},
        {"label": {}},
        {"kind": "pixels"},
        {"allocation": "painted'"},
        {"level": "../map"},
        {"scene": ""},
        {"scene": "a" * 33},
        {"scene": 12},
        {"scene": "x; drop"},
        {"threshold": "nan"},
        {"threshold": float("nan")},
        {"threshold": float("inf")},
        {"threshold": -1},
        {"threshold": 101},
        {"threshold": True},
        {"threshold": None},
        {"threshold": "9" * 1000},
        {"seed": 1.5},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": "1e400"},
        {"seed": ""},
        {"seed": "٣"},
    ],
)
def test_hostile_payloads_are_refused_in_one_sentence(changes):
    with pytest.raises(Refused) as refused:
        check(GOOD | changes)
    words = str(refused.value)
    assert words[0].isupper()
    assert words.endswith((".", "%."))
    assert len(words) < 200


def test_only_allocations_the_page_offers():
    with pytest.raises(Refused, match="offer"):
        check(GOOD, allocations=("uniform",))


class Numbers(Payload):
    whole: whole_number(0, 5, "no whole number")
    real: real_number(0, 5, "no number")


def test_numbers_come_as_text_from_a_browser():
    found = Numbers.of({"whole": "3", "real": "3.5"})
    assert (found.whole, found.real) == (3, 3.5)
    with pytest.raises(Refused, match="no whole number"):
        Numbers.of({"whole": "3.5", "real": 1})
    for bad in (True, None, [], "inf", "nan", 10**400, "٣"):
        with pytest.raises(Refused, match="no number"):
            Numbers.of({"whole": 1, "real": bad})


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"session_hash": "abc"}, "abc"), ({"session_hash": ["abc"]}, None), ({}, None), ([], None), (ValueError(), None)],
)
def test_the_session_is_the_one_of_the_request(body, expected):
    class Request:
        async def json(self):
            if isinstance(body, Exception):
                raise body
            return body

    assert asyncio.run(session_of(Request())) == expected
