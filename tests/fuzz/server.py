"""The app in a process of its own, with a tiny network, and one visitor who sends it anything."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.app.calls import Caller
from tests.e2e.conftest import free_port
from tests.tiny import tiny_network

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds in which an answer comes, on a busy machine."""


class Server:
    """``python app.py``; ``log`` is what it printed."""

    def __init__(self, folder: Path) -> None:
        tiny_network().save_pretrained(folder / "tiny")
        self.printed = folder / "log"
        port = free_port()
        there = dict(os.environ) | {
            "GRADIO_SERVER_PORT": str(port),
            "CTERNET_WEIGHTS": str(folder / "tiny"),
            "TMPDIR": str(folder),
        }
        there |= {"CTERNET_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        there.pop("GRADIO_TEMP_DIR", None)
        with self.printed.open("w") as log:
            self.process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=there, stdout=log, stderr=log)
        self.url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            assert self.process.poll() is None, self.log
            if self.healthy():
                break
            time.sleep(0.5)
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE)
        self.caller = Caller(self.url, "0123456789abcdef")

    @property
    def log(self) -> str:
        return self.printed.read_text(errors="replace")

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=PATIENCE).text == "ok"
        except httpx.TransportError:
            return False

    def post(self, route: str, body: bytes) -> httpx.Response:
        return self.client.post(f"/gradio_api/{route}", content=body, headers={"content-type": "application/json"})

    def stream(self, route: str) -> str:
        """The last thing that an event stream says."""
        with self.client.stream("GET", f"/gradio_api/{route}") as stream:
            return [line for line in stream.iter_lines() if line.startswith("data: ")][-1].removeprefix("data: ")

    def last_message(self, session: str) -> dict[str, Any]:
        """How a call through the page's queue ended."""
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            messages = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
        return next((one for one in reversed(messages) if one["msg"] != "close_stream"), {})

    def close(self) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
