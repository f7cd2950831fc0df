"""Bluesky over a Jetstream server: a websocket of JSON frames, with a cursor in microseconds of the server's clock.

The cursor is set back a little on each connection, because events of one microsecond may be cut in two; what comes
twice has the same bytes. A server that no longer has the cursor's event (it replays 36 hours, has lost its disk or is
another one) goes on with what it has, without a word: a first event that is newer than the cursor is a gap.

Not here: what the events mean (sources/bluesky.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.source import JsonSource
from socialsent_assets.ingest.sources import bluesky

SERVER = "wss://jetstream2.us-east.bsky.network/subscribe"
MAX_FRAME_BYTES = 2 * 1024 * 1024
_BACK_US = 1_000_000
_TICK_S = 1.0
_TIMEOUT_S = 20
_COLLECTIONS = ("app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow")


@dataclass(frozen=True)
class Jetstream:
    """A Jetstream server; `collections` are the types of records to subscribe to."""

    server: str = SERVER
    collections: tuple[str, ...] = _COLLECTIONS
    key: str = "bluesky"

    @property
    def source(self) -> JsonSource:
        """See `Connection.source`."""
        return bluesky.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:  # noqa: ARG002
        """See `Connection.gap`: known from the first frame."""
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
                is_first = True
                while True:
                    try:
                        message = socket.recv(timeout=_TICK_S)
                    except TimeoutError:
                        yield Frame(b"")
                        continue
                    frame = _frame(message if isinstance(message, bytes) else message.encode("utf-8", "replace"))
                    yield replace(frame, lost_before=_lost(cursor, frame.cursor)) if is_first else frame
                    is_first = is_first and not frame.cursor
        except InvalidHandshake as error:
            raise DisconnectedError(f"{self.server}: {error}") from None
        except (OSError, WebSocketException) as error:
            raise DisconnectedError(f"{self.server}: {error}") from None


def _lost(cursor: str, first: str) -> str:
    """Why events between the cursor and the first one after it may be lost, or "" if none are.

    A server that died reads from its relay again what it had not written, at other times: then nothing is lost, which
    the frames do not show it.
    """
    if not cursor.isdecimal() or not first or int(first) <= int(cursor):
        return ""
    going_on = format_time(_time(int(first)))
    return (
        f"the server no longer has the event that came last, and goes on at {going_on}; some in between may be lost"
    )


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
