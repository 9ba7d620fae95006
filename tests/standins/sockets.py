"""A server of raw bytes on loopback, for upstreams that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Conversation = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One connection as the server sees it.

    Attributes:
        number: of this connection, from 0.
        reader: what the client sends.
        writer: what it will receive.
    """

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> tuple[str, list[str], bytes]:
        """The next request: its first line, header lines and body (by Content-Length)."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = [line for line in head[1:] if line]
        length = next(
            (
                int(line.split(":")[1])
                for line in lines
                if line.lower().startswith("content-length")
            ),
            0,
        )
        return head[0], lines, await self.reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection at once."""
        self.writer.transport.abort()


@dataclass
class RawServer:
    """Where it listens, and the first line of every request that a conversation noted."""

    port: int = 0
    seen: list[str] = field(default_factory=list)
    connections: int = 0
    stop_listening: Callable[[], None] = lambda: None

    def url(self, target: str) -> str:
        """An URL of this server."""
        return f"http://127.0.0.1:{self.port}{target}"


@asynccontextmanager
async def raw_server(conversation: Conversation) -> AsyncIterator[RawServer]:
    """Serve each connection with `conversation`; cancelled and closed at the end."""
    state = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer = Peer(state.connections, reader, writer)
        state.connections += 1
        try:
            await conversation(peer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the test has ended
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    state.stop_listening = server.close
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
