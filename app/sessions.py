"""What is kept of each visitor, theirs alone: a store bounded in number, age and bytes, freed when they leave."""

import threading
import time
from collections import OrderedDict
from typing import Any, Generic, TypeVar

Kept = TypeVar("Kept")
LONGEST_SESSION = 100
"""Characters of a session's name; gradio's own have eleven."""


def weight(value: Any) -> int:
    """Bytes of memory that something kept takes: what it says of itself, as arrays do."""
    return int(getattr(value, "nbytes", 0))


async def session_of(request: Any) -> str | None:
    """The visitor of a call to a server function: gradio gives these the bare request, whose body it has read already."""
    try:
        body = await request.json()
    except ValueError:  # a form instead of JSON, which no page sends
        return None
    session = body.get("session_hash") if isinstance(body, dict) else None
    return session if isinstance(session, str) else None


class Sessions(Generic[Kept]):
    """One thing a session; the least recently used leave first.  Safe to use from several threads.

    Args:
        limit: most sessions kept.
        max_age: seconds an unused one is kept.
        max_bytes: most memory all of them may take together, by their ``nbytes``; the newest stays whatever it takes.
    """

    def __init__(
        self,
        limit: int = 256,
        max_age: float = 3600.0,
        max_bytes: int = 2**30,
    ) -> None:
        self.limit, self.max_age, self.max_bytes = limit, max_age, max_bytes
        self.kept: OrderedDict[str, tuple[float, int, Kept]] = OrderedDict()
        self.bytes = 0
        self.lock = threading.Lock()

    def put(self, session: str, value: Kept) -> None:
        size = weight(value)
        with self.lock:
            self.replace(session, size, value)

    def replace(self, session: str, size: int, value: Kept) -> None:
        """Put a value of that many bytes and let the oldest go; holds the lock."""
        self.remove(session)
        self.add(session, size, value)
        oldest_allowed = time.monotonic() - self.max_age
        while len(self.kept) > 1 and (
            len(self.kept) > self.limit or self.bytes > self.max_bytes or next(iter(self.kept.values()))[0] < oldest_allowed
        ):
            self.remove(next(iter(self.kept)))

    def get(self, session: str) -> Kept | None:
        """What is kept of the session, or None if there is nothing or it was dropped."""
        with self.lock:
            found = self.remove(session)
            if found is None or found[0] < time.monotonic() - self.max_age:
                return None
            self.add(session, *found[1:])
            return found[2]

    def weigh_again(self, session: str, value: Kept) -> None:
        """Put a value that has grown, unless the visitor has left or got another one meanwhile."""
        size = weight(value)
        with self.lock:
            found = self.kept.get(session)
            if found is not None and found[2] is value:
                self.replace(session, size, value)

    def drop(self, session: str) -> None:
        with self.lock:
            self.remove(session)

    def add(self, session: str, size: int, value: Kept) -> None:
        self.kept[session] = (time.monotonic(), size, value)
        self.bytes += size

    def remove(self, session: str) -> tuple[float, int, Kept] | None:
        found = self.kept.pop(session, None)
        self.bytes -= 0 if found is None else found[1]
        return found
