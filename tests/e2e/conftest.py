"""The real app in its own process, and a real browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]


ANSWERED = "window.studio?.photo && document.querySelector('#answer .answer')?.dataset.photo === window.studio.photo"
"""In script: the answer on the page is the one to the photo that is open."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_app(port: int, output: IO[str] | int = subprocess.PIPE, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"} | environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )


def wait_for(process: subprocess.Popen, port: int, path: str = "") -> None:
    """Until an app that was started serves, or a proxy at a path of it."""
    for _ in range(240):
        if process.poll() is not None:
            pytest.fail("the app did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the app did not answer in two minutes")


@pytest.fixture(scope="session")
def app_url(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    # What it prints goes to a file: a pipe that nobody reads fills up, and the next line printed would wait for ever.
    log = tmp_path_factory.mktemp("app") / "output.txt"
    with log.open("w") as output:
        process = start_app(port, output)
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        if process.poll() is not None:
            pytest.fail(f"the app did not start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(url, timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    else:
        process.kill()
        pytest.fail("the app did not answer in two minutes")
    yield url
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("the browser tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


def arrive(page, url: str) -> None:
    """Open the app and wait until it shows the first example, and has told the server so."""
    page.goto(url)
    page.wait_for_selector("#answer .answer", state="attached", timeout=60_000)  # a link may lead to another page
    page.wait_for_function(f"() => {ANSWERED}", timeout=60_000)


def upload(page, path: Path | str) -> None:
    """Choose a photo in place of the one there, and wait for its answer, or for the reason why there is none."""
    before = page.evaluate("() => window.studio.photo")
    page.set_input_files("#photo input[type=file]", str(path))
    taken = f"before => window.studio.photo !== before && {ANSWERED} || document.querySelector('#notice .error')"
    page.wait_for_function(taken, arg=before, timeout=60_000)


def violations(page) -> list[str]:
    """What axe finds on the page as it is."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target'][-1]} {node['html'][:140]}" for one in found for node in one["nodes"]]


@pytest.fixture
def page(browser, app_url):
    context = browser.new_context(viewport={"width": 1400, "height": 950}, accept_downloads=True)
    page = context.new_page()
    arrive(page, app_url)
    yield page
    context.close()
