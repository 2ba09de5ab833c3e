"""A server with much to do, and connections that are cut, as a visitor sees them."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.app.calls import Caller
from tests.e2e.conftest import ANSWERED, ROOT, arrive, free_port, start_app, upload, wait_for
from tests.e2e.line import Line

pytestmark = pytest.mark.e2e
COFFEE = ROOT / "assets" / "examples" / "coffee.jpg"
ALL_TAKEN = 4
"""Calls that wait or are answered at once on the server of these tests, most."""


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = free_port()
    with (tmp_path_factory.mktemp("busy") / "output.txt").open("w") as output:
        there = {
            "CTERNET_WEIGHTS": "assets/weights/cternet-fi",
            "CTERNET_CONCURRENCY": "1",
            "CTERNET_BATCH": "1",
            "CTERNET_QUEUE": str(ALL_TAKEN),
        }
        process = start_app(port, output, **there)
    wait_for(process, port)
    yield port
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A photo that takes long to decode: noise, in as many pixels as are taken."""
    path = tmp_path_factory.mktemp("photos") / "large.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (1100, 1400, 3), np.uint8)
    Image.fromarray(noise).resize((6900, 5400)).save(path, quality=60)
    return path


@pytest.fixture
def others(port, large):
    """Starts visitors who send the large photo again and again, until the test ends."""
    over, threads = threading.Event(), []

    def send(number: int) -> None:
        caller = Caller(f"http://127.0.0.1:{port}", f"other-{number}")
        photo, choose = caller.upload(large), caller.dependency("choose")
        ready.wait(60)
        while not over.is_set():
            try:
                caller.call(choose, [photo])
            except OSError:  # the server is busy for them as well
                over.wait(0.2)

    def start(count: int) -> None:
        nonlocal ready
        ready = threading.Barrier(count + 1)
        threads.extend(threading.Thread(target=send, args=(number,)) for number in range(count))
        for thread in threads:
            thread.start()
        ready.wait(60)

    ready = threading.Barrier(1)
    yield start
    over.set()
    for thread in threads:
        thread.join(60)


@pytest.fixture
def line(port):
    line = Line(port)
    yield line
    line.close()


@pytest.fixture
def visitor(browser, line):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    arrive(page, f"http://127.0.0.1:{line.port}")
    yield page
    page.context.close()


def waits(page, words: str) -> None:
    page.wait_for_function("words => document.querySelector('#waiting').textContent.includes(words)", arg=words, timeout=30_000)


def test_a_visitor_sees_how_many_are_before_them(visitor, others):
    others(4)
    before = visitor.evaluate("() => window.studio.photo")
    visitor.set_input_files("#photo input[type=file]", str(COFFEE))
    waits(visitor, "before yours")
    assert visitor.locator("#pages").evaluate("pages => pages.classList.contains('old')"), "the answer is another photo's"
    visitor.wait_for_function(f"before => window.studio.photo !== before && {ANSWERED}", arg=before, timeout=60_000)
    visitor.wait_for_function("() => !document.querySelector('#pages.old') && !document.querySelector('.waiting').textContent")


def test_a_visitor_is_told_that_a_full_server_did_not_take_their_photo(visitor, others):
    others(ALL_TAKEN + 6)
    for _ in range(5):
        visitor.set_input_files("#photo input[type=file]", str(COFFEE))
        visitor.wait_for_timeout(1500)
        if visitor.locator(".toast-body").count():
            break
    waits(visitor, "did not take this photo")


def test_a_phone_that_slept_while_its_photo_waited_finds_the_answer(visitor, others, line):
    others(4)
    visitor.set_input_files("#photo input[type=file]", str(COFFEE))
    waits(visitor, "before yours")
    line.cut()
    waits(visitor, "cannot be reached")
    line.mend()
    visitor.wait_for_function(
        f"() => location.search.includes('example-coffee') && {ANSWERED} && document.querySelector('#photo img[src*=coffee]')",
        timeout=90_000,
    )


def test_a_phone_that_slept_finds_its_photo_as_it_was(visitor, line):
    upload(visitor, COFFEE)
    line.cut()
    visitor.wait_for_timeout(20_000)  # longer than the server's own pulse, so that it notices
    line.mend()
    visitor.wait_for_timeout(1000)
    photo, picture = visitor.evaluate("() => window.studio.photo"), visitor.locator("#effect img").get_attribute("src")
    visitor.get_by_label("Smooth").click()
    visitor.wait_for_function("was => document.querySelector('#effect img').src !== was", arg=picture, timeout=20_000)
    assert visitor.evaluate("() => window.studio.photo") == photo


def test_a_page_that_the_server_has_forgotten_says_so_and_a_reload_brings_the_photo_back(browser, tmp_path):
    """As it is after a server was started anew, and after files and sessions are too old."""
    port, photo = free_port(), tmp_path / "mine.png"
    Image.open(COFFEE).crop((40, 40, 360, 360)).save(photo)
    there = {"CTERNET_WEIGHTS": "assets/weights/cternet-fi"}
    with (tmp_path / "output.txt").open("w") as output:
        process = start_app(port, output, **there)
        wait_for(process, port)
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        arrive(page, f"http://127.0.0.1:{port}")
        upload(page, photo)
        link = page.evaluate("() => location.search")
        assert "image=sha256-" in link
        page.wait_for_timeout(1000)  # the browser keeps the photo
        process.terminate()
        process.wait(20)
        process = start_app(port, output, **there)
        try:
            wait_for(process, port)
            page.get_by_label("Smooth").click()
            page.wait_for_selector(".toast-body:has-text('no photo of yours open')", timeout=20_000)
            page.reload()
            page.wait_for_function(
                f"link => location.search === link && {ANSWERED} && document.querySelector('#photo img[src*=mine]')",
                arg=link,
                timeout=60_000,
            )
        finally:
            page.context.close()
            process.terminate()
            process.wait(20)
