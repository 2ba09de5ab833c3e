"""What each page shows before anyone scrolls, on a laptop and on a phone, by day and by night."""

import io
import os

import pytest
from PIL import Image

from .conftest import ROOT, arrive

pytestmark = pytest.mark.e2e
SIZES = {"laptop": (1280, 720), "phone": (390, 844)}
ANSWERS = {
    "Analyze": "#answer .answer",
    "Intervene": "#whatif-canvas canvas",
    "Compare": "#compare-rows .photo-row h3",
    "Rating": "#answer .answer",
}
"""By page, what must be there at once; the last is Analyze of the model that rates."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_answer_is_in_the_first_view(browser, app_url, tmp_path, size, scheme):
    """KEEP=docs makes the pictures of docs/pages.md anew."""
    width, height = SIZES[size]
    folder = (ROOT / os.environ["KEEP"] if "KEEP" in os.environ else tmp_path) / "views"
    folder.mkdir(exist_ok=True)
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    arrive(page, app_url)
    for title, answer in ANSWERS.items():
        if title == "Rating":
            arrive(page, f"{app_url}/va-oasis")
        else:
            page.locator("#pages > div").first.get_by_role("tab", name=title).click()
        page.wait_for_selector(answer, timeout=60_000)
        if title == "Compare":
            page.wait_for_selector("#compare-status .done", timeout=120_000)
        page.wait_for_timeout(1200)
        page.evaluate("window.scrollTo(0, 0)")
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        shot.save(folder / f"{title.lower()}-{size}-{scheme}.webp", quality=70, method=6)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{title} is wider than the window"
        box = page.locator(answer).first.bounding_box()
        assert 0 <= box["y"] < height, f"{title}: the answer begins at {box['y']}, below what is seen at first"
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(value => value < 100)")
        assert dark == (scheme == "dark")
    context.close()
