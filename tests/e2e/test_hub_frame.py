"""The page in the frame in which Hugging Face shows a Space: another origin, with parameters of its own in the address."""

import pytest

from .conftest import ANSWERED

pytestmark = pytest.mark.e2e
HUB = "https://huggingface.co/spaces/someone/studio"


def framed(browser, url: str, allowed: str):
    """The hub's page, which the browser is told here, and in it the app's; ``allowed``: what the frame may do."""
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    local = "local-network-access"  # the hub is a public site, the app under test is not
    context.grant_permissions(["clipboard-read", "clipboard-write", local])
    frame = f'<iframe src="{url}/?__theme=dark&__sign=abc" allow="{local}; {allowed}" width="100%" height="900"></iframe>'
    context.route("https://huggingface.co/**", lambda route: route.fulfill(content_type="text/html", body=frame))
    page = context.new_page()
    page.goto(HUB)
    inside = page.frames[1]
    inside.wait_for_function(f"() => {ANSWERED}", timeout=60_000)
    inside.locator("#examples button[aria-label^=cat]").click()
    inside.wait_for_function("() => location.search.includes('example-cat')", timeout=30_000)
    inside.wait_for_function(f"() => {ANSWERED}", timeout=60_000)
    inside.locator("#label input").click()
    inside.get_by_role("option", name="fear").click()
    inside.wait_for_function("() => location.search.includes('emotion=fear')", timeout=30_000)
    return context, page, inside


def opens(context, link: str, url: str) -> None:
    """In a tab of its own the link shows what was copied, and says nothing of the hub."""
    assert link.startswith(f"{url}/?link=1&model=cternet-fi&image=example-cat&") and "__" not in link
    tab = context.new_page()
    tab.goto(link)
    tab.wait_for_function(f"() => {ANSWERED}", timeout=60_000)
    assert tab.evaluate("() => [studio.get('image'), studio.get('emotion')]") == ["example-cat", "fear"]
    assert tab.url == link


def test_a_copied_link_opens_outside_the_frame(browser, app_url):
    context, page, inside = framed(browser, app_url, "clipboard-write")
    inside.click("#address .link")
    inside.wait_for_selector("#address .said:has-text('Copied.')")
    page.bring_to_front()
    opens(context, page.evaluate("() => navigator.clipboard.readText()"), app_url)
    context.close()


def test_where_the_frame_may_not_copy_the_link_is_shown(browser, app_url):
    context, _page, inside = framed(browser, app_url, "clipboard-write 'none'")
    inside.click("#address .link")
    field = inside.get_by_label("The link, to copy by hand")
    field.wait_for()
    assert inside.inner_text("#address .said") == "Copy this link:"
    chosen = field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen == field.input_value()
    opens(context, chosen, app_url)
    context.close()


def test_what_the_hub_adds_stays_in_the_frame(browser, app_url):
    """A reload keeps the theme that the hub asked for."""
    context, _page, inside = framed(browser, app_url, "clipboard-write")
    assert "__theme=dark" in inside.evaluate("() => location.search")
    inside.evaluate("() => location.reload()")
    inside.wait_for_function(f"() => {ANSWERED}", timeout=60_000)
    assert inside.evaluate("() => document.body.classList.contains('dark')")
    assert inside.evaluate("() => studio.get('emotion')") == "fear"
    context.close()
