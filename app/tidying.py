"""What gradio keeps for longer than anyone needs it, looked at by the clock: files, and answers that nobody reads."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import gradio as gr

LISTED_EVERY = 600.0
"""Seconds between two looks at files."""
EMPTY_FOR = 3600.0
"""Seconds after which an empty folder is one that gradio made in vain."""
UNREAD_EVERY = 20.0
"""Seconds between two looks at answers."""
LOOKS = 3
"""After so many an answer is dropped: the program that asked for it has gone."""
log = logging.getLogger(__name__)


class Tidying:
    """Of an app.

    Args:
        then: what else is done at each look at answers.
    """

    def __init__(self, blocks: gr.Blocks, then: Callable[[], None]) -> None:
        self.blocks, self.then = blocks, then
        self.unlisted: set[str] = set()
        self.unread: dict[str, tuple[int, int]] = {}
        blocks.temp_file_sets.append(self.unlisted)

    def list_uploads(self) -> None:
        """Put files that came over MCP as ``data:`` addresses on a list, for gradio deletes in time what is on its lists, and
        take off all lists what is gone."""
        folder, lists = os.environ.get("GRADIO_TEMP_DIR"), self.blocks.temp_file_sets
        if not folder:  # the folder of this program alone (app.py); otherwise it is everybody's
            return
        everything = list(Path(folder).rglob("*"))
        there = {str(path) for path in everything if path.is_file()}
        self.unlisted &= there
        self.unlisted |= there.difference(*(listed.copy() for listed in lists))  # requests go on meanwhile
        for listed in lists:
            listed -= {path for path in listed.copy() if not os.path.exists(path)}
        before = time.time() - EMPTY_FOR
        for path in everything:
            with suppress(OSError):  # it is a file, or is not empty
                if path.stat().st_mtime < before:
                    path.rmdir()

    def drop_unread(self) -> None:
        """Drop answers that nobody reads; gradio keeps those of two thousand sessions, megabytes each."""
        queue, before = self.blocks._queue, self.unread
        waiting = {session: messages.qsize() for session, messages in queue.pending_messages_per_session.items()}
        self.unread = {}
        for session in {*waiting, *queue.pending_event_ids_session}:
            if queue.pending_event_ids_session.get(session, set()) & queue.event_ids_to_events.keys():
                continue  # it is still being worked on
            count, (known, looks) = waiting.get(session, 0), before.get(session, (0, 0))
            if session not in waiting or (count and count == known and looks >= LOOKS):
                queue.pending_messages_per_session.pop(session, None)
                queue.pending_event_ids_session.pop(session, None)
            elif count:
                self.unread[session] = (count, looks + 1 if count == known else 1)

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """While the server runs, beside everybody's requests."""

        async def files() -> None:
            with suppress(OSError):  # a folder that vanishes while it is looked into
                await asyncio.to_thread(self.list_uploads)

        async def answers() -> None:
            self.drop_unread()
            await asyncio.to_thread(self.then)

        tasks = [asyncio.create_task(every(LISTED_EVERY, files)), asyncio.create_task(every(UNREAD_EVERY, answers))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work by the clock, for ever; a failure is for the log."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("tidying failed")
