"""The Intervene page's handlers, without a browser."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import numpy as np
import pytest

from app.analyze.page import AnalyzePage
from app.checks import Refused
from app.intervene import causal_graph as graph
from app.intervene import view as intervene_view
from app.intervene.answers import NOTHING_TURNS, as_painting
from app.intervene.circle import circle_view
from app.intervene.draws_view import draws_view
from app.intervene.page import IntervenePage
from app.page import Studio
from app.workspace.examples import Example
from app.workspace.picker import PhotoPicker
from cternet import Predictor
from cternet.compare import Networks
from cternet.minimal_sets import keeping_set, turning_set
from cternet.regions import report
from cternet.results.draws import draw
from cternet.results.painting import MODES, centre, decode, encode, ignore
from cternet.show.words import significant
from tests.app.calls import painted_by_hand, uploaded
from tests.app.test_analyze import VIEW
from tests.tiny import tiny_network, tiny_photo


@pytest.fixture
def page(tmp_path: Path) -> IntervenePage:
    examples = []
    for seed, name in enumerate(("cat", "tree")):
        examples.append(Example(tmp_path / f"{name}.png", name))
        tiny_photo(seed).save(examples[-1].path)
    return IntervenePage(Studio(Networks(Predictor(tiny_network(), name="tiny", device="cpu"), {}), examples))


@pytest.fixture
def picker(page) -> PhotoPicker:
    return PhotoPicker(page.studio, ("analyze", "intervene", "compare"))


@pytest.fixture
def sent(page, picker, tmp_path) -> dict:
    """The scene of visitor a."""
    tiny_photo(5).save(tmp_path / "mine.png")
    shown = picker.choose(visitor(), uploaded(tmp_path / "mine.png", "mine.png"))
    assert shown["notice"] == ""
    return page.show(visitor())["canvas"]


def example(page, picker, index: int, session: str = "a") -> dict:
    """The scene of an example."""
    picker.example(SimpleNamespace(index=index), visitor(session))
    return page.show(visitor(session))["canvas"]


def visitor(name: str = "a", **params: str) -> SimpleNamespace:
    return SimpleNamespace(session_hash=name, query_params=params)


def asked(scene: dict, **changes) -> dict:
    view = scene["view"]
    return {
        "scene": scene["id"],
        "mask": "",
        "mode": "ignore",
        "label": view["label"],
        "kind": "affective",
        "threshold": "50",
        "allocation": view["allocation"],
        "level": view["level"],
        "seed": "0",
    } | changes


def call(page, name: str, payload, session: str | None = "a") -> dict:
    """As gradio calls a server function: with the bare request, whose body names the session."""

    async def body():
        return {"session_hash": session}

    function = next(f for f in page.functions() if f.__name__ == name)
    return asyncio.run(function(payload, SimpleNamespace(json=body)))


def numbers(answer: dict, label: str) -> list[str]:
    """What the answer's table shows of an emotion."""
    row = re.search(rf'<tr data-label="{label}".*?</tr>', answer["views"]["answer"], re.S)[0]
    return re.findall(r"<td>(?:<b>)?([-+\d.e]+)", row)


@pytest.mark.parametrize("mode", MODES)
def test_a_stroke_shows_the_numbers_of_the_library_and_never_runs_the_network(page, sent, monkeypatch, mode):
    monkeypatch.setattr(page.studio.predictor, "forward", lambda *_: pytest.fail("the network ran"))
    analysis = page.studio.photos.get("a").analysis
    mask = centre(analysis.s.shape)
    answer = call(page, "paint", asked(sent, mask=encode(mask), mode=mode))
    s = analysis.s.astype(np.float64)
    share = mask / 255
    s_painted = painted_by_hand(s, share, mode)
    for k, label in enumerate(analysis.labels):
        reference = 0 if analysis.answer == "y" else (analysis.own.mean * analysis.evidence[k]).mean() + analysis.bias[k]
        y = (s * analysis.evidence[k]).mean() + analysis.bias[k] - reference
        y_painted = (s_painted * analysis.evidence[k]).mean() + analysis.bias[k] - reference
        assert numbers(answer, label) == [significant(y), significant(y_painted), significant(y_painted - y)]
    assert analysis.intervene(MODES[mode](analysis.s, mask)).prediction in answer["message"]
    assert set(answer["views"]) == {"answer", "graph", "circle"}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_painted_changes_nothing(page, sent, mode):
    answer = call(page, "paint", asked(sent, mode=mode))
    assert "wrong" not in answer
    for label in page.studio.photos.get("a").analysis.labels:
        y, y_painted, effect = numbers(answer, label)
        assert y == y_painted
        assert effect == "0"


