"""Hacker News by its API: items have consecutive numbers, so the cursor is the last number that was read.

Not here: what an item means (sources/hackernews.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.live.http import refused, wait_asked
from socialsent_assets.ingest.source import JsonSource
from socialsent_assets.ingest.sources import hackernews

SERVER = "https://hacker-news.firebaseio.com/v0"
_POLL_S = 10.0
_TIMEOUT_S = 20
_TICK_S = 1.0


@dataclass(frozen=True)
class HackerNews:
    """The API; `sleep` waits between two looks at the newest number."""

    server: str = SERVER
    sleep: Callable[[float], None] = time.sleep
    key: str = "hackernews"

    @property
    def source(self) -> JsonSource:
        """See `Connection.source`."""
        return hackernews.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:  # noqa: ARG002
        """See `Connection.gap`: the API keeps every item."""
        return ""

    def frames(self, cursor: str) -> Iterator[Frame]:
        """See `Connection.frames`."""
        import requests

        with requests.Session() as session:
            try:
                last = int(cursor) if cursor.isdecimal() else int(self._get(session, "maxitem"))
                if not cursor:
                    yield Frame(b"", str(last))
                while True:
                    newest = int(self._get(session, "maxitem"))
                    while last < newest:
                        last += 1
                        yield _frame(self._get(session, f"item/{last}"), last)
                    for _ in range(round(_POLL_S / _TICK_S)):
                        yield Frame(b"")
                        self.sleep(_TICK_S)
            except (requests.RequestException, OSError, ValueError, TypeError) as error:
                raise DisconnectedError(f"{self.server}: {error}") from None

    def _get(self, session: Any, path: str) -> Any:
        answer = session.get(f"{self.server}/{path}.json", timeout=_TIMEOUT_S)
        if answer.status_code != 200:
            raise DisconnectedError(refused(self.server, answer.status_code), wait_asked(answer.headers))
        return answer.json()


def _frame(item: Any, number: int) -> Frame:
    if not isinstance(item, dict):  # numbers of items that are not public yet
        return Frame(b"", str(number))
    seconds = item.get("time")
    when = datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
    return Frame(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"), str(number), when)
