"""The app's ``gr.Blocks``: for a page that strangers can reach and that runs for months.

What gradio itself finds wrong with a call becomes a sentence; of its own it would print a traceback, and tell the visitor
nothing.  What it keeps of visitors is bounded.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.route_utils import Request
from gradio.utils import get_upload_folder
from pydantic import ValidationError
from starlette.responses import PlainTextResponse, Response

from app.calls import in_time
from app.checks import Refused
from app.departures import Departures
from app.errors import NOT_TAKEN, said_of
from app.fair_queue import FairQueue
from app.fetched import SECONDS as FETCHING
from app.queues import PHOTO
from app.reports import Reports
from app.session_config import StudioConfig
from app.tidying import Tidying
from app.uploads import LONGEST_NAME, NOT_AN_UPLOAD, not_kept
from cternet import MAX_BYTES
from cternet.disk import FORBIDDEN, FULL
from cternet.stopping import Stop, never

NO_FILE = (InvalidPathError, FileNotFoundError, ValidationError, AttributeError)
"""What gradio raises of a file whose path lies elsewhere or leads nowhere, or that is no file of gradio's: components for files
are the only ones here whose values have a model to be validated by."""
NO_SESSION = "Only the page itself can call this: it needs a page's session_hash."
MOST_STATES = 64
"""Sessions of which gradio keeps the last value of every component, megabytes of pictures each; the least recently used leave
first.  Nothing here asks for these values, so no visitor notices."""
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
    """``gr.Blocks`` that answers nonsense in a sentence and forgets visitors who left.

    Args:
        seconds: how long a call may take; one that shows its progress may go on until it is stopped.
    """

    def __init__(self, *args: Any, seconds: float = 120.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_config = StudioConfig(self)
        self.seconds = seconds
        self.departures = Departures()
        self.reports = Reports()
        self.tidying = Tidying(self, self.departures.forget_those_gone)

    def queue(self, *args: Any, **kwargs: Any) -> gr.Blocks:
        """Nobody calls a handler past the queue, where neither its length nor its places count."""
        super().queue(*args, **kwargs | {"api_open": False})
        self._queue = FairQueue.of(self._queue)
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
        try:  # photos at addresses are fetched here
            return await asyncio.wait_for(super().preprocess_data(block_fn, inputs, *args, **kwargs), FETCHING)
        except NO_FILE:
            raise Refused(NOT_AN_UPLOAD) from None
        except Exception as error:  # whatever gradio's components stumble over
            log.info("refused the inputs of %s: %s", block_fn.api_name, type(error).__name__)
            raise Refused(not_fetched(inputs) or NOT_TAKEN) from None

    async def call_function(
        self,
        block_fn: Any,
        processed_input: list[Any],
        iterator: Any = None,
        requests: Any = None,
        event_id: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """What a handler gives.

        Raises:
            Refused: the page's own handlers were called without a session, or for an event that only the browser handles, or
                the data of an event name a file that is no upload, or it took too long.
        """
        if block_fn.fn is None:
            raise Refused(NOT_TAKEN)
        if block_fn.api_visibility == "private":  # of the calls of programs nothing is kept
            if not (isinstance(requests, Request) and requests.session_hash):
                raise Refused(NO_SESSION)
            self.departures.heard(requests.session_hash)
        call = partial(super().call_function, block_fn, processed_input, iterator, requests, event_id, *args, **kwargs)
        seconds = None if block_fn.types_generator else self.seconds
        try:
            found: dict[str, Any] = await in_time(call, left=self.leaving(event_id), seconds=seconds)
            return found
        except Refused:
            raise
        except (InvalidPathError, gr.Error):  # gradio's own: handlers raise ``Refused``
            raise Refused(NOT_AN_UPLOAD) from None

    def leaving(self, event_id: str | None) -> Stop:
        """Whether whoever asked for this has left or cancelled it."""
        events = self._queue.event_ids_to_events
        event = events.get(event_id or "")
        return never if event is None else lambda: not event.alive or event_id not in events

    def photos_before(self, session: str) -> int | None:
        """How many photos are looked at or wait before a visitor's; 0 once it is looked at, None where none waits."""
        waiting = self._queue.event_queue_per_concurrency_id.get(PHOTO["concurrency_id"])
        if waiting is None:
            return None
        events = (event for job in self._queue.active_jobs for event in job or ())
        now = [event.session_hash for event in events if event.concurrency_id == waiting.concurrency_id and event.alive]
        if session in now:
            return 0
        after = [event.session_hash for event in waiting.queue]
        return len(now) + after.index(session) if session in after else None

    def forget(self, session: str) -> None:
        """Drop what gradio keeps of a visitor; of its own it does so when there are too many others."""
        self.state_holder.session_data.pop(session, None)
        self.state_holder.time_last_used.pop(session, None)

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
