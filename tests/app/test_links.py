"""Links: what is looked at, there and back, and every way of spoiling one."""

import random
import string
from urllib.parse import parse_qsl

import numpy as np
import pytest

from app.links import MAX_SEED, LinkError, State, example, from_params, to_params, to_query, upload, with_painting
from cternet.emotions import MIKELS
from cternet.results.painting import centre, empty, encode

GRID = (14, 14)
PANELS = ("regions", "draws")


def full() -> State:
    mask = np.random.default_rng(1).integers(0, 256, GRID, dtype=np.uint8)
    return State(
        model="cternet-fi",
        image=example("rocket-at-dusk"),
        allocation="shuffle",
        level="scaled-map",
        seed=MAX_SEED,
        emotion="awe",
        panel="draws",
        **with_painting(mask, "look-only"),
    )


def followed(params, shape=GRID, model="cternet-fi") -> State | None:
    return from_params(params, model=model, labels=MIKELS, shape=shape, panels=PANELS)


@pytest.mark.parametrize(
    "state",
    [
        State("cternet-fi", upload(b"photo")),
        full(),
        State("cternet-fi", example("cat"), **with_painting(centre(GRID), "ignore")),
        State("cternet-fi", example("cat"), **with_painting(empty(GRID), "ignore")),
    ],
)
def test_there_and_back(state: State):
    assert followed(to_params(state)) == state
    assert followed(dict(parse_qsl(to_query(state), strict_parsing=True))) == state
    assert len(to_query(state)) < 600


def test_the_painting_comes_back_bit_for_bit():
    mask = np.random.default_rng(2).integers(0, 256, GRID, dtype=np.uint8)
    found = followed(to_params(State("cternet-fi", example("cat"), **with_painting(mask, "ignore"))))
    assert np.array_equal(found.painting(GRID), mask)
    assert followed(to_params(State("cternet-fi", example("cat")))).painting(GRID) is None


def test_an_address_without_a_link():
    assert followed({}) is None
    assert followed({"view": "api", "model": "other"}) is None


def test_other_parameters_of_the_address_stay_unread():
    assert followed(to_params(full()) | {"__theme": "dark", "fbclid": "x" * 5000}) == full()


def test_ids_of_images():
    assert upload(b"") == "sha256-e3b0c44298fc1c14"
    assert upload(b"a") != upload(b"b")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"link": "2"}, "another version"),
        ({"model": "cternet-emoset"}, r"another model \(cternet-emoset\); this page runs cternet-fi"),
        ({"model": "<script>"}, "another model; this page"),
        ({"image": "../../etc/passwd"}, "does not name an image"),
        ({"image": "example-../x"}, "does not name an image"),
        ({"image": "sha256-XYZ"}, "does not name an image"),
        ({"image": "sha256-0123456789abcdef\n"}, "does not name an image"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "1e3"}, "seed"),
        ({"seed": "٣"}, "seed"),
        ({"seed": "007"}, "seed"),
        ({"seed": str(MAX_SEED + 1)}, "seed"),
        ({"seed": "9" * 79}, "seed"),
        ({"seed": "9" * 81}, "seed is empty or too long"),
        ({"seed": ""}, "seed is empty or too long"),
        ({"seed": 3}, "seed is empty or too long"),
        ({"allocation": "chaos"}, "asks for an allocation"),
        ({"allocation": "painted"}, "asks for an allocation"),
        ({"level": "pixel"}, "asks for a level"),
        ({"emotion": "gloom"}, "asks for an emotion"),
        ({"panel": "secrets"}, "asks for a panel"),
        ({"mode": "erase"}, "asks for a mode"),
        ({"mask": "A" * 261}, "painting cannot be used"),
        ({"mask": "A" * 263}, "does not fit this map of 14x14"),
        ({"mask": "!" * 262}, "painting cannot be used"),
        ({"mask": encode(empty(GRID))}, "the painting is empty"),
        ({"mask": encode(255 - empty(GRID)), "mode": "ignore"}, "covers the whole photo"),
        ({"model": "x" * 5000}, "model is empty or too long"),
    ],
)
def test_a_spoilt_link_is_one_sentence(change: dict, words: str):
    with pytest.raises(LinkError, match=words) as found:
        followed(to_params(full()) | change)
    assert str(found.value).endswith(".")
    assert "<" not in str(found.value)
    assert len(str(found.value)) < 200


@pytest.mark.parametrize("key", ["model", "image", "allocation", "level", "seed", "mode", "mask"])
def test_a_link_with_a_part_missing(key: str):
    params = to_params(full())
    del params[key]
    with pytest.raises(LinkError, match=r"is missing its|half a painting"):
        followed(params)


def test_a_link_for_another_grid():
    with pytest.raises(LinkError, match="7x7 cells"):
        followed(to_params(full()), shape=(7, 7))
    with pytest.raises(LinkError, match="28x28 cells"):
        followed(to_params(full()), shape=(28, 28))


def test_whatever_is_done_to_a_link_it_is_read_or_refused():
    """Characters changed, cut and added at random: a state that writes the same link, or a LinkError."""
    chance = random.Random(3)
    signs = string.printable + "é٣\x00\U0001f600"
    refused = 0
    for _ in range(3000):
        params = to_params(full())
        for _ in range(chance.randint(1, 3)):
            key = chance.choice(list(params))
            place = chance.randrange(len(params[key]) + 1)
            end = min(len(params[key]), place + chance.randint(0, 2))
            params[key] = params[key][:place] + "".join(chance.choices(signs, k=chance.randint(0, 2))) + params[key][end:]
        try:
            assert to_params(followed(params)) == params
        except LinkError:
            refused += 1
    assert refused > 1000
