"""No violation that axe (https://www.deque.com/axe/) finds, on any page, empty and with a photo, by day and by night."""

import pytest

from .conftest import arrive, violations

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_violation(browser, app_url, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    arrive(page, app_url)
    page.click("button.show-method")
    wrong = {}
    for state in ("loaded", "empty"):
        if state == "empty":
            page.locator("#photo button[aria-label='Remove Image']").click()
            page.wait_for_timeout(1000)
        for tab in ("Analyze", "Intervene", "Compare"):
            page.locator("#pages > div").first.get_by_role("tab", name=tab).click()
            page.wait_for_timeout(2500)
            wrong[state, tab] = violations(page)
    context.close()
    assert not any(wrong.values()), wrong