def test_covering_everything_is_a_sentence_and_leaves_the_views(page, sent):
    answer = call(page, "paint", asked(sent, mask=encode(np.full((4, 4), 255, np.uint8))))
    assert answer["wrong"]
    assert "whole photo" in answer["message"]
    assert "views" not in answer


@pytest.mark.parametrize("session", [None, "b", "", "a\0"])
def test_no_one_paints_in_another_session(page, sent, session):
    answer = call(page, "paint", asked(sent), session=session)
    assert set(answer) == {"message", "wrong"}
    assert "no longer keeps" in answer["message"]


def test_a_stroke_over_the_photo_before_is_not_answered(page, picker, sent):
    example(page, picker, 0)
    answer = call(page, "paint", asked(sent))
    assert "views" not in answer
    assert "Another photo" in answer["message"]


def test_another_grid_is_a_sentence(page, sent):
    answer = call(page, "paint", asked(sent, mask=encode(np.zeros((14, 14), np.uint8))))
    assert "4x4" in answer["message"]


def test_regions_sum_to_the_total_effect_shown(page, sent):
    label = sent["labels"][2]
    answer = call(page, "find_regions", asked(sent, label=label))
    analysis = page.studio.photos.get("a").analysis
    parts = np.array(answer["cells"]).reshape(analysis.s.shape)
    assert significant(analysis.total_effect[2]) in answer["views"]["regions"]
    contributions = []
    for number in np.unique(parts):
        inside = parts == number
        value = ((analysis.s - analysis.own.mean) * analysis.evidence[2])[inside].sum() / parts.size
        contributions.append(value)
        assert f"<td>{significant(value)}</td>" in answer["views"]["regions"]
    assert sum(contributions) == pytest.approx(analysis.total_effect[2], abs=1e-5)


def test_a_map_that_is_one_region_comes_with_a_way_on(page, sent):
    analysis = page.studio.photos.get("a").analysis
    for parts, single in ((np.eye(4) > 0.5, True), (np.diag([1, 2, 0, 0]), False)):
        view = intervene_view.regions_view(analysis, report(analysis, parts.astype(int)), "awe")
        assert ("S is one region" in view) is single


def test_the_threshold_and_superpixels_change_the_regions(page, sent):
    half = call(page, "find_regions", asked(sent))["cells"]
    high = call(page, "find_regions", asked(sent, threshold="90"))["cells"]
    pixels = call(page, "find_regions", asked(sent, kind="superpixels"))["cells"]
    assert sum(map(bool, high)) < sum(map(bool, half))
    assert 0 not in pixels


def test_really_hiding_runs_the_network_once_and_shows_both_drops(page, sent, monkeypatch):
    runs = []
    forward = page.studio.predictor.forward
    monkeypatch.setattr(page.studio.predictor, "forward", lambda *given: runs.append(1) or forward(*given))
    payload = asked(sent, mask=encode(centre((4, 4))))
    view = page.hide(visitor(), "mean", json.dumps(payload))["hiding"]
    assert len(runs) == 1
    analysis = page.studio.photos.get("a").analysis
    change = analysis.y(ignore(analysis.s, centre((4, 4)))) - analysis.y(analysis.s)
    assert f"<td>{significant(change[0])}</td>" in view
    assert "agree" in view


@pytest.mark.parametrize(
    ("how", "payload", "words"),
    [
        ("blur", {}, "Nothing is painted"),
        ("blur", {"mask": encode(np.full((4, 4), 255, np.uint8))}, "whole photo"),
        ("burn", {"mask": encode(centre((4, 4)))}, "does not offer"),
        ("blur", {"scene": "0"}, "Another photo"),
        ("blur", None, "did not arrive"),
        ("blur", "{" * 100, "incomplete"),
        ("blur", "[" * 15_000, "incomplete"),
        ("blur", "x" * 50_000, "did not arrive"),
        ("blur", 7, "did not arrive"),
    ],
)
def test_what_cannot_be_hidden_is_a_sentence(page, sent, how, payload, words):
    painting = json.dumps(asked(sent) | payload) if isinstance(payload, dict) else payload
    view = page.hide(visitor(), how, painting)["hiding"]
    assert 'role="alert"' in view
    assert words in view


