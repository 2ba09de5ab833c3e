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

FILES_EVERY, OLD = 600.0, 3000.0
"""Seconds between two looks at files, and from which age on they go: none is there for more than an hour."""
UNREAD_EVERY = 20.0
"""Seconds between two looks at answers."""
LOOKS = 3
"""After so many an answer is dropped: the program that asked for it has gone."""
log = logging.getLogger(__name__)


class Tidying:
    """Of an app.

    Args:
        then: what else is done at each look at answers.

    Attributes:
        folders: whose old files go; only this program's own.
    """

    def __init__(self, blocks: gr.Blocks, then: Callable[[], None]) -> None:
        self.blocks, self.then = blocks, then
        self.unread: dict[str, tuple[int, int]] = {}
        self.folders: list[Path] = []

    def delete_old_files(self) -> None:
        """Delete files whose time is over.  Gradio would miss those that are on none of its lists, as what came over MCP as
        ``data:`` addresses, and stop for ever if a list changed meanwhile."""
        folder, before = os.environ.get("GRADIO_TEMP_DIR"), time.time() - OLD
        own = [Path(folder)] if folder else []  # the folder of this program alone (app.py); otherwise it is everybody's
        components = list(self.blocks.blocks.values())
        stay = {str(path) for one in components for path in getattr(one, "keep_in_cache", ())}
        for path in (path for folder in (*own, *self.folders) for path in folder.rglob("*") if str(path) not in stay):
            with suppress(OSError):  # a folder that is not empty, or a file that is gone
                if path.lstat().st_ctime < before:
                    path.rmdir() if path.is_dir() else path.unlink()
        for listed in self.blocks.temp_file_sets:
            listed -= {path for path in listed.copy() if not os.path.exists(path)}

    def drop_unread(self) -> None:
        """Drop answers that nobody reads; gradio keeps those of two thousand sessions, megabytes each."""
        queue, before = self.blocks._queue, self.unread
        waiting = {session: messages.qsize() for session, messages in queue.pending_messages_per_session.items()}
        self.unread = {}
        for session in {*waiting, *queue.pending_event_ids_session}:
            ids = queue.pending_event_ids_session.get(session, set())
            if ids & queue.event_ids_to_events.keys():
                continue  # it is still being worked on
            count, (known, looks) = waiting.get(session, 0), before.get(session, (0, 0))
            if session not in waiting or not (ids or count) or (count and count == known and looks >= LOOKS):
                queue.pending_messages_per_session.pop(session, None)
                queue.pending_event_ids_session.pop(session, None)
            elif count:
                self.unread[session] = (count, looks + 1 if count == known else 1)

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """While the server runs, beside everybody's requests."""

        async def files() -> None:
            with suppress(OSError):  # a folder that vanishes while it is looked into
                await asyncio.to_thread(self.delete_old_files)

        async def answers() -> None:
            self.drop_unread()
            await asyncio.to_thread(self.then)

        tasks = [asyncio.create_task(every(FILES_EVERY, files)), asyncio.create_task(every(UNREAD_EVERY, answers))]
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
