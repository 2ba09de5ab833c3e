"""Bodies of requests that are too large are refused before they are read."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.bodies import CALL, PHOTOS, Bodies


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def client() -> TestClient:
    paths = ("/gradio_api/queue/join", "/gradio_api/mcp/", "/gradio_api/upload")
    return TestClient(
        Starlette(routes=[Route(path, length, methods=["POST"]) for path in paths], middleware=[Middleware(Bodies)])
    )


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("/gradio_api/queue/join", "application/json", CALL),
        ("/gradio_api/queue/join", "multipart/form-data; boundary=x", CALL),
        ("/gradio_api/mcp/", "application/json", PHOTOS),
        ("/gradio_api/upload", "application/json", CALL),
    ],
)
def test_a_body_has_a_limit(client: TestClient, path: str, kind: str, most: int):
    headers = {"content-type": kind}
    assert client.post(path, content=b"x" * most, headers=headers).text == str(most)
    assert client.post(path, content=b"x" * (most + 1), headers=headers).status_code == 413
    parts = (b"x" * 2**20 for _ in range(most // 2**20 + 2))  # of a length that is not said
    assert client.post(path, content=parts, headers=headers).status_code == 413


def test_gradio_limits_uploads(client: TestClient):
    data = b"x" * (CALL + 1)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/gradio_api/upload", content=data, headers=headers).text == str(len(data))
