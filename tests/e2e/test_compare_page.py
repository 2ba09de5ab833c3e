"""The Compare page as its visitors use it."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet import Predictor

from .conftest import ROOT, arrive

pytestmark = pytest.mark.e2e
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))
WAIT = 120_000
SOURCES = "[...document.querySelectorAll('#compare-rows .open img')].map(i => i.src)"
CHANGED = f"before => String({SOURCES}) !== String(before)"
"""That some picture changed: which one does not depend on the network alone."""
ROW = "#compare-rows .photo-row"


def visit(context, url: str, *, empty: bool = True):
    """A page whose visitor is on Compare, without the photo that is open at first unless it is wanted."""
    page = context.new_page()
    arrive(page, url)
    if empty:
        page.locator("#photo button[aria-label='Remove Image']").click()
        page.wait_for_selector("#answer .message.empty", timeout=WAIT)
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector("#compare-photos input[type=file]", state="attached", timeout=WAIT)
    return page


@pytest.fixture
def page(browser, app_url):
    context = browser.new_context(viewport={"width": 1400, "height": 950}, accept_downloads=True)
    yield visit(context, app_url)
    context.close()


def upload(page, *paths: Path) -> None:
    page.set_input_files("#compare-photos input[type=file]", [str(path) for path in paths])
    page.wait_for_function(
        "n => document.querySelectorAll('#compare-rows .photo-row:not(.empty)').length >= n", arg=len(paths), timeout=WAIT
    )
    page.wait_for_selector("#compare-status .done", timeout=WAIT)


def only(page, *titles: str) -> None:
    """Tick these methods alone."""
    for box in page.locator("#compare-methods input[type=checkbox]").all():
        wanted = box.evaluate("e => e.closest('label').innerText.trim()") in titles
        if box.is_checked() != wanted:
            box.click()
    page.wait_for_function(
        """n => [...document.querySelectorAll('#compare-rows .photo-row .cells')].every(
            e => e.children.length === n + 1 && e.querySelectorAll('.open').length === n)""",
        arg=len(titles),
        timeout=WAIT,
    )
    page.wait_for_selector("#compare-status .done", timeout=WAIT)


def sources(page) -> list[str]:
    return page.evaluate(SOURCES)


def download(page, button: str) -> Path:
    with page.expect_download(timeout=WAIT) as got:
        page.click(button)
    return Path(got.value.path())


def zipped(path: Path) -> Path:
    """Two photos, and members that are none or want out of the folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for photo in EXAMPLES[:2]:
            archive.write(photo, f"photos/{photo.name}")
        archive.writestr("photos/<img src=x onerror=alert(1)>.jpg", "no image")
        archive.writestr("../../evil.jpg", EXAMPLES[0].read_bytes())
    return path


def test_photos_appear_beside_a_bad_one_that_says_why(page, tmp_path):
    bad = tmp_path / "${alert(1)}<img src=x onerror=alert(2)>.jpg"
    bad.write_bytes(b"no image")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    upload(page, EXAMPLES[0], bad, EXAMPLES[1])
    assert page.locator(ROW).count() == 3
    assert bad.name.split("<")[0] in page.inner_text(f"{ROW} >> nth=1") and page.locator(f"{ROW} .message img").count() == 0
    expected = Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi", device="cpu").analyze(EXAMPLES[0])
    assert f"CTERNet says {expected.prediction}" in page.inner_text(f"{ROW} >> nth=0")
    assert "1 photo could not be compared" in page.inner_text("#compare-status")
    assert page.evaluate("[...document.querySelectorAll('#compare img')].filter(i => !i.alt).length") == 0


