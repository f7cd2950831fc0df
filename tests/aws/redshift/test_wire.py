"""The wire delivers everything that PostgreSQL sent, however it closed.

Not here: PostgreSQL's responses (test_redshift_warehouse.py).
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.aws.redshift.wire import wire

pytestmark = pytest.mark.aws

REFUSAL = b"E" + struct.pack("!i", 4 + 24) + b"SFATAL\0M no such database"[:24]
START_UP = struct.pack("!ii", 8 + 9, 196608) + b"user\0me\0\0"


@contextmanager
def refusing(path: Path, sent: threading.Event) -> Iterator[None]:
    """A server that reads the start-up, rejects it, and closes with bytes of the client unread: the kernel resets."""

    def serve() -> None:
        with listening:
            client, _ = listening.accept()
            client.recv(len(START_UP))
            assert sent.wait(10)
            while not client.recv(1, socket.MSG_PEEK):
                pass
            client.sendall(REFUSAL)
            client.close()

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    thread.join(10)


@pytest.mark.parametrize("attempt", range(5))
def test_a_refusal_is_read_although_the_server_has_closed_already(attempt: int, tmp_path: Path) -> None:
    """Prevents "unreachable" in the place of "no such database": a failed write hid what was there to read."""
    sent, path = threading.Event(), tmp_path / "socket"
    with (
        refusing(path, sent),
        wire(path) as opened,
        socket.create_connection(("127.0.0.1", opened.port), 10) as client,
    ):
        client.sendall(START_UP)
        client.sendall(b"p" + struct.pack("!i", 4 + 3) + b"pw\0")
        sent.set()
        client.sendall(20 * (b"Q" + struct.pack("!i", 4 + 9) + b"select 1\0"))
        answer = b""
        while data := client.recv(100):
            answer += data
    assert answer == REFUSAL
