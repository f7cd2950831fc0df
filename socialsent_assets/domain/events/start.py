"""First accepted event time: of a stream, `SOCIALSENT_START`; of files, when reviews on the web began.

Not here: the other settings (settings/).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from socialsent_assets.domain.events.errors import UserError

DEFAULT_START = "2026-01-01T00:00:00+00:00"
HISTORY_START = datetime(1990, 1, 1, tzinfo=UTC)
"""First event time of files that a person brings, and first day that can be built: history is what they have. Earlier
times are nearly always a zero or a wrong unit; who means them sets SOCIALSENT_START."""


def start_hour(environ: Mapping[str, str]) -> datetime:
    """`SOCIALSENT_START` as an aware time in UTC, floored to the hour. Raises UserError if it is no time."""
    text = environ.get("SOCIALSENT_START") or DEFAULT_START
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"SOCIALSENT_START={text} is not a time; write it like 2026-01-01T00:00Z") from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    return start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
