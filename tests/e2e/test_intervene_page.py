"""The Intervene page as its visitors use it: strokes by mouse, finger and keyboard, beside the library's numbers."""

import io
import os
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from cternet import Analysis, Predictor
from cternet.minimal_sets import turning_set
from cternet.results.painting import centre, decode, paint
from cternet.show.words import significant

from .conftest import ROOT, arrive, upload

pytestmark = pytest.mark.e2e
EXAMPLES = {path.stem: path for path in (ROOT / "assets" / "examples").glob("*.jpg")}
CANVAS = "#whatif-canvas canvas"
SETTLED = "() => document.querySelector('#whatif-canvas [data-state]')?.dataset.state === 'settled'"

ANSWERED = "() => document.querySelector('#whatif-answer .verdict')?.innerText.includes('lead')"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi", device="cpu")


@pytest.fixture(scope="module")
def analysis(predictor) -> Analysis:
    return predictor.analyze(EXAMPLES["dahlia"])


def pick(page, name: str) -> None:
    """Choose an example."""
    page.locator(f"#examples button[aria-label^={name}]").click()
    page.wait_for_function(f"() => location.search.includes('example-{name}')", timeout=30_000)


def opened(page, url: str, example: str | None = "dahlia"):
    """The page with an example on the canvas; None leaves it as it opens."""
    arrive(page, url)
    if example is not None:
        pick(page, example)
        page.get_by_role("tab", name="Intervene").click()
    page.wait_for_selector("#whatif-answer table", timeout=60_000)
    page.wait_for_function("() => document.querySelector('#whatif-canvas [data-part=label]').options.length", timeout=30_000)
    page.wait_for_function(SETTLED, timeout=60_000)
    return page


@pytest.fixture
def bench(browser, app_url):
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    yield opened(context.new_page(), app_url)
    context.close()


def place(page, x: float, y: float) -> tuple[float, float]:
    """Where a share of the canvas's width and height lies in the window."""
    page.locator(CANVAS).scroll_into_view_if_needed()
    box = page.locator(CANVAS).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    first, last = place(page, *start), place(page, *end)
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last, steps=8)
    page.mouse.up()
    page.wait_for_function(SETTLED, timeout=30_000)


