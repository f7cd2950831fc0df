"""Path grammar of every tier: format and parse, event hours, deterministic object names.

A key is a path relative to its tier's root, with `/` between parts. Every tier is partitioned by the
hour of `event_time` (UTC); only landing/quarantine goes by the hour of arrival.

Not here: reading or writing (lake/storage/base.py), what the columns are (domain/tables.py).
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from socialsent_assets.domain.events.errors import UserError

LANDING_EVENTS = "events"
LANDING_QUARANTINE = "quarantine"
LANDING_LABELS = "labels"

HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY_FORMAT = "%Y-%m-%d-%H:%M"
_PATH = re.compile(r"dt=(\d{4})-(\d{2})-(\d{2})/hr=(\d{2})(?=/|$)")
_NAME = re.compile(r"(?P<origin>[A-Za-z0-9_-]+)\.(?P<rows>\d+)r(?P<duplicates>\d+)d(?:(?P<erased>\d+)e)?\.jsonl\.gz")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, order=True)
class EventHour:
    """One hour of event time, UTC; hours sort like time, and so do their keys and paths.

    >>> hour = EventHour.of(datetime(2026, 11, 22, 9, 40, tzinfo=UTC))
    >>> hour.key, hour.path
    ('2026-11-22-09:00', 'dt=2026-11-22/hr=09')
    """

    start: datetime

    def __post_init__(self) -> None:
        start = self.start
        if start.tzinfo is not UTC or start.minute or start.second or start.microsecond:
            raise ValueError(f"an event hour starts on the hour, in UTC; got {self.start!r}")

    @classmethod
    def of(cls, time: datetime) -> EventHour:
        """The hour that an aware time falls in. Raises ValueError for a naive time."""
        if time.tzinfo is None:
            raise ValueError(f"time without an offset: {time!r}")
        return _hour((time - _EPOCH) // HOUR)

    @classmethod
    def from_key(cls, key: str) -> EventHour:
        """From a Dagster partition key, `YYYY-MM-DD-HH:00`. Raises ValueError for any other text."""
        return cls(datetime.strptime(key, _KEY_FORMAT).replace(tzinfo=UTC))

    @classmethod
    def from_path(cls, path: str) -> EventHour | None:
        """From any key that holds `dt=YYYY-MM-DD/hr=HH`; None if it holds no such hour."""
        match = _PATH.search(path)
        if match is None:
            return None
        year, month, day, hour = (int(part) for part in match.groups())
        try:
            return cls(datetime(year, month, day, hour, tzinfo=UTC))
        except ValueError:
            return None

    @property
    def end(self) -> datetime:
        """The first instant after the hour."""
        return self.start + HOUR

    @property
    def key(self) -> str:
        """Dagster's partition key."""
        return f"{self.start.date().isoformat()}-{self.start.hour:02d}:00"  # strftime pads no year before 1000

    @property
    def path(self) -> str:
        """Hive-style partition path; zero-padded, so that it sorts like time."""
        return f"dt={self.start.date().isoformat()}/hr={self.start.hour:02d}"

    def next(self) -> EventHour:
        """The hour that follows."""
        return EventHour(self.end)

    def __str__(self) -> str:
        return self.key


@functools.lru_cache(maxsize=4096)
def _hour(number: int) -> EventHour:
    """The hour with this number since 1970; events of one hour share it."""
    return EventHour(_EPOCH + number * HOUR)


def hours_between(first: EventHour, last: EventHour) -> Iterator[EventHour]:
    """Every hour from `first` to `last`, both included, in order."""
    hour = first
    while hour <= last:
        yield hour
        hour = hour.next()


def contiguous_ranges(hours: Iterable[EventHour]) -> list[tuple[EventHour, EventHour]]:
    """The fewest (first, last) ranges that hold exactly these hours, in order."""
    ranges: list[tuple[EventHour, EventHour]] = []
    for hour in sorted(set(hours)):
        if ranges and ranges[-1][1].next() == hour:
            ranges[-1] = (ranges[-1][0], hour)
        else:
            ranges.append((hour, hour))
    return ranges


def parse_hour_range(text: str) -> tuple[EventHour, EventHour]:
    """`FROM..TO`, both included, as typed by a person; a single hour is a range of one.

    Accepts `2026-11-22T09`, `2026-11-22T09:00`, `2026-11-22-09:00` and a whole day `2026-11-22`.

    Raises:
        UserError: not such a range, or it runs backwards.
    """
    first_text, _, last_text = text.partition("..")
    first, _ = _typed_hours(first_text)
    _, last = _typed_hours(last_text or first_text)
    if last < first:
        raise UserError(f"--hours {text} ends before it starts; write the earlier hour first")
    return first, last


def _typed_hours(text: str) -> tuple[EventHour, EventHour]:
    text = text.strip().removesuffix("Z")
    for pattern in (_KEY_FORMAT, "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"):
        try:
            hour = EventHour.of(datetime.strptime(text, pattern).replace(tzinfo=UTC))
        except ValueError:
            continue
        return hour, hour
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UserError(
            f"'{text}' is not an hour; write 2026-11-22T09, or a range 2026-11-22T03..2026-11-22T09"
        ) from None
    return EventHour(day), EventHour(day + 23 * HOUR)


class LandingName(NamedTuple):
    """Fields of the name of a landing or quarantine object; with the counts a listing alone can be audited."""

    origin: str
    rows: int
    duplicates: int
    erased: int = 0


def landing_name(origin: str, rows: int, duplicates: int, erased: int = 0) -> str:
    """Name of one landing object: where its records came from and how many there are.

    `origin` is the same for the same records (shard, first and last sequence number and a digest of
    the content), so a retried batch overwrites itself. Characters outside A-Z a-z 0-9 _ - become `-`.

    >>> landing_name("shardId-000-1-9-ab12", rows=7, duplicates=2)
    'shardId-000-1-9-ab12.7r2d.jsonl.gz'
    >>> landing_name("shardId-000-1-9-ab12", rows=6, duplicates=2, erased=1)
    'shardId-000-1-9-ab12.6r2d1e.jsonl.gz'
    """
    return f"{_UNSAFE.sub('-', origin)}.{rows}r{duplicates}d{f'{erased}e' if erased else ''}.jsonl.gz"


def parse_landing_name(name: str) -> LandingName | None:
    """The inverse of `landing_name`; None for an object that someone else put there."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return LandingName(match["origin"], int(match["rows"]), int(match["duplicates"]), int(match["erased"] or 0))


def landing_key(kind: str, hour: EventHour, name: str) -> str:
    """Key in the landing tier: `events|quarantine/dt=…/hr=…/<name>`."""
    return f"{kind}/{hour.path}/{name}"


def table_prefix(table: str, hour: EventHour) -> str:
    """Folder of one hour of a table in the cleansed or analytics tier, without a trailing slash."""
    return f"{table}/{hour.path}"


def content_digest(content: bytes, length: int = 16) -> str:
    """First `length` hex digits of SHA-256: names an object by what is in it."""
    return hashlib.sha256(content).hexdigest()[:length]
