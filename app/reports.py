"""Reports that open inside the page: each at an address that only its visitor knows, as long as they are here."""

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.sessions import Sessions

GONE = "This report is no longer kept here: survey the photos again."
HEADERS = {
    # Its script may run and hand out files, and has no part in the page around it.
    "Content-Security-Policy": "sandbox allow-scripts allow-downloads allow-popups",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
UNSEEN = ("parts",)
"""Folders of a report that only serve to go on with a survey."""


class Reports:
    """The last report of each visitor."""

    def __init__(self) -> None:
        self.sessions: Sessions[str] = Sessions()
        self.folders: dict[str, Path] = {}

    def open(self, session: str, folder: Path) -> str:
        """Where the visitor's report is from now on, relative to the page; the one before is forgotten."""
        self.forget(session)
        token = secrets.token_urlsafe(24)
        self.folders[token] = folder.resolve()
        self.sessions.put(session, token)
        kept = {token for _, _, token in list(self.sessions.kept.values())}
        for old in set(self.folders) - kept:  # of visitors who made room for others
            self.folders.pop(old, None)
        return f"./reports/{token}/index.html"

    def forget(self, session: str) -> None:
        """Drop the visitor's report."""
        token = self.sessions.get(session)
        self.sessions.drop(session)
        self.folders.pop(token or "", None)

    def answer(self, request: Request) -> Response:
        """A file of a report; the same sentence for whatever is none."""
        folder = self.folders.get(request.path_params["token"])
        if folder is None:
            return PlainTextResponse(GONE, status_code=404)
        try:
            path = (folder / request.path_params["path"]).resolve()
            inside = path.relative_to(folder).parts
            there = path.is_file() and inside[0] not in UNSEEN and not path.name.startswith(".")
        except (OSError, ValueError, IndexError):  # elsewhere, or no path at all
            there = False
        return FileResponse(path, headers=HEADERS) if there else PlainTextResponse(GONE, status_code=404)

    @property
    def route(self) -> Route:
        """For the server."""
        return Route("/reports/{token}/{path:path}", self.answer)
