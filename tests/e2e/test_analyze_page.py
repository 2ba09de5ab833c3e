"""The Analyze page as its visitors use it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet import Predictor

from .conftest import ROOT

pytestmark = pytest.mark.e2e
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi", device="cpu")


def upload(page, path: Path, *, waits_for: str = ".answer") -> None:
    if page.locator("#photo button[aria-label='Clear']").count():
        page.locator("#photo button[aria-label='Clear']").first.click()
        page.wait_for_selector("#answer .message.empty")
    page.set_input_files("#photo input[type=file]", str(path))
    page.wait_for_selector(f"#answer {waits_for}", timeout=60_000)


def choose(page, component: str, option: str) -> None:
    page.locator(f"#{component} input").click()
    page.get_by_role("option", name=option).click()


def download(page, kind: str) -> Path:
    with page.expect_download(timeout=60_000) as got:
        page.click(f"#get-{kind}")
    return Path(got.value.path())


def test_upload_shows_the_library_prediction(page, predictor):
    upload(page, EXAMPLES[0])
    expected = predictor.analyze(EXAMPLES[0])
    assert page.inner_text("#answer .emotion") == expected.prediction
    assert expected.polarity in page.inner_text("#answer .polarity")
    assert page.locator("#attention img").count() == 3
    assert page.locator("#effect img").count() == 1
    assert expected.prediction in page.inner_text("#effect")


def test_allocation_changes_the_effect_but_not_the_prediction(page, predictor):
    upload(page, EXAMPLES[0])
    before = page.get_attribute("#answer .chart", "aria-label")
    emotion = page.inner_text("#answer .emotion")
    choose(page, "allocation", "reverse")
    page.wait_for_function("before => document.querySelector('#answer .chart').ariaLabel !== before", arg=before)
    assert page.inner_text("#answer .emotion") == emotion
    assert "reversed" in page.inner_text("#attention")
    numbers = json.loads(download(page, "json").read_text())
    expected = predictor.analyze(EXAMPLES[0]).intervene("reverse", level=predictor.config.level)
    assert numbers["counterfactual"]["allocation"] == "reverse"
    assert list(numbers["Y_TE"].values()) == pytest.approx(list(expected.total_effect), abs=1e-4)


def test_seed_and_slider_change_the_pictures(page):
    upload(page, EXAMPLES[0])
    sources = "() => [...document.querySelectorAll('#attention img')].map(i => i.src)"
    s, between, s_star = page.evaluate(sources)
    assert s == between != s_star
    page.fill("#share input[type=number]", "100")
    page.keyboard.press("Tab")
    page.wait_for_function("s => document.querySelectorAll('#attention img')[1].src !== s", arg=between)
    s, between, s_star = page.evaluate(sources)
    assert between == s_star != s
    page.fill("#seed input", "5")
    page.wait_for_function("s => document.querySelectorAll('#attention img')[2].src !== s", arg=s_star)
    assert "seed 5" in page.inner_text("#attention")


def test_emotion_changes_the_effect_map_alone(page):
    upload(page, EXAMPLES[0])
    chart = page.get_attribute("#answer .chart", "aria-label")
    other = "fear" if page.inner_text("#answer .emotion") != "fear" else "awe"
    choose(page, "label", other)
    page.wait_for_function("e => document.querySelector('#effect figcaption').innerText.includes(e)", arg=other)
    assert page.get_attribute("#answer .chart", "aria-label") == chart


def test_downloads(page, predictor):
    upload(page, EXAMPLES[0])
    expected = predictor.analyze(EXAMPLES[0])
    with np.load(download(page, "npz")) as arrays:
        assert arrays["S"] == pytest.approx(expected.s, abs=1e-4)
        assert arrays["effect_map"].sum((1, 2)) == pytest.approx(expected.total_effect, abs=1e-4)
    with Image.open(download(page, "png")) as figure:
        assert figure.format == "PNG" and figure.width > 1000


def test_examples_are_one_click(page):
    page.locator("#examples img").first.click()
    page.wait_for_selector("#answer .answer", timeout=60_000)


@pytest.mark.parametrize("content", [b"this is a text file", b""], ids=["text", "empty"])
def test_bad_file_is_answered_in_a_sentence_and_the_page_lives_on(page, tmp_path, content):
    bad = tmp_path / "holiday.jpg"
    bad.write_bytes(content)
    upload(page, bad, waits_for=".message.error")
    said = page.inner_text("#answer .message.error")
    assert said.startswith("holiday.jpg") and "Traceback" not in page.content()
    upload(page, EXAMPLES[0])


def test_a_file_name_is_text_not_markup(page, tmp_path):
    bad = tmp_path / "${alert(1)}<img src=x onerror=alert(2)>.jpg"
    bad.write_bytes(b"no image")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    upload(page, bad, waits_for=".message.error")
    assert page.locator("#answer .message img").count() == 0


def test_two_visitors_never_see_each_other(browser, app_url, predictor):
    visitors = []
    for path in EXAMPLES[:2]:
        page = browser.new_context(accept_downloads=True).new_page()
        page.goto(app_url)
        page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
        visitors.append((page, path, predictor.analyze(path)))
    for page, path, _ in visitors:
        page.set_input_files("#photo input[type=file]", str(path))
    for page, _, _ in visitors:
        page.wait_for_selector("#answer .answer", timeout=60_000)
    for allocation in ("uniform", "reverse"):
        for page, _, _ in visitors:
            choose(page, "allocation", allocation)
        for page, _, expected in visitors:
            word = {"uniform": "uniform", "reverse": "reversed"}[allocation]
            page.wait_for_function("w => document.querySelector('#attention').innerText.includes(w)", arg=word)
            numbers = json.loads(download(page, "json").read_text())
            changed = expected.intervene(allocation, level=predictor.config.level)
            assert numbers["geometry"] == expected.geometry
            assert list(numbers["Y_TE"].values()) == pytest.approx(list(changed.total_effect), abs=1e-4)
    for page, _, _ in visitors:
        page.context.close()


def test_no_request_leaves_the_machine(browser, app_url):
    page = browser.new_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(re.sub(r"^(\w+:(//)?[^/]*).*", r"\1", request.url)))
    page.goto(app_url)
    page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
    page.set_input_files("#photo input[type=file]", str(EXAMPLES[0]))
    page.wait_for_selector("#answer .answer", timeout=60_000)
    elsewhere = {host for host in hosts if not host.startswith((app_url, "data:", "blob:", app_url.replace("http", "ws")))}
    assert not elsewhere
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(browser, app_url, scheme):
    page = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()
    page.goto(app_url)
    page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
    page.set_input_files("#photo input[type=file]", str(EXAMPLES[0]))
    page.wait_for_selector("#answer .answer", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = [page.locator(f"#{name}").bounding_box()["y"] for name in ("photo", "answer", "attention", "effect")]
    assert tops == sorted(tops)
    page.context.close()


def test_every_picture_has_words_and_every_control_a_name(page):
    upload(page, EXAMPLES[0])
    assert page.evaluate("[...document.querySelectorAll('main img, .gradio-container img')].filter(i => !i.alt).length") == 0
    nameless = page.evaluate(
        """[...document.querySelectorAll('.gradio-container button, .gradio-container input')]
        .filter(e => e.offsetParent && e.type !== 'file' && !(e.innerText.trim() || e.ariaLabel || e.title || e.labels?.length))
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_keyboard_reaches_the_controls(page):
    upload(page, EXAMPLES[0])
    page.locator("#share input[type=range]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelectorAll('#attention figcaption')[1].innerText.includes('3%')")
