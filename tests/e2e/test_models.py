"""Two visitors with two models of one server at once."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cternet import Predictor

from .conftest import ROOT, arrive, free_port, start_app, upload, violations

pytestmark = pytest.mark.e2e
WEIGHTS = ROOT / "assets" / "weights"
EXAMPLES = ROOT / "assets" / "examples"


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("app") / "output.txt"
    named = os.pathsep.join(str(WEIGHTS / name) for name in ("cternet-fi", "vanilla-fi"))
    with log.open("w") as output:
        process = start_app(port, output, CTERNET_WEIGHTS=named)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        if process.poll() is not None:
            pytest.fail(f"the app did not start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(address, timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield address
    process.terminate()
    process.wait(20)


def visitor(browser, address: str):
    """A page in a browser of its own, with the model's name in the header."""
    page = browser.new_context(viewport={"width": 1400, "height": 950}).new_page()
    page.goto(address)
    page.wait_for_selector("#answer .answer", state="attached", timeout=60_000)
    page.wait_for_timeout(1500)
    return page


def model(page) -> str:
    return page.inner_text("#header nav.model [aria-current]")


def choose_example(page, index: int) -> None:
    page.locator("#examples button").nth(index).click()
    page.wait_for_selector("#answer .answer", timeout=60_000)


def test_each_visitor_sees_the_model_of_their_choice(browser, url):
    one, other = visitor(browser, url), visitor(browser, url)
    assert model(one) == model(other) == "cternet-fi"
    other.click("#header nav.model a")
    other.wait_for_function("document.querySelector('#header nav.model [aria-current]')?.innerText === 'vanilla-fi'")
    assert other.url.split("?")[0] == f"{url}/vanilla-fi"
    choose_example(one, 0)
    choose_example(other, 1)
    other.wait_for_selector("#effect img")
    assert one.locator("#effect img").count() == 1 and one.locator("#method").count() == 1
    assert other.locator("#share").count() == 0 == other.locator("#method").count() and other.locator("nav.model").is_visible()
    other.get_by_role("tab", name="Intervene").click()
    other.wait_for_selector("text=vanilla-fi does not support painting")
    one.get_by_role("tab", name="Intervene").click()
    one.wait_for_selector("#whatif-answer .whatif-answer", timeout=60_000)
    assert model(one) == "cternet-fi"


def test_a_link_leads_to_its_model(browser, url):
    query = "?link=1&model=cternet-fi&image=example-cat&allocation=uniform&level=map&seed=0&emotion=awe&panel=intervene"
    page = visitor(browser, f"{url}/vanilla-fi{query}")
    page.wait_for_selector("#whatif-answer .whatif-answer", timeout=60_000)
    assert model(page) == "cternet-fi"
    assert page.url.split("?")[0] == f"{url}/" and "emotion=awe" in page.url and "allocation=uniform" in page.url


def test_a_link_for_a_model_that_is_not_here_says_so(browser, url):
    query = "?link=1&model=somewhere-else&image=example-cat&allocation=uniform&level=map&seed=0&panel=intervene"
    page = visitor(browser, f"{url}/{query}")
    page.wait_for_selector("text=The link was made with another model (somewhere-else); this page runs cternet-fi.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_model_that_rates_shows_its_point_and_its_maps(browser, app_url, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    page = context.new_page()
    arrive(page, f"{app_url}/va-oasis")
    expected = Predictor.from_pretrained(WEIGHTS / "va-oasis", device="cpu").analyze(EXAMPLES / "cat.jpg")
    said = page.inner_text("#answer .polarity")
    assert f"Valence {expected.valence:.1f}, arousal {expected.arousal:.1f}" in said and expected.nearest in said
    assert page.locator("#answer svg").count() == 1 and page.locator("#effect img").count() == 2
    assert page.locator("#effect img").nth(1).bounding_box()["y"] < 720, "both maps begin in the first view"
    assert not (found := violations(page)), found
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector("text=va-oasis does not name emotions")
    page.get_by_role("tab", name="Analyze").click()
    upload(page, EXAMPLES / "rocket-at-dusk.jpg")
    assert page.url.split("?")[0] == f"{app_url}/va-oasis" and "model=va-oasis" in page.url
    assert page.inner_text("#answer .polarity") != said
    with page.expect_download(timeout=60_000) as got:
        page.click("#get-json")
    assert json.loads(Path(got.value.path()).read_text())["model"] == "va-oasis"
    context.close()


def test_a_model_that_sees_the_surroundings_says_what_they_say(browser, app_url):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    arrive(page, f"{app_url}/clef-fi")
    expected = Predictor.from_pretrained(WEIGHTS / "clef-fi", device="cpu").analyze(EXAMPLES / "cat.jpg")
    part = page.locator("#answer .branches")
    assert f"{100 * expected.subject.mean():.0f} % of it" in part.inner_text()
    assert expected.said_by(expected.context_only) in part.inner_text()
    width, height = (part.locator("img").bounding_box()[side] for side in ("width", "height"))
    assert width / height == pytest.approx(expected.photo.shape[1] / expected.photo.shape[0], rel=0.05)
    assert not (found := violations(page)), found
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector("#compare-status .done", timeout=180_000)
    context.close()


def test_every_shipped_model_is_offered(browser, app_url):
    page = browser.new_page()
    arrive(page, app_url)
    names = page.locator("#header nav.model").inner_text().removeprefix("model:").split()
    assert names[0] == "cternet-fi" and set(names) == {"cternet-fi", "clef-fi", "va-oasis", "vanilla-fi", "wscnet-fi"}
    page.close()
