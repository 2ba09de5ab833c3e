"""The app under a sub-path of a real nginx, set up as docs/proxy/nginx.conf says."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.app.mcp import data_url, in_mcp_session

from .conftest import ROOT, arrive, free_port, start_app, upload, wait_for

pytestmark = pytest.mark.e2e
NGINX = shutil.which("nginx")


@contextmanager
def nginx(folder: Path, inside: int, **changes: str) -> Iterator[str]:
    """The address of the studio behind an nginx of docs/proxy/nginx.conf, in which these words are changed for those."""
    if NGINX is None:
        pytest.skip("there is no nginx on this machine: apt-get install nginx-light")
    folder.mkdir(exist_ok=True)
    outside = free_port()
    server = (ROOT / "docs" / "proxy" / "nginx.conf").read_text()
    for old, new in {"listen 80;": f"listen 127.0.0.1:{outside};", "studio:7860": f"127.0.0.1:{inside}", **changes}.items():
        assert old in server
        server = server.replace(old, new)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; user root; daemon off; events {{}}\n"
        f"http {{ access_log off; {paths}\n{server}\n}}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        wait_for(proxy, outside, "/studio")
        yield f"http://127.0.0.1:{outside}/studio"
    finally:
        proxy.terminate()
        proxy.wait(20)


@pytest.fixture(scope="module")
def app_behind(tmp_path_factory) -> Iterator[int]:
    port = free_port()
    with (tmp_path_factory.mktemp("studio") / "app.txt").open("w") as output:
        beats = {"GRADIO_IS_E2E_TEST": "1"}  # four a second
        app = start_app(port, output, GRADIO_ROOT_PATH="/studio", CTERNET_METRICS="1", **beats)
    wait_for(app, port)
    yield port
    app.terminate()
    app.wait(20)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory, app_behind: int) -> Iterator[str]:
    with nginx(tmp_path_factory.mktemp("nginx"), app_behind) as url:
        yield url


PACK = "proxy_buffering on; gzip on; gzip_types text/event-stream; gzip_proxied any;"
GATHER = {"proxy_buffering off;": PACK}
DEAF = {"proxy_buffering off;": f"{PACK} proxy_ignore_headers X-Accel-Buffering;"}


@pytest.mark.parametrize(("changes", "arrives"), [({}, True), (GATHER, True), (DEAF, False)])
def test_events_move_where_the_proxy_gathers_answers(tmp_path: Path, app_behind: int, changes: dict[str, str], arrives: bool):
    """The control is an nginx that does not listen to what the studio says of buffering."""
    with nginx(tmp_path, app_behind, **changes) as url:
        found, until = 0, time.monotonic() + 4
        with suppress(httpx.ReadTimeout), httpx.stream("GET", f"{url}/gradio_api/heartbeat/someone", timeout=3) as stream:
            for line in stream.iter_lines():
                found += bool(line)
                if time.monotonic() > until:
                    break
        assert (found > 3) == arrives, "the first comes with the headers in any case"


def test_everything_works_under_a_sub_path(browser, proxied: str):
    context = browser.new_context(viewport={"width": 1400, "height": 950}, accept_downloads=True)
    page = context.new_page()
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    arrive(page, f"{proxied}/")
    upload(page, ROOT / "assets" / "examples" / "dahlia.jpg")
    assert "contentment" in page.inner_text("#answer .headline")
    with page.expect_download(timeout=60_000) as got:
        page.get_by_role("button", name=re.compile("JSON")).click()
    assert Path(got.value.path()).stat().st_size > 1000
    page.locator("#examples button[aria-label^=cat]").click()
    page.wait_for_function("() => location.search.includes('example-cat')", timeout=30_000)
    assert page.url.startswith(f"{proxied}/?link=")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("() => document.querySelector('#address .said').textContent.startsWith('Copied')")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith(f"{proxied}/?link=1")
    copied = context.new_page()
    copied.goto(link)
    copied.wait_for_function("() => document.querySelector('#photo img[src*=cat]')", timeout=60_000)
    copied.close()
    page.get_by_role("tab", name="Intervene").click()
    page.wait_for_selector("#whatif-answer table", timeout=60_000)
    page.reload()
    page.wait_for_selector("#whatif-answer table", timeout=60_000)
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector("#compare-status .done", timeout=120_000)
    other = page.goto(f"{proxied}/vanilla-fi/")
    assert other.ok
    page.wait_for_selector("#answer .headline", timeout=60_000)
    assert not failed
    assert not [url for url in asked if url.startswith("http") and not url.startswith(proxied)]
    context.close()


def test_programs_and_figures_under_a_sub_path(proxied: str):
    from gradio_client import Client, handle_file

    client = Client(f"{proxied}/", verbose=False)
    found = client.predict(handle_file(ROOT / "assets" / "examples" / "cat.jpg"), api_name="/analyze")
    assert found["prediction"] == "contentment"
    with Image.open(ROOT / "assets" / "examples" / "cat.jpg") as picture:
        arguments = {"image": data_url(picture), "maps": False}
    answer = in_mcp_session(proxied, lambda session: session.call_tool("analyze", arguments))
    assert json.loads(answer.content[0].text)["prediction"] == "contentment"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{proxied}/metrics", timeout=5)
