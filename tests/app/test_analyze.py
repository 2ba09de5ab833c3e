"""The page's handlers, without a browser."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import matplotlib
import numpy as np
import pytest
from PIL import Image

from app.analyze import view
from app.analyze.headline import with_painting
from app.analyze.page import PARTS, AnalyzePage
from app.analyze.words import explanation, idle_words
from app.choices import levels
from app.html import message
from app.main import build
from app.page import Studio
from app.uploads import Upload
from app.workspace.examples import Example
from app.workspace.open_photo import OpenPhoto
from app.workspace.picker import PhotoPicker
from cternet import Predictor
from cternet.compare import Networks
from cternet.networks.classifier import ANSWERS
from cternet.results.painting import centre, paint
from tests.app.calls import uploaded
from tests.tiny import tiny_network, tiny_photo

VIEW = {
    "allocation": "random",
    "level": "attention",
    "seed": 0,
    "share": 0,
    "label": None,
    "cmap": "magma",
    "opacity": 0.6,
    "shared": True,
    "smooth": True,
}


@pytest.fixture
def page() -> AnalyzePage:
    return AnalyzePage(Studio(Networks(Predictor(tiny_network(), device="cpu"), {})))


@pytest.fixture
def payload(tmp_path: Path) -> dict:
    tiny_photo().save(tmp_path / "photo.png")
    return uploaded(tmp_path / "photo.png", "photo.png")


def visitor(name: str = "a") -> SimpleNamespace:
    return SimpleNamespace(session_hash=name)


def choose(page: AnalyzePage, photo: dict | None, session: str = "a", **values) -> dict:
    """What the page shows once a photo was chosen."""
    PhotoPicker(page.studio, (page.name,)).choose(visitor(session), photo)
    return page.show(visitor(session), **changed(**values))


def opened(page: AnalyzePage, session: str = "a"):
    return page.studio.photos.get(session)


def changed(**values) -> dict:
    return VIEW | values


def test_nothing_a_visitor_changes_reruns_the_network(page, payload, monkeypatch):
    choose(page, payload)
    monkeypatch.setattr(page.studio.predictor, "forward", lambda *_: pytest.fail("the network ran"))
    redraw = page.redraw(tuple(PARTS))
    for values in (
        {"allocation": "uniform"},
        {"allocation": "reverse", "level": "map"},
        {"level": "scaled-map", "seed": 7},
        {"label": "fear"},
        {"share": 40, "opacity": 0.2, "cmap": "gray", "shared": False, "smooth": False},
    ):
        shown = redraw(visitor(), **changed(**values))
        assert shown["chart"].count("<svg") == 1
        assert shown["attention"].count("<img") == 4
        assert shown["effect"].count("<img") == 1


def test_the_prediction_stands_under_every_allocation(page, payload):
    choose(page, payload)
    emotion = opened(page).analysis.prediction
    for allocation in ("random", "uniform", "reverse"):
        answer = page.redraw(("answer",))(visitor(), **changed(allocation=allocation))["answer"]
        assert f'<span class="emotion first">{emotion}</span>' in answer


def test_a_new_photo_takes_the_place_of_the_old_and_a_bad_one_does_not(page, payload, tmp_path):
    choose(page, payload)
    first = opened(page)
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    picker = PhotoPicker(page.studio, ("analyze",))
    said = picker.choose(visitor(), uploaded(bad, "holiday.jpg"))
    assert "holiday.jpg" in said["notice"] and 'role="alert"' in said["notice"]
    assert said["photo"] == str(first.upload.path), "the picture beside the answer is the one it is about"
    assert opened(page) is first
    choose(page, payload)
    assert opened(page) is not first
    assert choose(page, None)["answer"] == view.empty_answer()
    assert opened(page) is None


def test_without_a_photo_nothing_is_touched(page):
    for handler in (page.redraw(("answer",)), page.download(".json")):
        with pytest.raises(gr.Error, match="no photo of yours open"):
            handler(visitor(), **VIEW)


@pytest.mark.parametrize(
    "values",
    [
        {"allocation": "os.system"},
        {"allocation": None},
        {"level": "../../etc"},
        {"cmap": "jet"},
        {"seed": -1},
        {"seed": 2**40},
        {"seed": "x"},
        {"seed": float("inf")},
        {"share": 101},
        {"share": float("nan")},
        {"opacity": 2},
        {"opacity": None},
    ],
)
def test_values_the_page_does_not_offer_are_refused_in_a_sentence(page, values):
    with pytest.raises(gr.Error, match=r"\.$"):
        page.view(changed(**values))


def test_an_unknown_emotion_is_refused(page, payload):
    choose(page, payload)
    with pytest.raises(gr.Error, match="emotion"):
        page.redraw(())(visitor(), **changed(label="joy"))


@pytest.mark.parametrize("ending", [".png", ".json", ".npz"])
def test_downloads_show_what_is_looked_at(page, payload, ending):
    choose(page, payload)
    path = Path(page.download(ending)(visitor(), **changed(allocation="reverse"))["file"])
    assert path.suffix == ending
    assert path.stat().st_size > 100
    if ending == ".json":
        assert json.loads(path.read_text())["counterfactual"]["allocation"] == "reverse"


def test_who_leaves_is_forgotten(page, payload):
    choose(page, payload, "../../a")
    file = Path(page.download(".json")(visitor("../../a"), **VIEW)["file"])
    assert file.is_relative_to(page.studio.downloads.root.name)
    page.leave("../../a")
    page.studio.downloads.forget("../../a")
    assert opened(page, "../../a") is None
    assert not file.exists()


def answered(result) -> str:
    return view.answer_view(OpenPhoto(result, "example-x", Upload(Path("x.png"), "x.png")))


def test_the_page_says_what_an_even_look_would_have_said(page, payload):
    choose(page, payload)
    analysis = opened(page).analysis
    evidence = np.zeros_like(analysis.evidence)
    evidence[0] = 1.0  # the first class is in front wherever attention falls
    plain = {"bias": np.zeros_like(analysis.bias), "own": replace(analysis.own, mean=np.zeros_like(analysis.s))}
    assert "Looking evenly, it would say the same" in answered(replace(analysis, evidence=evidence, **plain))
    evidence = evidence.copy()
    evidence[1][np.unravel_index(analysis.s.argmax(), analysis.s.shape)] = 1e5  # but the second, where S is largest
    evidence[1] -= evidence[1].mean()
    split = replace(analysis, evidence=evidence, **plain)
    assert split.prediction == split.labels[1]
    assert f"looking evenly, it would say <b>{split.labels[0]}</b>" in answered(split)


def test_an_effect_has_nothing_to_say_when_looking_evenly():
    """On an equal budget even attention is the counterfactual itself, so Y_TE is 0 for every emotion."""
    photo = tiny_photo()
    te, y = (Predictor(tiny_network(budget="equal", answer=answer)).analyze(photo) for answer in ("y_te", "y"))
    assert np.abs(te.evenly.scores).max() < 1e-5
    assert "ooking evenly" not in answered(te)
    assert "ooking evenly" in answered(y)


def test_the_headline_names_the_place_that_speaks_for_the_answer(page, payload):
    choose(page, payload)
    analysis = opened(page).analysis
    index = analysis.labels.index(analysis.prediction)
    for cell, words in (((0, 0), "the upper left"), ((3, 3), "the lower right")):
        evidence = analysis.evidence.copy()
        evidence[index] = 0
        evidence[index][cell] = 1e3 / (analysis.s - analysis.own.mean)[cell]
        moved = replace(analysis, evidence=evidence)
        if moved.prediction == analysis.prediction:
            assert f"because of {words} of the photo" in answered(moved).replace("Strongest for ", "because of ").replace(
                f"{moved.prediction}: ", ""
            )


def test_a_painting_is_told_beside_the_answer(page, payload):
    choose(page, payload)
    photo = opened(page)
    assert "painting" not in view.answer_view(photo)
    mask = centre(photo.analysis.s.shape)
    photo.painting = (mask, "ignore")
    after = paint(photo.analysis, mask, "ignore")
    assert f"say {after.prediction} (" in view.answer_view(photo)


def test_what_visitors_see_first_has_no_greek(page, payload):
    shown = choose(page, payload)
    first = shown["answer"] + re.sub(r'<div class="method">.*?</div></figure>', "", shown["effect"], flags=re.S)
    assert not re.search(r"S\*|Y_TE|Y<sub>|λ|logit", first)


def test_the_page_opens_with_the_first_example(tmp_path):
    tiny_photo(3).save(tmp_path / "first.png")
    studio = Studio(Networks(Predictor(tiny_network(), device="cpu"), {}), [Example(tmp_path / "first.png", "a case")])
    opens = AnalyzePage(studio).opens()
    expected = studio.predictor.analyze(tmp_path / "first.png")
    assert expected.prediction in opens["answer"] and "a case" in opens["answer"]
    assert opens["label"] == expected.prediction
    assert opens["effect"].count("<img") == 1
    assert choose(AnalyzePage(studio), None)["effect"] == view.empty_effect()


@pytest.mark.parametrize(("answer", "budget"), [("y", "equal"), ("y_te", "free")])
def test_the_page_says_what_the_model_answers_with(answer, budget):
    config = replace(tiny_network().config, answer=answer, budget=budget)
    words = explanation(config)
    assert ("**answers with Y(S)**" in words, "**answers with Y_TE**" in words) == (answer == "y", answer == "y_te")
    assert ("hold the same amount" in words, "different amounts" in words) == (budget == "equal", budget == "free")
    assert "{" not in words.replace("Y_{TE}", "")
    assert ("scaled-map" in levels(config)) is (budget == "free"), "on an equal budget it is the map level again"
    analysis = Predictor(tiny_network(budget=budget, answer=answer)).analyze(tiny_photo())
    assert f"Its answer is {ANSWERS[answer].symbol}" in view.chart_view(analysis, 0)
    assert analysis.predicted_with["answer"] == ANSWERS[answer].symbol


def test_the_audit_of_a_checkpoint_is_told_whatever_it_found():
    audit = {
        "idle": False,
        "changed_by_flat": 0.131,
        "top_quarter": 0.576,
        "lost": {"flat": 0.027, "another": 0.08, "reversed": 0.2},
    }
    config = replace(tiny_network().config, metrics={"test": {"images": 2147, "attention": audit}})
    words = explanation(config)
    for part in ("2,147 photos", "13.1%", "2.7 in 100", "8.0 with another", "20.0 with its own reversed", "58% of it"):
        assert part in words
    del audit["lost"]
    assert "Does it matter" not in explanation(config)


@pytest.mark.parametrize("idle", [True, False, None])
def test_idle_attention_is_said_to_be_so(idle):
    """As the checkpoint's own audit found; nothing is said where there was none."""
    audit = {} if idle is None else {"attention": {"idle": idle, "changed_by_flat": 0.018, "top_quarter": 0.3}}
    config = replace(tiny_network().config, metrics={"test": {"images": 2147} | audit})
    words = idle_words(config)
    assert bool(words) is bool(idle)
    assert not idle or ("2,147 photos" in words and "1.8%" in words)
    assert idle_words(replace(config, metrics={})) == ""


