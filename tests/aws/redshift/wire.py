"""The wire between the unmodified redshift_connector and PostgreSQL: a TCP port that speaks enough of Redshift.

Two things are changed, everything else passes byte for byte:
- start-up: parameters that only Redshift knows are left out; the server calls itself 8.0.2, as Redshift does.
- Parse and Query messages: the statement is kept (`Wire.statements`), then respelled (dialect.py).

Limits: the driver falls back to the text protocol, so its binary decoding, which Redshift uses, is not exercised;
there is no TLS; IAM is not checked.

Not here: the server behind it (postgres.py).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.aws.redshift.dialect import for_postgres

_KNOWN_PARAMETERS = {b"user", b"database", b"application_name"}
_SSL_REQUEST, _START_UP = 80877103, 196608
_VERSION = b"server_version\0" + b"8.0.2\0"
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


@dataclass
class Wire:
    """A listening port; `statements` are those that clients sent, in the order of arrival, as they sent them."""

    port: int
    statements: list[str] = field(default_factory=list)

    def since(self, start: int) -> list[str]:
        """Statements after the first `start` ones."""
        return self.statements[start:]


@contextmanager
def wire(path: Path) -> Iterator[Wire]:
    """Serve PostgreSQL's socket as Redshift on a free port of this machine, in a thread, until the end."""
    opened = Wire(port=0)
    ready = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def client(reader: Reader, writer: Writer) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await _serve_client(reader, writer, path, opened.statements)
        writer.close()

    async def serve() -> None:
        end = asyncio.Event()
        ends.append((asyncio.get_running_loop(), end))
        async with await asyncio.start_server(client, "127.0.0.1", 0) as server:
            opened.port = server.sockets[0].getsockname()[1]
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield opened
    finally:
        for loop, end in ends:
            loop.call_soon_threadsafe(end.set)
        thread.join(5)


class _Server:
    """PostgreSQL's socket, read and written apart: its output before the close is read even if a write fails."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def at(cls, path: Path) -> _Server:
        """Connected to the socket at `path`."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connected, str(path))
        return cls(connected)

    async def send(self, data: bytes) -> None:
        """Raises ConnectionError once PostgreSQL has closed."""
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """The next bytes; b"" at the end, also at one that PostgreSQL made of an error of ours."""
        with suppress(ConnectionError):
            return await self._loop.sock_recv(self._socket, 65536)
        return b""

    def end_of_requests(self) -> None:
        """The client has gone: PostgreSQL ends the session."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let the socket go."""
        self._socket.close()


async def _serve_client(reader: Reader, writer: Writer, path: Path, statements: list[str]) -> None:
    start_up = await _start_up(reader, writer)
    server = await _Server.at(path)
    try:
        await server.send(struct.pack("!i", len(start_up) + 4) + start_up)
        await asyncio.gather(_to_server(reader, server, statements), _to_client(server, writer))
    finally:
        server.close()


async def _start_up(reader: Reader, writer: Writer) -> bytes:
    """The start-up message without what PostgreSQL would reject; a request for TLS before it is declined."""
    while True:
        (size,) = struct.unpack("!i", await reader.readexactly(4))
        body = await reader.readexactly(size - 4)
        (code,) = struct.unpack("!i", body[:4])
        if code != _SSL_REQUEST:
            break
        writer.write(b"N")
    if code != _START_UP:
        return body  # a request to cancel a statement
    fields = body[4:].rstrip(b"\0").split(b"\0")
    kept = [name + b"\0" + value + b"\0" for name, value in _pairs(fields) if name in _KNOWN_PARAMETERS]
    return body[:4] + b"".join(kept) + b"\0"


def _pairs(fields: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(fields[::2], fields[1::2], strict=False)


async def _to_server(reader: Reader, server: _Server, statements: list[str]) -> None:
    """Until the client goes. After PostgreSQL has gone the client is still read, or its end would be a reset."""
    is_open = True
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            kind, body = await _message(reader)
            if kind in b"PQ":
                body = _respelled(kind, body, statements)
            if is_open:
                try:
                    await server.send(kind + struct.pack("!i", len(body) + 4) + body)
                except ConnectionError:
                    is_open = False
    server.end_of_requests()


def _respelled(kind: bytes, body: bytes, statements: list[str]) -> bytes:
    name, rest = body.split(b"\0", 1) if kind == b"P" else (None, body)
    sql, rest = rest.split(b"\0", 1)
    statements.append(sql.decode())
    body = for_postgres(sql.decode()).encode() + b"\0" + rest
    return body if name is None else name + b"\0" + body


async def _to_client(server: _Server, writer: Writer) -> None:
    """Until PostgreSQL ends; its last output is sent before the end is."""
    said, is_ready = b"", False
    with suppress(ConnectionError):
        while data := await server.receive():
            said += data
            while not is_ready and (message := _first(said)):
                said, is_ready = said[len(message) :], message.startswith(b"Z")
                writer.write(_as_redshift(message))
            if is_ready:
                writer.write(said)
                said = b""
            await writer.drain()
        writer.write(said)
        writer.write_eof()


def _first(said: bytes) -> bytes:
    """The first whole message, type and size included; b"" while it is not complete."""
    if len(said) < 5:
        return b""
    (size,) = struct.unpack("!i", said[1:5])
    return said[: size + 1] if len(said) > size else b""


def _as_redshift(message: bytes) -> bytes:
    """PostgreSQL's own version of itself is replaced by Redshift's."""
    if message[:1] == b"S" and message[5:].startswith(b"server_version\0"):
        return b"S" + struct.pack("!i", len(_VERSION) + 4) + _VERSION
    return message


async def _message(reader: Reader) -> tuple[bytes, bytes]:
    kind, size = struct.unpack("!ci", await reader.readexactly(5))
    return kind, await reader.readexactly(size - 4)