def link(page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def mask_of(page, analysis: Analysis) -> np.ndarray:
    held = link(page)
    return decode(held["mask"], analysis.s.shape) if "mask" in held else np.zeros(analysis.s.shape, np.uint8)


def shown(page) -> dict[str, list[str]]:
    """The three numbers of every emotion."""
    rows = page.locator("#whatif-answer tbody tr")
    return {
        rows.nth(i).get_attribute("data-label"): rows.nth(i).locator("td:not(.bars)").all_inner_texts()
        for i in range(rows.count())
    }


def assert_numbers_of_library(page, analysis: Analysis, mode: str = "ignore") -> Analysis:
    after = paint(analysis, mask_of(page, analysis), mode)
    expected = {
        label: [significant(y), significant(y_after), significant(y_after - y)]
        for label, y, y_after in zip(analysis.labels, analysis.scores, after.scores, strict=True)
    }
    # Numbers of another process may differ in their last bits, and so in their third digit.
    found = shown(page)
    assert found.keys() == expected.keys()
    for label, row in expected.items():
        assert list(map(float, found[label])) == pytest.approx(list(map(float, row)), rel=0.01, abs=1e-3)
    emotions = page.locator("#whatif-answer .emotion").all_inner_texts()
    assert emotions == [analysis.prediction, after.prediction]
    return after


@pytest.mark.parametrize("again", ["cat", "dahlia"])
def test_a_painting_that_a_photo_takes_the_place_of_is_one_click_away(bench, analysis, again: str):
    drag(bench, (0.3, 0.4), (0.6, 0.4))
    bench.wait_for_function("() => location.search.includes('mask=')")
    painted = mask_of(bench, analysis)
    kept = bench.locator("#address .kept")
    assert not kept.is_visible()
    bench.locator(f"#examples button[aria-label^={again}]").click()
    kept.wait_for(timeout=30_000)
    assert "mask" not in link(bench)
    bench.locator("#address .kept .back").click()
    bench.wait_for_function("() => location.search.includes('example-dahlia') && location.search.includes('mask=')")
    bench.wait_for_function(SETTLED, timeout=30_000)
    assert (mask_of(bench, analysis) == painted).all()
    bench.wait_for_function(ANSWERED, timeout=30_000)
    kept.wait_for(state="hidden")


def test_a_stroke_of_the_mouse_shows_the_numbers_of_the_library(bench, analysis):
    assert all(row[2] == "0" for row in shown(bench).values())
    drag(bench, (0.3, 0.3), (0.7, 0.6))
    mask = mask_of(bench, analysis)
    assert mask[5, 6] > 200
    assert mask[13, 0] == 0
    assert_numbers_of_library(bench, analysis)
    drag(bench, (0.7, 0.3), (0.3, 0.7))
    assert mask_of(bench, analysis).sum() > mask.sum()
    assert_numbers_of_library(bench, analysis)


def test_look_only_here(bench, analysis):
    bench.select_option("[data-part=mode]", "look-only")
    bench.wait_for_function(SETTLED)
    drag(bench, (0.1, 0.1), (0.4, 0.15))
    assert_numbers_of_library(bench, analysis, "look-only")


def test_look_elsewhere(bench, analysis):
    bench.select_option("[data-part=mode]", "look-elsewhere")
    bench.wait_for_function(SETTLED)
    drag(bench, (0.3, 0.3), (0.7, 0.6))
    assert_numbers_of_library(bench, analysis, "look-elsewhere")


def test_eraser_undo_redo_and_clear(bench, analysis):
    drag(bench, (0.3, 0.3), (0.7, 0.6))
    first = mask_of(bench, analysis)
    bench.click("[data-tool=eraser]")
    drag(bench, (0.3, 0.3), (0.5, 0.45))
    erased = mask_of(bench, analysis)
    assert 0 < erased.sum() < first.sum()
    for act, expected in (("undo", first), ("redo", erased), ("clear", np.zeros_like(first)), ("undo", erased)):
        bench.click(f"[data-act={act}]")
        bench.wait_for_function(SETTLED)
        assert (mask_of(bench, analysis) == expected).all(), act
    assert_numbers_of_library(bench, analysis)


def test_keyboard_paints_cells(bench, analysis):
    bench.focus(CANVAS)
    for key in ("ArrowRight", "ArrowRight", "Space", "ArrowUp", "Enter", "ArrowLeft", "Space"):
        bench.keyboard.press(key)
    bench.wait_for_function(SETTLED)
    expected = np.zeros(analysis.s.shape, np.uint8)
    expected[7, 8] = expected[6, 8] = expected[6, 7] = 255
    assert (mask_of(bench, analysis) == expected).all()
    assert_numbers_of_library(bench, analysis)
    for key, cell in (("e", (6, 7)), ("u", None), ("Control+z", (6, 7))):
        bench.keyboard.press(key)
        bench.wait_for_function(SETTLED)
        assert (mask_of(bench, analysis)[6, 7] == 0) == (cell is not None), key


def test_touch_paints(browser, app_url, analysis):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = opened(context.new_page(), app_url)
    fingers = context.new_cdp_session(page)
    points = [place(page, 0.3 + 0.05 * step, 0.4) for step in range(8)]
    scroll = page.evaluate("scrollY")
    for kind, point in [("touchStart", points[0]), *(("touchMove", p) for p in points[1:]), ("touchEnd", None)]:
        touches = [] if point is None else [{"x": point[0], "y": point[1]}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    page.wait_for_function(SETTLED)
    mask = mask_of(page, analysis)
    assert mask[5, 5:9].min() > 200
    assert page.evaluate("scrollY") == scroll
    assert_numbers_of_library(page, analysis)
    context.close()


def more(page, tab: str = "") -> None:
    """Open what is folded away: the options of the canvas, or a tab under it."""
    if tab:
        page.locator("#whatif-more").get_by_role("tab", name=tab).click()
    else:
        page.click("#whatif-canvas details.more summary")


def test_presets_and_regions_paint_without_a_brush(bench, analysis):
    more(bench)
    more(bench, "Regions")
    bench.click("[data-preset=centre]")
    bench.wait_for_function(SETTLED)
    assert (mask_of(bench, analysis) == centre(analysis.s.shape)).all()
    assert bench.get_attribute("[data-preset=centre]", "aria-pressed") == "true"
    bench.click("[data-preset=centre]")
    bench.wait_for_function(SETTLED)
    assert not mask_of(bench, analysis).any()
    bench.locator("#whatif-regions button[data-region='1']").click()
    bench.wait_for_function(SETTLED)
    by_report = mask_of(bench, analysis)
    assert by_report.any()
    after = assert_numbers_of_library(bench, analysis)
    row = bench.locator("#whatif-regions tbody tr[data-region='1'] td").all_inner_texts()
    index = analysis.labels.index(analysis.prediction)
    assert row[2] == significant(after.change_by_painting[index])
    bench.click("[data-act=clear]")
    bench.click("[data-tool=region]")
    row, column = (np.argwhere(by_report)[0] + 0.5) / by_report.shape
    bench.mouse.click(*place(bench, column, row))
    bench.wait_for_function(SETTLED)
    assert (mask_of(bench, analysis) == by_report).all(), "a click on the canvas takes the whole region"


def test_a_reload_keeps_the_painting(bench, analysis):
    drag(bench, (0.3, 0.3), (0.6, 0.6))
    before = mask_of(bench, analysis)
    assert before.any()
    bench.reload()
    bench.wait_for_function("() => document.querySelector('#whatif-canvas')?.painting?.().includes('_')", timeout=60_000)
    bench.wait_for_function(
        "() => document.querySelector('#whatif-answer .verdict')?.innerText.includes('lead')", timeout=60_000
    )
    bench.wait_for_function(SETTLED, timeout=60_000)
    assert (mask_of(bench, analysis) == before).all()
    assert_numbers_of_library(bench, analysis)


def test_the_threshold_redraws_the_report(bench):
    more(bench)
    more(bench, "Regions")
    before = bench.inner_text("#whatif-regions tbody")
    bench.focus("[data-part=threshold]")
    for _ in range(25):
        bench.keyboard.press("ArrowRight")
    bench.wait_for_function("t => document.querySelector('#whatif-regions tbody').innerText !== t", arg=before)
    bench.select_option("[data-part=kind]", "superpixels")
    bench.wait_for_function("() => document.querySelectorAll('#whatif-regions tbody tr').length > 5")


def test_really_hiding_it(bench):
    bench.click("#whatif-hide")
    bench.wait_for_selector("#whatif-hiding .message.error")
    assert "Nothing is painted" in bench.inner_text("#whatif-hiding")
    drag(bench, (0.3, 0.3), (0.7, 0.6))
    bench.click("#whatif-hide")
    bench.wait_for_selector("#whatif-hiding table", timeout=60_000)
    assert re.search(r"The two (dis)?agree\.", bench.inner_text("#whatif-hiding"))


def test_a_link_restores_photo_painting_and_numbers_in_a_fresh_page(bench, browser, analysis):
    drag(bench, (0.3, 0.3), (0.7, 0.6))
    expected, url = shown(bench), bench.url
    context = browser.new_context()
    page = opened(context.new_page(), url, example=None)
    page.wait_for_function(
        "() => document.querySelector('#whatif-answer .verdict')?.innerText.includes('lead')", timeout=60_000
    )
    assert shown(page) == expected
    assert link(page) == link(bench)
    assert_numbers_of_library(page, analysis)
    context.close()


def test_a_tampered_link_is_a_sentence(browser, app_url):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{app_url}?link=1&model=other&image=example-cat&allocation=random&level=attention&seed=0&panel=intervene")
    page.wait_for_selector("#notice .message.error", timeout=60_000)
    assert "another model" in page.inner_text("#notice")
    assert "Traceback" not in page.content()
    context.close()


def test_an_upload_paints_like_an_example(browser, app_url, predictor, tmp_path):
    file = tmp_path / "${alert(1)}.png"
    Image.open(EXAMPLES["cat"]).save(file)
    context = browser.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    arrive(page, app_url)
    upload(page, file)
    page.get_by_role("tab", name="Intervene").click()
    page.wait_for_selector("#whatif-answer table", timeout=60_000)
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(500)
    drag(page, (0.2, 0.2), (0.5, 0.5))
    assert_numbers_of_library(page, predictor.analyze(file))
    context.close()


def test_phone(browser, app_url):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = opened(context.new_page(), app_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = [page.locator(f"#whatif-{name}").bounding_box()["y"] for name in ("canvas", "answer", "more")]
    assert tops == sorted(tops)
    context.close()


def test_every_picture_has_words_and_every_control_a_name(bench):
    nameless = bench.evaluate(
        """[...document.querySelectorAll('#whatif button, #whatif input, #whatif select, #whatif canvas')]
        .filter(e => e.offsetParent && e.type !== 'file' && !(e.innerText.trim() || e.ariaLabel || e.title || e.labels?.length))
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert bench.evaluate("[...document.querySelectorAll('#whatif img')].filter(i => !i.alt).length") == 0


def test_what_it_takes_is_painted_and_can_be_edited(bench, analysis):
    found = turning_set(analysis)
    bench.click("[data-needed=turning]")
    bench.wait_for_function("() => document.querySelector('#whatif-canvas .status').innerText.startsWith('Had it not')")
    bench.wait_for_function(SETTLED)
    assert (mask_of(bench, analysis) == found.mask).all()
    after = assert_numbers_of_library(bench, analysis)
    assert after.prediction == found.after != analysis.prediction
    assert found.sentence in bench.inner_text("#whatif-canvas .status")
    bench.click("[data-act=undo]")
    bench.wait_for_function(SETTLED)
    assert not mask_of(bench, analysis).any()


def test_canvas_and_answer_are_on_one_screen(browser, app_url):
    for width, height in ((1280, 720), (390, 844)):
        context = browser.new_context(viewport={"width": width, "height": height})
        page = opened(context.new_page(), app_url)
        if width < 768:
            page.locator("#whatif-canvas .tools").first.scroll_into_view_if_needed()
        boxes = [page.locator(part).first.bounding_box() for part in (CANVAS, "#whatif-canvas .status", "[data-act=undo]")]
        if width > 768:
            boxes += [page.locator(part).bounding_box() for part in ("#whatif-answer .verdict", "[data-needed=keeping]")]
        assert all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes)
        context.close()


def test_every_number_is_in_the_window_of_a_tablet(browser, app_url):
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = opened(context.new_page(), app_url)
    edges = page.evaluate(
        "[...document.querySelectorAll('#whatif-answer .logits td:last-child, #whatif-answer .emotion')]"
        ".map(e => [e.getBoundingClientRect().right, e.scrollWidth - e.clientWidth])"
    )
    assert edges and all(right <= 1024 and over <= 0 for right, over in edges)
    context.close()


def test_the_recording_in_the_readme(bench, tmp_path):
    """Twenty seconds of painting; KEEP=docs makes them anew for the README."""
    frames, seconds = [], []

    def take(duration: float) -> None:
        bench.wait_for_function(SETTLED)
        bench.wait_for_timeout(250)
        shot = bench.locator("#whatif-bench").screenshot()
        frame = Image.open(io.BytesIO(shot)).convert("RGB")
        frames.append(frame.crop((0, 0, frame.width, 560)))
        seconds.append(duration)

    bench.set_viewport_size({"width": 1180, "height": 950})
    pick(bench, "pavilion")
    bench.wait_for_timeout(500)
    take(2)
    bench.mouse.move(*place(bench, 0.1, 0.1))
    bench.mouse.down()
    for x, y in ((0.4, 0.1), (0.7, 0.1), (0.9, 0.1), (0.9, 0.25), (0.6, 0.25), (0.3, 0.25), (0.1, 0.25), (0.1, 0.3)):
        bench.mouse.move(*place(bench, x, y), steps=3)
        take(0.5)
    bench.mouse.up()
    assert "contentment now leads" in bench.inner_text("#whatif-answer")
    take(3)
    bench.click("[data-act=clear]")
    take(1)
    bench.select_option("[data-part=mode]", "look-only")
    bench.mouse.move(*place(bench, 0.1, 0.85))
    bench.mouse.down()
    for x, y in ((0.5, 0.85), (0.9, 0.85), (0.9, 0.9), (0.5, 0.9), (0.1, 0.9), (0.1, 0.95), (0.5, 0.95), (0.9, 0.95)):
        bench.mouse.move(*place(bench, x, y), steps=3)
        take(0.75)
    bench.mouse.up()
    take(4)
    assert "contentment now leads" in bench.inner_text("#whatif-answer")
    assert sum(seconds) == 20
    path = (ROOT / os.environ["KEEP"] if "KEEP" in os.environ else tmp_path) / "intervene.webp"
    times = [round(1000 * duration) for duration in seconds]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, quality=75, method=4)
    assert path.stat().st_size < 2_000_000
