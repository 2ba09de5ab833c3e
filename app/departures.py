"""Visitors whose connection is gone.  A phone that sleeps cuts it as well as whoever leaves, so they are forgotten later."""

import threading
import time
from collections.abc import Callable

MINUTES = 15.0


class Departures:
    """Who seems to have left, and when they were last heard of.  Safe to use from several threads.

    Attributes:
        forget: what is done with those who do not come back.
    """

    def __init__(self, forget: Callable[[str], object] = lambda _session: None) -> None:
        self.forget = forget
        self.last: dict[str, float] = {}
        self.lock = threading.Lock()

    def left(self, session: str) -> None:
        with self.lock:
            self.last[session] = time.monotonic()

    def heard(self, session: str) -> None:
        """A visitor does something.  Their connection does not come back, so whoever was away stays on the list."""
        with self.lock:
            if session in self.last:
                self.last[session] = time.monotonic()

    def forget_those_gone(self) -> None:
        """By the clock."""
        before = time.monotonic() - 60 * MINUTES
        with self.lock:
            gone = [session for session, last in self.last.items() if last <= before]
            for session in gone:
                del self.last[session]
        for session in gone:
            self.forget(session)
