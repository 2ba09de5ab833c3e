"""How work is given up: it asks ``stop()`` between its steps."""

from collections.abc import Callable

__all__ = ["Stop", "Stopped", "never"]

Stop = Callable[[], bool]
"""Whether nobody wants the work any more; it may be asked from any thread."""


class Stopped(Exception):
    """Work was given up because ``stop()`` said so."""


def never() -> bool:
    """The ``stop`` of work that is not to be interrupted."""
    return False
