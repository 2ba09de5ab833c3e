"""The call that is being answered: whether somebody still waits for it.

Handlers pass ``stop()`` to whatever takes long, which then gives up soon after the visitor has left or the time is over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from app.checks import Refused
from cternet.stopping import Stop, Stopped, never

CURRENT: ContextVar[Stop] = ContextVar("stop", default=never)
LEFT = "This call was given up, for nobody waits for it any more."


def stop() -> Stop:
    """Of the call that this thread works on; it can be asked from any other."""
    return CURRENT.get()


async def in_time(call: Callable[[], Awaitable[Any]], *, left: Stop, seconds: float | None) -> Any:
    """What a call gives.

    A thread cannot be ended from outside.  After the time is over it goes on until it asks ``stop()``, and nobody hears of it.

    Args:
        left: whether its visitor has.
        seconds: how long it may take; None for as long as somebody waits.

    Raises:
        Refused: it was given up.
    """
    over = False
    token = CURRENT.set(lambda: over or left())
    try:
        working = asyncio.ensure_future(call())  # has the context of this moment
    finally:
        CURRENT.reset(token)
    working.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, or asyncio complains in the log
    try:
        done, _ = await asyncio.wait({working}, timeout=seconds)  # a call that is cancelled meanwhile is given up as well
    finally:
        over = True
    if not done:
        raise Refused(
            f"This took longer than the {seconds:.0f} seconds a call may take here: try again later, or with a smaller photo."
        )
    try:
        return working.result()
    except Stopped:
        raise Refused(LEFT) from None