def test_strings_from_outside_are_escaped():
    assert "<img" not in message("<img src=x>", kind="error")


def test_the_page_builds_and_its_handlers_are_private(networks):
    demo = build(networks)
    assert [f.api_name for f in demo.fns.values() if f.api_visibility == "public"] == [
        "analyze",
        "intervene",
        "what_would_it_take",
        "compare",
    ]


def write_photo(path: Path, kind: str) -> Path:
    """A file as people have them; ``kind`` says what is odd about it."""
    photo = tiny_photo()
    if kind == "animated gif":
        photo.save(path, "GIF", save_all=True, append_images=[tiny_photo(1), tiny_photo(2)])
    elif kind == "16 bit":
        Image.fromarray(np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)).save(path, "PNG")
    elif kind in ("CMYK", "L", "1"):
        photo.convert(kind).save(path, "JPEG" if kind == "CMYK" else "PNG")
    elif kind in ("P", "RGBA", "LA"):
        photo.convert(kind).save(path, "PNG")
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        photo.save(path, "JPEG", exif=exif)
    elif kind in ("1x1", "1x5000", "5000x1"):
        photo.resize(tuple(map(int, kind.split("x")))).save(path, "PNG")
    elif kind == "truncated":
        photo.save(path, "JPEG")
        path.write_bytes(path.read_bytes()[:400])
    elif kind == "bomb":
        Image.new("1", (12000, 12000)).save(path, "PNG")
    elif kind == "corrupt":
        path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    return path


