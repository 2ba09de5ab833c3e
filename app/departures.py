"""Visitors who are not there any more, and are forgotten.

Whoever leaves cuts the page's connection, but so does a phone that sleeps: they have some time to come back.  Programs and
pages left open say nothing, and are forgotten when they have been silent for long.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from app.sessions import LONGEST_SESSION

AWAY, SILENT = 15 * 60.0, 60 * 60.0
"""Seconds until a visitor is forgotten whose connection was cut, and one who did nothing."""
MOST = 10_000
"""Visitors that are known; anyone can make up more."""
log = logging.getLogger(__name__)


@dataclass
class Seen:
    """When a visitor was last heard of, and whether their connection was cut."""

    last: float
    cut: bool


class Departures:
    """Who was here.  Safe to use from several threads.

    Attributes:
        forget: what is done with those who are gone.
    """

    def __init__(self, forget: Callable[[str], object] = lambda _session: None) -> None:
        self.forget = forget
        self.seen: OrderedDict[str, Seen] = OrderedDict()
        self.lock = threading.Lock()

    def left(self, session: str) -> None:
        """Their connection was cut."""
        self.note(session, cut=True)

    def heard(self, session: str) -> None:
        """They do something.  A connection that was cut does not come back, so whoever was away counts as away again."""
        self.note(session, cut=False)

    def note(self, session: str, *, cut: bool) -> None:
        if len(session) > LONGEST_SESSION:  # nobody's
            return
        with self.lock:
            before = self.seen.pop(session, None)
            self.seen[session] = Seen(monotonic(), cut or (before is not None and before.cut))
            oldest = next(iter(self.seen)) if len(self.seen) > MOST else None
            if oldest is not None:
                del self.seen[oldest]
        if oldest is not None:
            self.forget(oldest)

    def forget_those_gone(self) -> None:
        """By the clock."""
        now = monotonic()
        with self.lock:
            gone = [name for name, seen in self.seen.items() if seen.last <= now - (AWAY if seen.cut else SILENT)]
            for session in gone:
                del self.seen[session]
        for session in gone:
            try:
                self.forget(session)
            except Exception:
                log.exception("a visitor could not be forgotten")
