"""Photos at addresses that programs give: gradio fetches them, and sets no limit of its own to their bytes or their time.

``StudioBlocks.preprocess_data`` keeps the time.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

import httpx
from gradio import processing_utils
from safehttpx import AsyncSecureTransport, matches_domain_whitelist

from cternet import MAX_BYTES

SECONDS = 30.0
"""From the resolving of a name to the end of the answer, all redirects included."""
NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("fec0::/10", "2002::/16", "64:ff9b::/96")))
"""Addresses that some Pythons count as public: of old private networks, and those that hold another address."""


class TooMuch(ValueError):
    """The answer is larger than a photo may be."""


class Limited(httpx.AsyncByteStream):
    """What a host sends, up to ``MAX_BYTES``."""

    def __init__(self, stream: httpx.AsyncByteStream, transport: httpx.AsyncBaseTransport) -> None:
        self.stream, self.transport = stream, transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for part in self.stream:
            count += len(part)
            if count > MAX_BYTES:
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
    for *_, (address, *_) in await asyncio.get_running_loop().getaddrinfo(host, None):
        found = ipaddress.ip_address(address)
        if processing_utils.is_public_ip(address) and found.is_global and not any(found in one for one in NOT_PUBLIC):
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
