"""The page: hostile names do nothing, it asks no other host for anything, and it sorts, filters and enlarges."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cternet.compare import Networks
from cternet.survey import pack, survey
from cternet.survey.table import key
from tests.cternet.survey.test_run import FAST, rows
from tests.tiny import tiny_photo

HOSTILE = (
    "<img src=x onerror=alert(1)>.png",
    "<script>alert(2)<\\script>.png",
    "\"quoted\" 'twice' ${alert(3)} {{ 7*7 }}.png",
    "Ünïcödé 写真 😀\u2028.png",
    "]]> --> &lt;b&gt;.png",
)


@pytest.fixture(scope="module")
def report(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of photos with hostile names; to be read only."""
    folder = tmp_path_factory.mktemp("survey")
    source = folder / "photos <b> & <script>"
    source.mkdir()
    for seed, name in enumerate(HOSTILE):
        tiny_photo(seed).save(source / name)
    (source / "<u>letter.jpg").write_text("no photo")
    survey(source, folder / "report", networks, replace(FAST, measure=True))
    return folder / "report"


def test_data_holds_no_markup(report: Path):
    data = (report / "data.js").read_text("ascii")
    assert "<" not in data
    page = (report / "index.html").read_text()
    assert "photos &lt;b&gt; &amp;" in page
    assert "<b>" not in page


def test_the_page_shows_the_first_photos_and_the_table_all(networks: Networks, folder: Path, tmp_path: Path):
    survey(folder, tmp_path / "report", networks, replace(FAST, shown=2))
    assert len(rows(tmp_path / "report")) == 7
    assert len(list((tmp_path / "report" / "pictures").glob("*/*.jpg"))) == 4
    assert (tmp_path / "report" / "data.js").read_text().count('"key"') == 2


def test_pictures_lie_where_the_page_looks(report: Path):
    for row in rows(report):
        name = key(row["path"])
        assert (report / "pictures" / name[:2] / f"{name}.jpg").exists()
        assert (report / "pictures" / name[:2] / f"{name}-maps.jpg").exists()


def test_no_path_of_the_machine_is_in_a_report(report: Path):
    for path in report.rglob("*"):
        if path.is_file():
            assert str(report.parent).encode() not in path.read_bytes(), path


def test_packed_it_is_the_whole_report(report: Path):
    packed = pack(report)
    assert packed == report.parent / "report.zip"
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert archive.read("report/table.parquet") == (report / "table.parquet").read_bytes()
    assert names == {
        str(path.relative_to(report.parent)) for path in report.rglob("*") if path.is_file() and path.parent.name != "parts"
    }


@pytest.fixture(scope="module")
def browser() -> Iterator:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("the browser tests need Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        yield found
        found.close()


@pytest.mark.e2e
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(report: Path, browser, width: int):
    page = browser.new_page(viewport={"width": width, "height": 844})
    problems, requests = [], []
    page.on("pageerror", lambda error: problems.append(error))
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((report / "index.html").as_uri())
    table = rows(report)
    names = page.locator(".card .name")
    assert sorted(names.all_text_contents()) == sorted(row["path"] for row in table)

    page.select_option("#order", "disagreement")
    assert names.all_text_contents() == [row["path"] for row in sorted(table, key=lambda row: -row["disagreement"])]
    page.click("#direction")
    assert names.all_text_contents() == [row["path"] for row in sorted(table, key=lambda row: row["disagreement"])]
    page.select_option("#order", "norm")
    assert names.all_text_contents() == [row["path"] for row in sorted(table, key=lambda row: -row["effect_norm"])]

    page.fill("#query", "QUOTED")
    assert names.all_text_contents() == [HOSTILE[2]]
    page.fill("#query", "nowhere")
    assert page.is_visible("#nothing")
    page.fill("#query", "")
    label = table[0]["prediction"]
    page.get_by_role("group", name="Emotion").get_by_role("button", name=label).click()
    assert len(names.all_text_contents()) == sum(row["prediction"] == label for row in table)
    page.get_by_role("button", name="all 5").click()

    page.locator(".card").first.focus()
    page.keyboard.press("Enter")
    first = page.text_content("#large-name")
    page.keyboard.press("ArrowRight")
    assert page.text_content("#large-name") != first
    assert page.locator("dialog figure").count() == 1 + len(FAST.methods)
    assert page.locator("dialog tbody tr").count() == len(FAST.methods) + 2  # and a random map on either classifier
    assert all(
        page.locator("dialog figure img").evaluate_all("images => images.map(image => image.naturalWidth > 0 && !!image.alt)")
    )
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    assert page.evaluate("document.activeElement.className") == "card"

    page.click("#skipped summary")
    assert json.loads((report / "skipped.json").read_text())[0]["name"] == "<u>letter.jpg"
    assert page.text_content("#skipped td") == "<u>letter.jpg"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not problems
    assert all(url.startswith(("file:", "data:")) for url in requests)
    page.close()
