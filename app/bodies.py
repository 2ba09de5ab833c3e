"""How large the body of a request may be: gradio limits uploads alone."""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from cternet import MAX_BYTES

CALL = 2 * 2**20
"""Bytes of a call: many times what pages and programs send."""
MCP = "/gradio_api/mcp"
PHOTOS = 3 * MAX_BYTES
"""Bytes of a call over MCP, which carries a photo and a mask as text."""
UPLOADS = "multipart/form-data"
"""Their size is gradio's business, and ``CTERNET_UPLOAD_MB``."""


class Bodies:
    """ASGI middleware: refuses larger ones with HTTP 413."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.calls, self.mcp = (RequestBodyLimitMiddleware(app, most) for most in (CALL, PHOTOS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = next((value for name, value in scope.get("headers", ()) if name == b"content-type"), b"")
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if kind.startswith(UPLOADS.encode()) and path.endswith("/upload"):
            await self.app(scope, receive, send)
        else:
            await (self.mcp if path.startswith(MCP) else self.calls)(scope, receive, send)
