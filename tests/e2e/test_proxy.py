"""The app under a sub-path of a real nginx, set up as docs/proxy/nginx.conf says."""

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, arrive, free_port, start_app, upload

pytestmark = pytest.mark.e2e
NGINX = shutil.which("nginx")


@pytest.fixture(scope="module")
def proxied(tmp_path_factory) -> Iterator[str]:
    if NGINX is None:
        pytest.skip("there is no nginx on this machine: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    inside, outside = free_port(), free_port()
    server = (ROOT / "docs" / "proxy" / "nginx.conf").read_text()
    server = server.replace("listen 80;", f"listen 127.0.0.1:{outside};").replace("studio:7860", f"127.0.0.1:{inside}")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; user root; daemon off; events {{}}\n"
        f"http {{ access_log off; {paths}\n{server}\n}}"
    )
    log = folder / "app.txt"
    with log.open("w") as output:
        app = start_app(inside, output, GRADIO_ROOT_PATH="/studio", CTERNET_METRICS="1")
    proxy = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    url = f"http://127.0.0.1:{outside}/studio"
    for _ in range(240):
        if app.poll() is not None:
            pytest.fail(f"the app did not start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield url
    for process in (proxy, app):
        process.terminate()
        process.wait(20)


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
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{proxied}/metrics", timeout=5)