@pytest.mark.parametrize(
    "kind", ["animated gif", "16 bit", "CMYK", "L", "1", "P", "RGBA", "LA", "rotated", "1x1", "1x5000", "5000x1"]
)
def test_odd_photos_are_analysed(page, tmp_path, kind):
    path = write_photo(tmp_path / "photo.img", kind)
    shown = choose(page, uploaded(path, "photo.img"))
    assert 'class="emotion first"' in shown["answer"]
    assert shown["attention"].count("<img") == 4
    assert shown["effect"].count("<img") == shown["seen"].count("<img") == 1


@pytest.mark.parametrize("kind", ["truncated", "bomb", "corrupt"])
def test_bad_photos_are_answered_in_a_sentence(page, tmp_path, kind):
    path = write_photo(tmp_path / "upload.img", kind)
    answer = PhotoPicker(page.studio, ("analyze",)).choose(visitor(), uploaded(path, "holiday.jpg"))["notice"]
    assert 'role="alert"' in answer
    assert "holiday.jpg" in answer
    assert "upload.img" not in answer


def test_charts_drawn_at_once_keep_the_pages_colour(page, payload):
    """Matplotlib's settings are the process's: one visitor's must not leak into another's picture."""
    choose(page, payload)
    analysis = opened(page).analysis
    before = dict(matplotlib.rcParams)
    with ThreadPoolExecutor(4) as pool:
        charts = list(pool.map(lambda _: view.chart(analysis, None), range(12)))
    assert len({chart.count("currentColor") for chart in charts}) == 1
    assert charts[0].count("currentColor") > 10
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("mode", ["ignore", "look-elsewhere", "look-only"])
def test_what_a_painting_does_stands_in_the_answer(predictor: Predictor, mode: str):
    analysis = predictor.analyze(tiny_photo(5))
    mask = np.zeros(analysis.s.shape, np.uint8)
    mask[::2] = 255  # some of its attention is in it, and some is not
    after = paint(analysis, mask, mode)
    said = with_painting(analysis, (mask, mode))
    assert said.startswith("With your painting: ") and f"{after.prediction} ({100 * after.probabilities.max():.0f} %)" in said
    assert ("would still say" in said) == (after.prediction == analysis.prediction)
    assert with_painting(analysis, None) == ""
