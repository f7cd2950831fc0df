"""Bluesky over a Jetstream server: a websocket of JSON frames, with a cursor in microseconds of the server's clock.

The server replays up to 36 hours; an older cursor is clamped without a word, so it is a gap. The cursor is set back a
little on each connection, because events of one microsecond may be cut in two; what comes twice has the same bytes.

Not here: what the events mean (sources/bluesky.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.source import JsonSource
from socialsent_assets.ingest.sources import bluesky

SERVER = "wss://jetstream2.us-east.bsky.network/subscribe"
REPLAYED = timedelta(hours=36)
MAX_FRAME_BYTES = 2 * 1024 * 1024
_BACK_US = 1_000_000
_TICK_S = 1.0
_TIMEOUT_S = 20
_COLLECTIONS = ("app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow")


@dataclass(frozen=True)
class Jetstream:
    """A Jetstream server; `collections` are the records that it is asked for."""

    server: str = SERVER
    collections: tuple[str, ...] = _COLLECTIONS
    key: str = "bluesky"

    @property
    def source(self) -> JsonSource:
        """See `Connection.source`."""
        return bluesky.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:
        """See `Connection.gap`."""
        if cursor.isdecimal() and now - _time(int(cursor)) > REPLAYED:
            return f"the server replays {REPLAYED.total_seconds() / 3600:.0f} hours, and the last event is older"
        return ""

    def frames(self, cursor: str) -> Iterator[Frame]:
        """See `Connection.frames`."""
        from websockets.exceptions import InvalidHandshake, WebSocketException
        from websockets.sync.client import connect

        asked = [("wantedCollections", collection) for collection in self.collections]
        if cursor.isdecimal():
            asked.append(("cursor", str(int(cursor) - _BACK_US)))
        address = f"{self.server}?{urlencode(asked)}"
        try:
            with connect(address, open_timeout=_TIMEOUT_S, max_size=MAX_FRAME_BYTES) as socket:
                while True:
                    try:
                        message = socket.recv(timeout=_TICK_S)
                    except TimeoutError:
                        yield Frame(b"")
                        continue
                    yield _frame(message if isinstance(message, bytes) else message.encode("utf-8", "replace"))
        except InvalidHandshake as error:
            raise DisconnectedError(f"{self.server}: {error}") from None
        except (OSError, WebSocketException) as error:
            raise DisconnectedError(f"{self.server}: {error}") from None


def _frame(raw: bytes) -> Frame:
    try:
        time_us = json.loads(raw)["time_us"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Frame(raw)
    if not isinstance(time_us, int):
        return Frame(raw)
    return Frame(raw, str(time_us), _time(time_us))


def _time(microseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime.fromtimestamp(0, UTC)