def test_class_style_scale_and_cells_change_the_pictures(page):
    upload(page, *EXAMPLES[:2])
    only(page, "S", "Total effect")
    seen = [sources(page)]
    other = "fear" if "says fear" not in page.inner_text(f"{ROW} >> nth=0") else "awe"
    page.locator("#compare-label input").click()
    page.get_by_role("option", name=other).click()
    page.wait_for_function(
        "e => document.querySelector('.row-head').innerText.includes('explain ' + e)", arg=other, timeout=WAIT
    )
    page.wait_for_selector("#compare-status .done", timeout=WAIT)
    seen.append(sources(page))
    assert seen[0][0] == seen[1][0] and seen[0][1] != seen[1][1], "S is of no class"
    for name, part in (("shared", "scale"), ("overlays", "style")):
        page.locator(f"#compare-{part}").get_by_text(name, exact=True).click()
        page.wait_for_function(CHANGED, arg=seen[-1], timeout=WAIT)
        seen.append(sources(page))
    page.locator("#compare-smooth input").click()
    page.wait_for_function(CHANGED, arg=seen[-1], timeout=WAIT)
    page.click("#compare-clear")
    page.wait_for_selector(f"{ROW}.empty", timeout=WAIT)
    assert page.locator(ROW).count() == 1


def test_the_open_photo_is_the_first_row_and_all_its_panels_stand_in_one(browser, app_url):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = visit(context, app_url, empty=False)
    page.wait_for_selector("#compare-status .done", timeout=WAIT)
    assert page.inner_text(f"{ROW} >> nth=0 >> h3") == "cat.jpg"
    tops = {round(cell["y"]) for cell in (c.bounding_box() for c in page.locator(f"{ROW} >> nth=0 >> .cell").all())}
    assert len(tops) == 1
    page.locator("#examples button[aria-label^=dahlia]").click()
    page.wait_for_function("() => document.querySelector('#compare-rows h3')?.innerText === 'dahlia.jpg'", timeout=WAIT)
    page.wait_for_selector("#compare-status .done", timeout=WAIT)
    assert page.locator(ROW).count() == 1
    context.close()


def test_examples_are_added_to_what_is_there(page):
    upload(page, EXAMPLES[0])
    only(page, "S")
    page.click("#compare-examples")
    page.wait_for_function("n => document.querySelectorAll('#compare-rows .photo-row').length === n", arg=8, timeout=WAIT)
    page.wait_for_selector("#compare-status .done", timeout=WAIT)
    names = [page.inner_text(f"{ROW} >> nth={i} >> h3") for i in range(8)]
    assert names[0] == EXAMPLES[0].name and len(set(names)) == 8


def test_measure_and_stop_and_the_large_panel_by_keyboard(page):
    upload(page, *EXAMPLES[:2])
    only(page, "S", "CAM")
    page.locator("#compare-rows .open").first.focus()
    page.keyboard.press("Enter")
    assert "Not measured yet" in page.inner_text("#large")
    page.keyboard.press("Escape")
    assert page.locator("#large").is_hidden()
    page.click("#compare-measure")
    page.locator("#compare-rows .open").first.focus()
    page.wait_for_selector("#compare-rows .numbers:not(.waiting)", timeout=WAIT)
    page.click("#compare-stop")
    page.wait_for_selector("#compare-status .stopped", timeout=WAIT)
    page.wait_for_timeout(3000)
    measured = page.locator("#compare-rows .numbers").count()
    assert 1 <= measured < 4 and "measuring" not in page.inner_text("#compare-rows")
    page.locator("#compare-rows .open").first.focus()
    page.keyboard.press("Enter")
    large = page.inner_text("#large")
    assert "ROAD" in large and "random map" in large and "Zhou et al. 2016" in large
    assert page.evaluate("document.querySelector('#large').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.querySelector('#compare-rows .open')")


def test_focus_stays_while_numbers_arrive(page):
    upload(page, EXAMPLES[0])
    only(page, "S")
    page.click("#compare-measure")
    page.wait_for_selector("#compare-status .measuring")
    page.locator("#compare-rows .open").first.focus()
    page.wait_for_selector("#compare-rows .numbers:not(.waiting)", timeout=WAIT)
    assert page.evaluate("document.activeElement === document.querySelector('#compare-rows .open')")


