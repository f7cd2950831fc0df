"""Public statuses of a Mastodon server, as server-sent events. A token is needed since Mastodon 4.2.

The server keeps nothing: what happens while disconnected is a gap.

Not here: what the events mean (sources/mastodon.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.live.http import refused, wait_asked
from socialsent_assets.ingest.source import JsonSource
from socialsent_assets.ingest.sources import mastodon

_CONNECT_S, _SILENCE_S = 20, 60  # the server sends a comment every 15 s
_MAX_LINE = 1 << 20


@dataclass(frozen=True)
class MastodonStream:
    """The public stream of a server.

    Attributes:
        host: its name, or its address with http:// for a server on this machine.
        token: of an application of the server; "" for none.
    """

    host: str
    token: str = ""

    @property
    def key(self) -> str:
        """See `Connection.key`."""
        return f"mastodon-{self.host.rpartition('/')[2].replace(':', '-')}"

    @property
    def source(self) -> JsonSource:
        """See `Connection.source`."""
        return mastodon.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:
        """See `Connection.gap`."""
        return f"the server keeps nothing, and it was not followed until {format_time(now)}" if cursor else ""

    def frames(self, cursor: str) -> Iterator[Frame]:  # noqa: ARG002 - the server has none
        """See `Connection.frames`."""
        import requests

        base = self.host if "://" in self.host else f"https://{self.host}"
        headers = {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        address = f"{base}/api/v1/streaming/public"
        try:
            with requests.get(address, headers=headers, stream=True, timeout=(_CONNECT_S, _SILENCE_S)) as answer:
                if answer.status_code in (401, 403, 422):
                    raise UserError(
                        f"{self.host} requires a token: create an application there (Preferences, Development) "
                        "and set SOCIALSENT_MASTODON_TOKEN"
                    )
                if answer.status_code != 200:
                    raise DisconnectedError(refused(self.host, answer.status_code), wait_asked(answer.headers))
                yield from _events(answer.iter_lines(chunk_size=512))
        except (requests.RequestException, OSError) as error:
            raise DisconnectedError(f"{self.host}: {error}") from None


def _events(lines: Iterator[bytes]) -> Iterator[Frame]:
    event, data = "", b""
    for line in lines:
        if len(line) + len(data) > _MAX_LINE:
            raise DisconnectedError("the server sends an event of more than 1 MiB")
        if not line:
            if event:
                yield _frame(event, data)
            event, data = "", b""
        elif line.startswith(b":"):
            yield Frame(b"")
        elif line.startswith(b"event:"):
            event = line[6:].strip().decode("utf-8", "replace")
        elif line.startswith(b"data:"):
            data += line[5:].strip()


def _frame(event: str, data: bytes) -> Frame:
    now = datetime.now(UTC)  # a deletion has no time of its own
    record = {"event": event, "payload": data.decode("utf-8", "replace"), "received_at": format_time(now)}
    return Frame(json.dumps(record, ensure_ascii=False).encode(), format_time(now), now)
