"""Each visitor's analysis, theirs alone: a store bounded in number and age, freed when they leave."""

import threading
import time
from collections import OrderedDict

from cternet import Analysis


class Sessions:
    """Analyses by session; the least recently used leave first.  Safe to use from several threads.

    Args:
        limit: most analyses kept; one takes about 1.5 MB.
        max_age: seconds an unused one is kept.
    """

    def __init__(self, limit: int = 256, max_age: float = 3600.0) -> None:
        self.limit, self.max_age = limit, max_age
        self.kept: OrderedDict[str, tuple[float, Analysis]] = OrderedDict()
        self.lock = threading.Lock()

    def put(self, session: str, analysis: Analysis) -> None:
        with self.lock:
            self.kept[session] = (time.monotonic(), analysis)
            self.kept.move_to_end(session)
            oldest_allowed = time.monotonic() - self.max_age
            while len(self.kept) > self.limit or next(iter(self.kept.values()))[0] < oldest_allowed:
                self.kept.popitem(last=False)

    def get(self, session: str) -> Analysis | None:
        """The session's analysis, or None if there is none or it was dropped."""
        with self.lock:
            found = self.kept.pop(session, None)
            if found is None or found[0] < time.monotonic() - self.max_age:
                return None
            self.kept[session] = (time.monotonic(), found[1])
            return found[1]

    def drop(self, session: str) -> None:
        with self.lock:
            self.kept.pop(session, None)
