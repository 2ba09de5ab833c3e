"""What is said where a request fails: a sentence to who sent it, and in the log one line where what they sent was nonsense.

Gradio, its web server and what they are made of stumble over much that no page sends.  Of their own they answer "Internal
Server Error", or nothing, and print a traceback each time, with which anyone could fill the log.
"""

import errno
import logging
import traceback
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from httpx import InvalidURL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOT_TAKEN = "This input is not accepted: reload the page, or see the API description."
FAILED = "Something went wrong here, and not by your doing: try again, or tell those who run this server."
NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, FnIndexInferError, InvalidURL)
"""What parsers and look-ups raise of values they were not made for."""
NO_PATH = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})
"""What the system says of a path that cannot be one."""
HERE = Path(__file__).resolve().parent
ROOMS = (HERE, HERE.parent / "cternet")
"""Whose errors are this program's own."""
PASSED = frozenset(
    str(HERE / name) for name in ("blocks.py", "bodies.py", "calls.py", "errors.py", "fair_queue.py", "observed.py")
)
"""Files of them that every request goes through."""
LONGEST_WORDS = 100
"""Characters of what is wrong with a body."""
log = logging.getLogger("cternet.errors")


def is_nonsense(error: BaseException) -> bool:
    """Whether what was sent is to blame: gradio, or what it is made of, raised this of a value, outside of all handlers."""
    if isinstance(error.__cause__, HTTPException):  # Starlette raises another where the answer had begun
        error = error.__cause__
    if isinstance(error, HTTPException):
        return error.status_code < 500
    if not isinstance(error, NONSENSE) and getattr(error, "errno", None) not in NO_PATH:
        return False
    files = {frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)} - PASSED
    return not any(Path(name).is_relative_to(room) for name in files for room in ROOMS)


def said_of(error: BaseException, where: str, request: str = "") -> str:
    """The sentence for who sent the request; the log gets a line, and the traceback where this program is to blame.

    Args:
        where: what was asked for, without anything that visitors name.
        request: its id.
    """
    about = {"request": request} if request else {}
    if is_nonsense(error):
        log.warning("%s %s: not accepted (%s)", where, request, type(error).__name__, extra=about)
        return NOT_TAKEN
    log.error("%s %s: failed", where, request, exc_info=error, extra=about)
    return FAILED


class Answered:
    """ASGI middleware, inside of ``Observed``: an answer to each request that raises an error."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = ended = False

        async def sent(message: Message) -> None:
            nonlocal begun, ended
            begun |= message["type"] == "http.response.start"
            ended |= message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except Exception as error:
            if scope["type"] != "http":
                raise
            words = said_of(error, f"{scope['method']} {scope.get('cternet.route', '')}", scope.get("cternet.request", ""))
            if not begun:
                await JSONResponse({"detail": words}, 400 if words == NOT_TAKEN else 500)(scope, receive, send)
            elif not ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def invalid(_request: Request, error: Exception) -> Response:
    """The answer to a body or a parameter of the wrong form, in place of a list that repeats what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    words = f"{place}: {first['msg']}".encode("ascii", "replace").decode()[:LONGEST_WORDS]
    return JSONResponse({"detail": NOT_TAKEN.replace(" is not accepted", f" is not accepted ({words})")}, 422)


class Brief(logging.Filter):
    """Leaves tracebacks of nonsense out of the log, whoever writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error: Any = record.exc_info[1] if record.exc_info else None
        if error is not None and is_nonsense(error):
            record.msg, record.args = "%s (%s)", (record.getMessage(), type(error).__name__)
            record.exc_info = record.exc_text = None
        return True
