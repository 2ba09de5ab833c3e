"""A live server with tiny networks, and the networks of the comparison's tests for the pages that show them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.blocks import StudioBlocks
from app.main import build, options
from tests.cternet.compare.conftest import networks, sources

__all__ = ["networks", "sources"]


@pytest.fixture(scope="session", autouse=True)
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The upload folder: files that tests make lie in it, and so count as uploaded."""
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def studio(networks) -> Iterator[StudioBlocks]:
    """The whole app, launched."""
    demo = build(networks)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo.launch(prevent_thread_lock=True, quiet=True, server_port=port, **options(demo))
    yield demo
    demo.close()
