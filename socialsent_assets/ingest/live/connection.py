"""Protocol of a live connection: frames in order, each with the cursor from which the server can go on after it.

Not here: the loop around it (follower.py), the networks (jetstream.py, mastodon.py, hackernews.py, tail.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from socialsent_assets.ingest.source import JsonSource


class DisconnectedError(Exception):
    """The connection ended or could not be made; trying again later may help.

    `wait_s` is the wait that the server requested (429, Retry-After); None if it named none.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Frame:
    """One record as the server sent it.

    Attributes:
        raw: its bytes, JSON; b"" for a sign of life without a record.
        cursor: what to go on from after it; "" for none.
        time: of the record, if the network sends it; for the lag.
        lost_before: why records before this one, and after the cursor of the connection, may be lost; "" if none are.
    """

    raw: bytes
    cursor: str = ""
    time: datetime | None = None
    lost_before: str = ""


@dataclass(frozen=True)
class Gap:
    """A stretch that the server no longer had, or never keeps; its records are not in the lake."""

    source: str
    after: str
    reason: str
    noticed_at: datetime


class Connection(Protocol):
    """A network that can be followed."""

    @property
    def key(self) -> str:
        """Name of its checkpoint: letters, digits, dots and dashes."""
        ...

    @property
    def source(self) -> JsonSource | None:
        """What its records mean; None for events of the contract itself."""
        ...

    def gap(self, cursor: str, now: datetime) -> str:
        """Why records after this cursor may be lost, or ""."""
        ...

    def frames(self, cursor: str) -> Iterator[Frame]:
        """Records after the cursor; "" for those from now on. A sign of life at least every second or so.

        Raises:
            DisconnectedError: the connection ended.
            UserError: the server will never answer, for example without a token.
        """
        ...
