"""The wire between the unmodified redshift_connector and PostgreSQL: a TCP port that speaks enough of Redshift.

Two things are changed, everything else passes byte for byte:
- start-up: parameters that only Redshift knows are left out; the server calls itself 8.0.2, as Redshift does.
- Parse and Query messages: the statement is kept (`Wire.statements`), then respelled (dialect.py).

Limits: the driver falls back to the text protocol, so its binary decoding, which Redshift uses, is not exercised;
there is no TLS; IAM is not asked.

Not here: the server behind it (postgres.py).
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.aws.redshift.dialect import for_postgres

_KNOWN_PARAMETERS = {b"user", b"database", b"application_name"}
_SSL_REQUEST, _START_UP = 80877103, 196608
_VERSION = b"server_version\0" + b"8.0.2\0"
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@dataclass
class Wire:
    """A listening port; `statements` are those that clients sent, in the order of arrival, as they sent them."""

    port: int
    statements: list[str] = field(default_factory=list)

    def since(self, start: int) -> list[str]:
        """Statements after the first `start` ones."""
        return self.statements[start:]


@contextmanager
def wire(socket: Path) -> Iterator[Wire]:
    """Serve PostgreSQL's socket as Redshift on a free port of this machine, in a thread, until the end."""
    opened = Wire(port=0)
    ready = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def client(reader: Reader, writer: Writer) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await _serve_client(reader, writer, socket, opened.statements)
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


async def _serve_client(reader: Reader, writer: Writer, socket: Path, statements: list[str]) -> None:
    start_up = await _start_up(reader, writer)
    server_reader, server_writer = await asyncio.open_unix_connection(socket)
    server_writer.write(struct.pack("!i", len(start_up) + 4) + start_up)
    try:
        await asyncio.gather(
            _to_server(reader, server_writer, statements),
            _to_client(server_reader, writer),
        )
    finally:
        server_writer.close()


async def _start_up(reader: Reader, writer: Writer) -> bytes:
    """The start-up message without what PostgreSQL would refuse; a request for TLS before it is declined."""
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


async def _to_server(reader: Reader, writer: Writer, statements: list[str]) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            kind, body = await _message(reader)
            if kind in b"PQ":
                body = _respelled(kind, body, statements)
            writer.write(kind + struct.pack("!i", len(body) + 4) + body)
            await writer.drain()
    writer.close()


def _respelled(kind: bytes, body: bytes, statements: list[str]) -> bytes:
    name, rest = body.split(b"\0", 1) if kind == b"P" else (None, body)
    sql, rest = rest.split(b"\0", 1)
    statements.append(sql.decode())
    body = for_postgres(sql.decode()).encode() + b"\0" + rest
    return body if name is None else name + b"\0" + body


async def _to_client(reader: Reader, writer: Writer) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        kind = b""
        while kind != b"Z":  # ready for the first statement
            kind, body = await _message(reader)
            if kind == b"S" and body.startswith(b"server_version\0"):
                body = _VERSION
            writer.write(kind + struct.pack("!i", len(body) + 4) + body)
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _message(reader: Reader) -> tuple[bytes, bytes]:
    kind, size = struct.unpack("!ci", await reader.readexactly(5))
    return kind, await reader.readexactly(size - 4)
