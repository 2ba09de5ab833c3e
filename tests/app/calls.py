"""Calling the app's handlers as anyone on the internet can: raw HTTP, any values."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

MARK = {"_type": "gradio.FileData"}
"""What tells gradio that a dict is a file."""


def uploaded(path: Path, name: str = "") -> dict[str, Any]:
    """An uploaded file, as gradio hands it over."""
    return {"path": str(path), "orig_name": name or path.name, "meta": MARK}


@dataclass
class Caller:
    """A visitor without a browser.

    Attributes:
        config: the app's, as pages get it.
    """

    url: str
    session: str
    config: dict[str, Any] = field(init=False)
    http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(timeout=60)  # one: to make a client takes longer than most calls
        self.config = self.http.get(f"{self.url}/config").json()

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        return self.config["dependencies"]

    def component(self, number: int) -> dict[str, Any]:
        return next(component for component in self.config["components"] if component["id"] == number)

    def dependency(self, name: str) -> dict[str, Any]:
        return next(d for d in self.dependencies if d["api_name"] == name)

    def defaults(self, dependency: dict[str, Any]) -> list[Any]:
        """What the page would send if nobody had touched it."""
        return [self.component(number)["props"].get("value") for number in dependency["inputs"]]

    def post(self, path: Path) -> httpx.Response:
        """The answer to a file's upload."""
        with path.open("rb") as file:
            return self.http.post(f"{self.url}/gradio_api/upload", files={"files": (path.name, file)})

    def upload(self, path: Path) -> dict[str, Any]:
        return uploaded(Path(self.post(path).json()[0]), path.name)

    def call(self, dependency: dict[str, Any], data: list[Any], event_data: Any = None) -> list[dict[str, Any]]:
        """Every message of the answer but the heartbeats."""
        body = {
            "data": data,
            "event_data": event_data,
            "fn_index": dependency["id"],
            "trigger_id": None,
            "session_hash": self.session,
        }
        about = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}  # halves of characters, too
        joined = self.http.post(f"{self.url}/gradio_api/queue/join", **about)
        if joined.is_error:
            return [{"msg": "refused", "status": joined.status_code, "success": False, "output": joined.json()}]
        address = f"{self.url}/gradio_api/queue/data?session_hash={self.session}"
        with self.http.stream("GET", address) as stream:
            lines = [line[6:] for line in stream.iter_lines() if line.startswith("data: ")]
        return [message for message in map(json.loads, lines) if message["msg"] in ("process_generating", "process_completed")]


def said(messages: list[dict[str, Any]]) -> str:
    """What a caller learns, without times."""
    return json.dumps([[m["success"], m["output"].get("data"), m["output"].get("error")] for m in messages])


def painted_by_hand(s: np.ndarray, share: np.ndarray, mode: str) -> np.ndarray:
    """s' of a painting that covers this share of each cell, by its formula."""
    rest = s * (1 - share)
    return {
        "ignore": rest,
        "look-elsewhere": rest * s.sum() / rest.sum(),
        "look-only": share * s.sum() / share.sum(),
    }[mode]
