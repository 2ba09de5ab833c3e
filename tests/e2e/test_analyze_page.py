"""The Analyze page as its visitors use it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet import Predictor

from .conftest import ROOT, arrive, upload

pytestmark = pytest.mark.e2e
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi", device="cpu")


def choose(page, component: str, option: str) -> None:
    page.locator(f"#{component} input").click()
    page.get_by_role("option", name=option).click()


def download(page, kind: str) -> Path:
    with page.expect_download(timeout=60_000) as got:
        page.click(f"#get-{kind}")
    return Path(got.value.path())


def method(page) -> None:
    """Show what stands behind the button."""
    page.click("button.show-method")
    page.wait_for_selector("#attention img")


def test_it_opens_with_an_answer_in_words(page, predictor):
    expected = predictor.analyze(ROOT / "assets" / "examples" / "cat.jpg")
    said = page.inner_text("#answer .headline")
    assert said.startswith(f"Mostly {expected.prediction} ({round(100 * expected.probabilities.max())} %), because of the ")
    page.locator("#examples button[aria-label^=dahlia]").click()
    unsure = predictor.analyze(ROOT / "assets" / "examples" / "dahlia.jpg")
    page.wait_for_selector("#answer .headline.unsure", timeout=30_000)
    said = page.inner_text("#answer .headline")
    assert said.startswith(f"Unsure: {' or '.join(unsure.candidates)}") and f"it would say {unsure.evenly.prediction}" in said
    page.go_back()
    page.wait_for_selector("#answer .headline.sure", timeout=30_000)
    assert page.locator("#effect img").count() == 1
    seen = page.inner_text("#page-column")
    assert not re.search("S\\*|λ|Y_|logit", seen), "what visitors see first has no Greek"
    assert page.url.rstrip("/").count("?") == 0, "the address stays plain until they do something"


def test_upload_shows_the_library_prediction(page, predictor):
    upload(page, EXAMPLES[0])
    expected = predictor.analyze(EXAMPLES[0])
    assert expected.prediction in page.locator("#answer .emotion").all_inner_texts()
    assert expected.polarity in page.inner_text("#answer .polarity")
    method(page)
    assert page.locator("#attention img").count() == 4
    assert expected.prediction in page.inner_text("#effect")


def test_the_method_is_one_click_away_and_remembered(page, app_url):
    assert not page.locator("#method").is_visible()
    method(page)
    assert page.locator("button.show-method").get_attribute("aria-expanded") == "true"
    page.reload()
    page.wait_for_selector("#attention img", timeout=30_000)
    page.click("button.show-method")
    assert not page.locator("#method").is_visible()


def test_the_colours_of_night_are_remembered(page):
    page.click("[data-toggle=dark]")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("#answer .answer", timeout=60_000)
    page.wait_for_function("document.body.classList.contains('dark')", timeout=5000)


def test_allocation_changes_the_effect_but_not_the_prediction(page, predictor):
    upload(page, EXAMPLES[0])
    method(page)
    before = page.get_attribute("#chart .chart", "aria-label")
    said = page.inner_text("#answer .headline")
    choose(page, "allocation", "reverse")
    page.wait_for_function("before => document.querySelector('#chart .chart').ariaLabel !== before", arg=before)
    assert page.inner_text("#answer .headline") == said
    assert "reversed" in page.inner_text("#attention")
    numbers = json.loads(download(page, "json").read_text())
    expected = predictor.analyze(EXAMPLES[0]).intervene("reverse", level=predictor.config.level)
    assert numbers["counterfactual"]["allocation"] == "reverse"
    assert list(numbers["Y_TE"].values()) == pytest.approx(list(expected.total_effect), abs=1e-4)


def test_seed_and_slider_change_the_pictures(page):
    method(page)
    sources = "() => [...document.querySelectorAll('#attention img')].map(i => i.src)"
    s, s_star, _, between = page.evaluate(sources)
    assert s == between != s_star
    page.fill("#share input[type=number]", "100")
    page.keyboard.press("Tab")
    page.wait_for_function("s => document.querySelectorAll('#attention img')[3].src !== s", arg=between)
    s, s_star, _, between = page.evaluate(sources)
    assert between == s_star != s
    page.fill("#seed input", "5")
    page.wait_for_function("s => document.querySelectorAll('#attention img')[1].src !== s", arg=s_star)
    assert "seed 5" in page.inner_text("#attention")


def test_emotion_changes_the_effect_map_and_the_address(page):
    other = "fear"
    before = page.get_attribute("#effect img", "src")
    choose(page, "label", other)
    page.wait_for_function("s => document.querySelector('#effect img').src !== s", arg=before)
    assert "for fear" in page.inner_text("#effect")
    assert "emotion=fear" in page.url
    page.reload()
    page.wait_for_function("() => document.querySelector('#effect')?.innerText.includes('for fear')", timeout=30_000)


def test_back_and_forward_follow_photos_and_pages(page):
    for name in ("pavilion", "photographer"):
        page.locator(f"#examples button[aria-label^={name}]").click()
        page.wait_for_function(f"() => location.search.includes('example-{name}')")
    page.get_by_role("tab", name="Intervene").click()
    page.wait_for_function("() => location.search.includes('panel=intervene')")
    page.go_back()
    page.wait_for_function("() => document.querySelector('[role=tab][aria-selected=true]').innerText.includes('Analyze')")
    page.go_back()
    page.wait_for_function("() => document.querySelector('#answer').innerText.includes('wrong to most')", timeout=15_000)
    page.go_forward()
    page.wait_for_function("() => document.querySelector('#answer').innerText.includes('torn')", timeout=15_000)


def test_a_reload_brings_the_visitors_own_photo_back(page, predictor, tmp_path):
    photo = tmp_path / "mine.png"
    Image.open(EXAMPLES[1]).rotate(90).save(photo)
    upload(page, photo)
    expected = predictor.analyze(photo)
    assert "image=sha256-" in page.url
    page.wait_for_timeout(800)
    page.reload()
    said = f"() => document.querySelector('#answer')?.innerText.includes('{expected.prediction}')"
    page.wait_for_function(said, timeout=30_000)
    there = "() => document.querySelector('#photo img') && !document.querySelector('#notice .message')"
    page.wait_for_function(there, timeout=30_000)


def test_a_photo_dropped_anywhere_is_taken(page, predictor):
    data = (EXAMPLES[0]).read_bytes()
    page.evaluate(
        """bytes => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(bytes)], 'dropped.jpg', {type: 'image/jpeg'}));
            document.querySelector('#page-column').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true}));
        }""",
        list(data),
    )
    page.wait_for_function("() => window.studio.get('image') === 'example-astronaut'", timeout=30_000)


def test_downloads(page, predictor):
    upload(page, EXAMPLES[0])
    expected = predictor.analyze(EXAMPLES[0])
    with np.load(download(page, "npz")) as arrays:
        assert arrays["S"] == pytest.approx(expected.s, abs=1e-4)
        assert arrays["effect_map"].sum((1, 2)) == pytest.approx(expected.total_effect, abs=1e-4)
    with Image.open(download(page, "png")) as figure:
        assert figure.format == "PNG" and figure.width > 1000


def test_examples_have_names_and_the_same_one_comes_back_after_clearing(page):
    page.locator("#examples button[aria-label^=cat]").click()
    page.wait_for_function("() => document.querySelector('#answer').innerText.includes('clear case')")
    page.locator("#photo button[aria-label='Remove Image']").first.click()
    page.wait_for_selector("#answer .message.empty")
    page.locator("#examples button[aria-label^=cat]").click()
    page.wait_for_function("() => document.querySelector('#answer').innerText.includes('clear case')")


@pytest.mark.parametrize("content", [b"this is a text file", b""], ids=["text", "empty"])
def test_bad_file_is_answered_in_a_sentence_and_the_page_lives_on(page, tmp_path, content):
    bad = tmp_path / "holiday.jpg"
    bad.write_bytes(content)
    upload(page, bad)
    said = page.inner_text("#notice .message.error")
    assert said.startswith("holiday.jpg") and "Traceback" not in page.content()
    upload(page, EXAMPLES[0])


def test_a_file_name_is_text_not_markup(page, tmp_path):
    bad = tmp_path / "${alert(1)}<img src=x onerror=alert(2)>.jpg"
    bad.write_bytes(b"no image")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    upload(page, bad)
    assert page.locator("#notice .message img").count() == 0


def test_two_visitors_never_see_each_other(browser, app_url, predictor):
    visitors = []
    for path in EXAMPLES[:2]:
        page = browser.new_context(accept_downloads=True).new_page()
        arrive(page, app_url)
        method(page)
        visitors.append((page, path, predictor.analyze(path)))
    for page, path, _ in visitors:
        upload(page, path)
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
    arrive(page, app_url)
    upload(page, EXAMPLES[0])
    elsewhere = {host for host in hosts if not host.startswith((app_url, "data:", "blob:", app_url.replace("http", "ws")))}
    assert not elsewhere
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(browser, app_url, scheme):
    page = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()
    arrive(page, app_url)
    upload(page, EXAMPLES[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = [page.locator(f"#{name}").bounding_box()["y"] for name in ("photo", "answer", "effect")]
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
    method(page)
    page.locator("#share input[type=range]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelectorAll('#attention figcaption')[3].innerText.includes('3%')")
