"""Photos at addresses that programs give: gradio fetches them, and sets no limit of its own to their bytes or their time."""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator

import httpx
from gradio import processing_utils
from safehttpx import AsyncSecureTransport, matches_domain_whitelist

from cternet import MAX_BYTES

SECONDS = 30.0
"""From a request to the end of its answer."""


class TooMuch(ValueError):
    """The answer is larger than a photo may be, or takes too long."""


class Limited(httpx.AsyncByteStream):
    """What a host sends, up to ``MAX_BYTES`` and for ``SECONDS``."""

    def __init__(self, stream: httpx.AsyncByteStream, transport: httpx.AsyncBaseTransport) -> None:
        self.stream, self.transport, self.until = stream, transport, time.monotonic() + SECONDS

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for part in self.stream:
            count += len(part)
            if count > MAX_BYTES or time.monotonic() > self.until:
                raise TooMuch
            yield part

    async def aclose(self) -> None:
        await self.stream.aclose()
        await self.transport.aclose()


async def public_address(host: str) -> str:
    """An address of the host on the internet, which is then asked without resolving its name again.

    Raises:
        ValueError: it has none; networks at home, of companies and of hosts have services that strangers must not reach.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, None)
    for *_, (address, *_) in found:
        if processing_utils.is_public_ip(address) and ipaddress.ip_address(address).is_global:
            return address
    raise ValueError(f"{host} is not on the internet")


class Fetching(httpx.AsyncBaseTransport):
    """How gradio fetches: from the internet alone, nothing packed, whose size nobody knows, and no more than a photo."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if matches_domain_whitelist(host, processing_utils.PUBLIC_HOSTNAME_WHITELIST):
            transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport()
        else:
            transport = AsyncSecureTransport(await public_address(host))
        request.headers["accept-encoding"] = "identity"
        response = await transport.handle_async_request(request)
        response.headers.pop("content-encoding", None)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = Limited(response.stream, transport)
        return response


def limit_fetching() -> None:
    """Make gradio of this process fetch so."""
    processing_utils.async_transport = Fetching()
