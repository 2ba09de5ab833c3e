"""Photos at addresses: from the internet alone, no larger than a photo, and no longer than it takes."""

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from gradio import processing_utils

from app import blocks, fetched
from app.fetched import TooMuch, limit_fetching, public_address
from cternet import MAX_BYTES
from tests.app.calls import MARK, Caller

INSIDE = (
    *("127.0.0.1", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fd00::1"),
    *("169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "224.0.0.1", "240.0.0.1"),
    *("2130706433", "0x7f000001", "0177.0.0.1", "127.1"),
)
"""Addresses of this machine, of networks that are nobody else's, and of clouds' own services; in odd spellings too."""


class Host(BaseHTTPRequestHandler):
    """Sends what its path says."""

    def do_GET(self) -> None:
        packed = self.path == "/packed"
        try:
            for _ in range(200 if self.path == "/slow-head" else 0):
                self.wfile.write(b"H")
                time.sleep(0.05)
        except OSError:
            return
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if packed:
            self.send_header("content-encoding", "gzip")
        if self.path == "/elsewhere":
            self.send_header("location", "http://10.0.0.1/x")
        self.end_headers()
        part = gzip.compress(bytes(2 * MAX_BYTES)) if packed else b"photo"
        try:
            self.wfile.write(part)
            for _ in range(200 if self.path == "/slow" else 0):
                self.wfile.write(b".")
                time.sleep(0.05)
            for _ in range(MAX_BYTES // 2**20 if self.path == "/large" else 0):
                self.wfile.write(bytes(2**20))
        except OSError:
            pass  # the other side has had enough

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A host on the internet, as it seems."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known = {"photos.example": "127.0.0.1"}

    async def address(name: str) -> str:
        return known.get(name) or await public_address(name)

    monkeypatch.setattr(fetched, "public_address", address)
    monkeypatch.setattr(processing_utils, "async_transport", None)
    limit_fetching()
    yield f"http://photos.example:{server.server_port}"
    server.shutdown()


def fetch(address: str, folder: Path) -> bytes:
    return Path(asyncio.run(processing_utils.async_ssrf_protected_download(address, str(folder)))).read_bytes()


def test_a_photo_is_fetched_and_nothing_larger(host: str, tmp_path: Path):
    assert fetch(f"{host}/photo", tmp_path) == b"photo"
    with pytest.raises(TooMuch):
        fetch(f"{host}/large", tmp_path)


def test_what_is_packed_is_not_unpacked(host: str, tmp_path: Path):
    assert len(fetch(f"{host}/packed", tmp_path)) < MAX_BYTES // 100


@pytest.mark.parametrize("path", ["slow", "slow-head"])
def test_a_host_that_takes_its_time_is_left(host: str, path: str, studio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "FETCHING", 0.5)
    caller, start = Caller(studio.local_url.rstrip("/"), "fetches"), time.monotonic()
    analyze = caller.dependency("analyze")
    photo = {"path": f"{host}/{path}", "meta": MARK}
    answer = caller.call(analyze, [photo, *caller.defaults(analyze)[1:]])[-1]
    assert "cannot be fetched" in answer["output"]["error"] and time.monotonic() - start < 5


def test_another_address_it_leads_to_is_checked_as_well(host: str, tmp_path: Path):
    with pytest.raises(ValueError, match=r"10\.0\.0\.1 is not on the internet"):
        fetch(f"{host}/elsewhere", tmp_path)


@pytest.mark.parametrize("name", INSIDE)
def test_nothing_inside_is_asked(name: str):
    with pytest.raises((ValueError, OSError)):
        asyncio.run(public_address(name))
    assert asyncio.run(public_address("8.8.8.8")) == "8.8.8.8"