def test_every_file_can_be_read_back(page):
    upload(page, *EXAMPLES[:2])
    only(page, "S", "CAM")
    with Image.open(download(page, "#compare-get-png")) as figure:
        assert figure.format == "PNG" and figure.width > 1000
    assert "<svg" in download(page, "#compare-get-svg").read_text()
    assert download(page, "#compare-get-pdf").read_bytes().startswith(b"%PDF")
    with np.load(download(page, "#compare-get-npz")) as arrays:
        assert list(arrays["photos"]) == [path.name for path in EXAMPLES[:2]]
    rows = list(csv.DictReader(io.StringIO(download(page, "#compare-get-csv").read_text())))
    assert [row["photo"] for row in rows] == [EXAMPLES[0].name] * 2 + [EXAMPLES[1].name] * 2
    page.click("#compare-measure")
    page.wait_for_function("document.querySelector('#compare-status').innerText.includes('Measured.')", timeout=WAIT)
    assert r"\bottomrule" in download(page, "#compare-get-tex").read_text()


def test_a_zip_becomes_a_report(page, tmp_path):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.get_by_role("button", name="Many photos").click()
    page.set_input_files("#many-zip input[type=file]", str(zipped(tmp_path / "photos.zip")))
    page.wait_for_selector("#many-zip table", timeout=WAIT)
    page.click("#many-start")
    page.wait_for_function("document.querySelector('#many-result').innerText.includes('Done.')", timeout=WAIT)
    said = page.inner_text("#many-result")
    assert "2 photos, 2 skipped" in said and "evil.jpg" in said and "onerror" in said
    assert page.locator("#many-result img").count() == 0
    report = page.frame_locator("#many-result iframe")
    report.get_by_text("astronaut.jpg").first.wait_for(timeout=WAIT)
    with zipfile.ZipFile(download(page, "#many-report")) as report:
        assert report.testzip() is None
        names = report.namelist()
        skipped = json.loads(report.read("photos-cternet-fi-report/skipped.json"))
    assert {f"photos-cternet-fi-report/{name}" for name in ("index.html", "table.parquet", "table.csv")} <= set(names)
    assert len(skipped) == 2


def test_two_visitors_at_once_see_their_own(browser, app_url):
    contexts = [browser.new_context(accept_downloads=True) for _ in range(2)]
    pages = [visit(context, app_url) for context in contexts]
    for page, path in zip(pages, EXAMPLES, strict=False):
        page.set_input_files("#compare-photos input[type=file]", str(path))
    for page, path in zip(pages, EXAMPLES, strict=False):
        page.wait_for_selector("#compare-status .done", timeout=WAIT)
        assert page.inner_text(f"{ROW} h3") == path.name
        rows = csv.DictReader(io.StringIO(download(page, "#compare-get-csv").read_text()))
        assert {row["photo"] for row in rows} == {path.name}
    for context in contexts:
        context.close()


def test_no_request_leaves_the_machine(browser, app_url):
    context = browser.new_context()
    hosts = set()
    context.on("request", lambda request: hosts.add(re.sub(r"^(\w+:(//)?[^/]*).*", r"\1", request.url)))
    page = visit(context, app_url)
    upload(page, EXAMPLES[0])
    page.locator("#compare-rows .open").first.click()
    page.wait_for_selector("#large[open]")
    assert not {host for host in hosts if not host.startswith((app_url, "data:", "blob:", app_url.replace("http", "ws")))}
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(browser, app_url, scheme):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = visit(context, app_url)
    upload(page, EXAMPLES[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = [page.locator(name).bounding_box()["y"] for name in ("#compare-rows", "#compare-photos", "#compare-options")]
    assert tops == sorted(tops)
    first, second, third = (page.locator("#compare-rows .cell").nth(i).bounding_box() for i in range(3))
    assert first["y"] == second["y"] < third["y"], "two panels a row"
    page.locator("#compare-rows .open").first.click()
    assert page.locator("#large").bounding_box()["width"] <= 390
    context.close()