def test_draws_stand_beside_the_exact_numbers(page, sent):
    view = page.distribution(visitor(), 50, json.dumps(asked(sent)))["draws"]
    looked = page.studio.photos.get("a").analysis.intervene("random")
    index = looked.labels.index(sent["view"]["label"])
    assert f"expected {looked.total_effect_std[index]:.3g}" in view
    assert "50 draws" in view
    assert view.count("<figure>") == 3, "random, uniform, reverse; shuffle needs a bank"


def test_draws_as_good_as_equal_are_said_so(page, sent):
    analysis = page.studio.photos.get("a").analysis
    found = replace(draw(analysis, 5), mean=np.full(len(analysis.labels), 2.0))
    for std, alike in ((0.019, True), (0.021, False)):
        view = draws_view(replace(found, std=np.full_like(found.mean, std)), [analysis], "awe", painted=False)
        assert ("hardly differ" in view) is alike


@pytest.mark.parametrize("count", [0, -1, 1001, 1.5, "many", None, float("nan"), [3]])
def test_draws_out_of_range_are_a_sentence(page, sent, count):
    assert "from 1 to 1000" in page.distribution(visitor(), count, json.dumps(asked(sent)))["draws"]


def test_what_it_takes_comes_as_paintings(page, sent):
    analysis = page.studio.photos.get("a").analysis
    found = call(page, "needed", asked(sent))["paintings"]
    turning, keeping = turning_set(analysis), keeping_set(analysis)
    assert (found["turning"]["mask"] is None) == (turning is None)
    if turning is not None:
        assert (decode(found["turning"]["mask"], (4, 4)) == turning.mask).all()
        assert found["turning"]["sentence"] == turning.sentence
    assert (decode(found["keeping"]["mask"], (4, 4)) == keeping.mask).all()
    nothing = as_painting(None, NOTHING_TURNS)
    assert nothing == {"mask": None, "sentence": NOTHING_TURNS}


def test_a_bad_file_leaves_the_photo_and_its_painting(page, picker, sent, tmp_path):
    call(page, "paint", asked(sent, mask=encode(centre((4, 4)))))
    (tmp_path / "bad.jpg").write_text("no image")
    shown = picker.choose(visitor(), uploaded(tmp_path / "bad.jpg", "<b>.jpg"))
    assert "&lt;b&gt;.jpg" in shown["notice"]
    again = page.show(visitor())["canvas"]
    assert again["id"] == sent["id"]
    assert again["view"]["mask"] == encode(centre((4, 4)))


def test_what_was_looked_at_on_one_page_is_looked_at_on_the_others(page, picker, sent):
    label = next(label for label in sent["labels"] if label != sent["view"]["label"])
    call(page, "paint", asked(sent, label=label, allocation="reverse", level="map", seed="3", mask=encode(centre((4, 4)))))
    photo = page.studio.photos.get("a")
    assert (photo.emotion, photo.reference) == (label, ("reverse", "map", 3))
    shown = AnalyzePage(page.studio).show(visitor(), **VIEW)
    assert (shown["label"], shown["allocation"], shown["level"], shown["seed"]) == (label, "reverse", "map", 3)
    assert "painting" in shown["answer"]


def link_of(page, sent, **changes) -> dict[str, str]:
    return dict(parse_qsl(call(page, "paint", asked(sent, **changes))["link"]))


def test_a_link_to_an_example_restores_everything(page, picker):
    sent = example(page, picker, 1)
    mask = encode(centre((4, 4)))
    label = sent["labels"][3]
    params = link_of(page, sent, mask=mask, mode="look-only", label=label, allocation="reverse", level="map", seed="9")
    assert params["image"] == "example-tree"
    shown = picker.arrive(visitor("new", **params, panel="intervene"))
    assert shown["notice"] == ""
    assert shown["tabs"].selected == page.name
    shown = page.show(visitor("new"))
    expected = {"label": label, "allocation": "reverse", "level": "map", "seed": 9, "mode": "look-only", "mask": mask}
    assert shown["canvas"]["view"] == expected


