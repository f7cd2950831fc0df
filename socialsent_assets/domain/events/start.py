"""The first accepted event time, as `SOCIALSENT_START` says it: one reading for the consumer and everybody else.

Not here: the other settings (settings/).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from socialsent_assets.domain.events.errors import UserError

DEFAULT_START = "2026-01-01T00:00:00+00:00"


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
