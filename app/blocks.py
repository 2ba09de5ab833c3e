"""The app's ``gr.Blocks``: for a page that strangers can reach and that runs for months.

What gradio itself finds wrong with a call becomes a sentence; of its own it would print a traceback, and tell the visitor
nothing.  What it keeps of visitors is bounded.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.route_utils import Request
from gradio.utils import get_upload_folder
from pydantic import ValidationError
from starlette.responses import PlainTextResponse, Response

from app.checks import Refused
from app.errors import NOT_TAKEN, said_of
from app.reports import Reports
from app.uploads import LONGEST_NAME, NOT_AN_UPLOAD, not_kept
from cternet import MAX_BYTES
from cternet.disk import FORBIDDEN, FULL

NO_FILE = (InvalidPathError, FileNotFoundError, ValidationError, AttributeError)
"""What gradio raises of a file whose path lies elsewhere or leads nowhere, or that is no file of gradio's: components for files
are the only ones here whose values have a model to be validated by."""
NO_SESSION = "Only the page itself can call this: it needs a page's session_hash."
MOST_STATES = 64
"""Sessions of which gradio keeps the last value of every component, megabytes of pictures each; the least recently used leave
first.  Nothing here asks for these values, so no visitor notices."""
LISTED_EVERY = 600.0
"""Seconds between two looks for files that are on none of gradio's lists."""
log = logging.getLogger(__name__)


def not_fetched(inputs: list[Any]) -> str:
    """What a program is told whose photo is at an address that gradio could not fetch; empty where nothing names an address."""
    named = [value.get("url") or value.get("path") for value in inputs if isinstance(value, dict)]
    address = next((one for one in named if isinstance(one, str) and one.startswith(("http://", "https://"))), "")
    if not address:
        return ""
    shown = address if len(address) <= LONGEST_NAME else f"{address[:LONGEST_NAME]}…"
    most = f"at most {MAX_BYTES // 2**20} MB"
    return f"The address {shown} cannot be fetched: give one of {most} that anyone can open, or send the photo itself."


class StudioBlocks(gr.Blocks):
    """``gr.Blocks`` that answers nonsense in a sentence and forgets visitors who left."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reports = Reports()
        self.unlisted: set[str] = set()
        self.temp_file_sets.append(self.unlisted)

    def queue(self, *args: Any, **kwargs: Any) -> gr.Blocks:
        """As gradio does, but for its table of calls, which nobody asks for.  It is made anew after each, and would fail for
        everybody once the name of somebody's session is no text."""
        super().queue(*args, **kwargs)
        self._queue.compute_analytics_summary = lambda _calls: {"functions": {}}
        return self

    async def process_api(self, block_fn: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A call from beginning to end.

        Raises:
            Refused: with a sentence, whatever goes wrong; of other errors gradio tells the caller nothing.
        """
        try:
            return await super().process_api(block_fn, *args, **kwargs)
        except Refused:
            raise
        except Exception as error:
            raise Refused(said_of(error, f"call of {getattr(block_fn, 'api_name', '')}")) from None

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The inputs as a handler gets them.

        Raises:
            Refused: gradio cannot make them of what was sent.
        """
        try:
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except NO_FILE:
            raise Refused(NOT_AN_UPLOAD) from None
        except Exception as error:  # whatever gradio's components stumble over
            log.info("refused the inputs of %s: %s", block_fn.api_name, type(error).__name__)
            raise Refused(not_fetched(inputs) or NOT_TAKEN) from None

    async def call_function(
        self, block_fn: Any, processed_input: list[Any], iterator: Any = None, requests: Any = None, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """What a handler gives.

        Raises:
            Refused: the page's own handlers were called without a session, or for an event that only the browser handles, or
                the data of an event name a file that is no upload.
        """
        if block_fn.fn is None:
            raise Refused(NOT_TAKEN)
        if block_fn.api_visibility == "private" and not (isinstance(requests, Request) and requests.session_hash):
            raise Refused(NO_SESSION)
        try:
            return await super().call_function(block_fn, processed_input, iterator, requests, *args, **kwargs)
        except Refused:
            raise
        except (InvalidPathError, gr.Error):  # gradio's own: handlers raise ``Refused``
            raise Refused(NOT_AN_UPLOAD) from None

    def forget(self, session: str) -> None:
        """Drop what gradio keeps of a visitor; of its own it does so when there are too many others."""
        self.state_holder.session_data.pop(session, None)
        self.state_holder.time_last_used.pop(session, None)

    def list_uploads(self) -> None:
        """Put files that came over MCP as ``data:`` addresses on a list, for gradio deletes in time what is on its lists."""
        folder = os.environ.get("GRADIO_TEMP_DIR")
        if folder:  # the folder of this program alone (app.py); otherwise it is everybody's
            there = {str(path) for path in Path(folder).rglob("*") if path.is_file()}
            self.unlisted &= there
            self.unlisted |= there.difference(*(listed.copy() for listed in self.temp_file_sets))  # requests go on meanwhile

    @staticmethod
    def upload_failed(_request: Any, error: OSError) -> Response:
        """The answer to an upload that could not be written, in place of "Internal Server Error".

        On a full disk every upload under way fails; what came of them is removed, or the next would fail too.
        """
        if error.errno not in (*FULL, *FORBIDDEN):
            raise error
        folder = Path(get_upload_folder())
        for part in folder.glob("tmp*") if error.errno in FULL else ():  # whole ones lie in folders of their own
            with suppress(OSError):
                part.unlink()
        return PlainTextResponse(not_kept(error, str(folder)), status_code=507)

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """While the server runs: ``list_uploads`` by the clock, beside everybody's requests."""

        async def by_the_clock() -> None:
            while True:
                await asyncio.sleep(LISTED_EVERY)
                with suppress(OSError):  # a folder that vanishes while it is looked into
                    await asyncio.to_thread(self.list_uploads)

        task = asyncio.create_task(by_the_clock())
        try:
            yield
        finally:
            task.cancel()