def test_a_link_to_an_upload_waits_for_that_file(page, picker, sent, tmp_path):
    params = link_of(page, sent, mask=encode(centre((4, 4))))
    assert params["image"].startswith("sha256-")
    shown = picker.arrive(visitor("new", **params))
    assert shown["photo"] is None
    assert shown["address"] == {"missing": params["image"]}, "the browser may still have it"
    assert "same file" in shown["notice"]
    other = example(page, picker, 0, "new")
    assert "not the photo" in other["flag"]
    assert other["view"]["mask"] is None
    picker.choose(visitor("new"), uploaded(tmp_path / "mine.png", "renamed.png"))
    same = page.show(visitor("new"))["canvas"]
    assert same["view"]["mask"] == params["mask"]
    assert same["flag"] == ""
    assert example(page, picker, 0, "new")["flag"] == "", "a link that was followed is done"


def test_back_and_forward_bring_photos_and_paintings_back(page, picker):
    sent = example(page, picker, 0)
    before = call(page, "paint", asked(sent, mask=encode(centre((4, 4)))))["link"]
    example(page, picker, 1)
    picker.follow(visitor(), "?" + before)
    back = page.show(visitor())["canvas"]
    assert back["view"]["mask"] == encode(centre((4, 4)))
    runs = page.studio.photos.get("a")
    picker.follow(visitor(), "?" + before.replace("mode=ignore", "mode=look-only"))
    again = page.studio.photos.get("a")
    assert again.result is runs.result and again.painting[1] == "look-only"
    picker.follow(visitor(), "")
    assert page.studio.photos.get("a").image == "example-cat", "the plain address is the first example"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "other"},
        {"mask": "A" * 21},
        {"mode": "x"},
        {"seed": "-1"},
        {"image": "../../etc/passwd"},
        {"link": "99"},
        {"allocation": "shuffle"},
        {"emotion": "<script>"},
        {"panel": "x"},
    ],
)
def test_tampered_links_are_one_sentence_over_the_first_example(page, picker, changes):
    sent = example(page, picker, 1)
    params = link_of(page, sent, mask=encode(centre((4, 4)))) | changes
    shown = picker.arrive(visitor("new", **params))
    assert 'role="alert"' in shown["notice"]
    assert "<script>" not in shown["notice"]
    assert page.studio.photos.get("new").image == "example-cat"
    assert page.show(visitor("new"))["canvas"]["view"]["mask"] is None


@pytest.mark.parametrize("query", [None, 7, "x" * 30_000, ["a"]])
def test_an_address_that_is_none_is_refused(picker, query):
    with pytest.raises(Refused):
        picker.follow(visitor(), query)


def test_an_address_without_a_link_shows_the_first_example(page, picker):
    shown = picker.arrive(visitor("new", theme="dark"))
    assert shown["address"]["image"] == "example-cat"
    assert "tabs" not in shown


def test_who_leaves_is_forgotten(page, sent):
    page.leave("a")
    assert page.studio.photos.get("a") is None


def test_names_of_emotions_are_text_not_markup(page):
    analysis = page.studio.predictor.analyze(tiny_photo())
    bad = replace(analysis, labels=("<img src=x>", *analysis.labels[1:]))
    for view in (
        intervene_view.answer_view(bad, bad, painted=False),
        graph.graph_view(bad, bad, bad.labels[0], painted=False, mode="ignore"),
        circle_view(bad, bad, painted=False),
    ):
        assert "<img src=x>" not in view


def test_the_graph_says_what_stands_in_the_lower_place(page):
    before = page.studio.predictor.analyze(tiny_photo())
    label = before.labels[0]
    plain = graph.graph_view(before, before, label, painted=False, mode="ignore")
    after = before.intervene(ignore(before.s, centre(before.s.shape)))
    painted = graph.graph_view(before, after, label, painted=True, mode="ignore")
    assert significant(before.total_effect[0]) in plain
    assert significant(after.change_by_painting[0]) in painted
    assert "S*" in plain and "your painting" in painted
