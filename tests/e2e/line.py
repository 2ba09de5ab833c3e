"""A line to a server that can be cut: what a phone does to its connections when it sleeps."""

import asyncio
import threading
from contextlib import suppress


class Line:
    """Passes connections on to a port of this machine; ``cut`` ends all and refuses new ones until ``mend``."""

    def __init__(self, to: int) -> None:
        self.to, self.open, self.writers = to, True, set[asyncio.StreamWriter]()
        self.loop, ready = asyncio.new_event_loop(), threading.Event()
        self.port = 0

        async def serve() -> None:
            server = await asyncio.start_server(self.joined, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(self.loop)
            self.loop.create_task(serve())
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(10)

    async def joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with suppress(OSError):
            if self.open:
                there, away = await asyncio.open_connection("127.0.0.1", self.to)
                self.writers.add(away)
                await asyncio.gather(self.pump(reader, away), self.pump(there, writer))
        writer.close()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
        self.writers.discard(writer)

    def cut(self) -> None:
        self.open = False
        self.loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in list(self.writers)])

    def mend(self) -> None:
        self.open = True

    def close(self) -> None:
        self.cut()
        self.loop.call_soon_threadsafe(self.loop.stop)
