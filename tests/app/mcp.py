"""Calling the app's tools as an MCP client does."""

import asyncio
import base64
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image


def in_mcp_session(server: str, work: Callable[[ClientSession], Any]) -> Any:
    async def session() -> Any:
        address = f"{server}/gradio_api/mcp/"
        async with streamable_http_client(address) as (read, write, *_), ClientSession(read, write) as session:
            await session.initialize()
            return await work(session)

    with ThreadPoolExecutor(1) as thread:  # where a browser is driven, this one has an event loop already
        return thread.submit(lambda: asyncio.run(session())).result()


def data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
