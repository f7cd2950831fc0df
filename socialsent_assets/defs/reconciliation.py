"""Which hours to rebuild next: what has landed is compared with what was built, hour by hour.

The rule needs no memory of files seen: an hour is stale or it is not (lake/staleness.py). What is remembered
between ticks is bounded: where the rotation over old hours stands, and how often a stale hour was tried.

Not here: Dagster's side of it (sensors.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, hours_between
from socialsent_assets.lake.backfill_ranges import Range, rebuild_ranges
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.receipts import RECEIPTS
from socialsent_assets.lake.staleness import cleanse_code_version, score_code_version, stale_hours

RECENT = timedelta(hours=48)
AHEAD = timedelta(hours=24)
DAYS_PER_TICK = 10  # older days looked at per tick, in rotation
ATTEMPTS = 3
_REMEMBERED = 1000  # hours with attempts; more than that and the oldest start again


@dataclass(frozen=True)
class Memory:
    """The cursor: small, and small for ever.

    Attributes:
        day: the last old day (`dt=…`) that was looked at.
        attempts: hour key -> (landing fingerprint and code version, runs requested for exactly that).
    """

    day: str = ""
    attempts: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | None) -> Memory:
        """From a cursor; anything unreadable is a fresh start, which only costs a rotation."""
        try:
            values = json.loads(text or "{}")
            attempts = {str(key): (str(value[0]), int(value[1])) for key, value in values.get("attempts", {}).items()}
            return cls(day=str(values.get("day", "")), attempts=attempts)
        except (ValueError, TypeError, AttributeError, LookupError):
            return cls()

    def to_json(self) -> str:
        """The cursor."""
        return json.dumps({"day": self.day, "attempts": self.attempts}, sort_keys=True)


@dataclass(frozen=True)
class Plan:
    """What a tick decided.

    Attributes:
        ranges: hours to rebuild, each range by one run.
        given_up: stale hours that failed too often for what has landed.
        in_flight: stale hours that an unfinished run covers.
        looked_at: how many hours were compared.
    """

    ranges: Sequence[Range]
    given_up: Sequence[EventHour]
    in_flight: Sequence[EventHour]
    looked_at: int
    memory: Memory


def plan(
    lake: Lake, warehouse: Mapping[str, str] | None, now: datetime, memory: Memory, in_flight: Iterable[EventHour]
) -> Plan:
    """Compare recent hours and the next old days; decide what to rebuild.

    `warehouse` is what the marts hold; None if it cannot be asked now, and then hours that
    are stale in the warehouse alone wait for a later tick.
    """
    recent = hours_between(EventHour.of(now - RECENT), EventHour.of(now + AHEAD))
    old, day = _next_old_hours(lake, EventHour.of(now - RECENT), memory.day)
    looked_at = sorted({*recent, *old})
    stale = stale_hours(lake, looked_at, warehouse or {})
    if warehouse is None:
        stale = {hour: tier for hour, tier in stale.items() if tier != "warehouse"}

    covered = set(in_flight)
    waiting = [hour for hour in stale if hour in covered]
    versions = {hour: attempt_version(lake, hour) for hour in stale if hour not in covered}
    tried = {hour: _attempts(memory, hour, version) for hour, version in versions.items()}
    wanted = [hour for hour, count in tried.items() if count < ATTEMPTS]
    given_up = [hour for hour, count in tried.items() if count >= ATTEMPTS]

    fresh = {hour.key for hour in looked_at} - {hour.key for hour in stale}
    attempts = {key: value for key, value in memory.attempts.items() if key not in fresh}
    attempts |= {hour.key: (versions[hour], tried[hour] + 1) for hour in wanted}
    kept = dict(sorted(attempts.items())[-_REMEMBERED:])
    return Plan(rebuild_ranges(lake, wanted), given_up, waiting, len(looked_at), Memory(day, kept))


def attempt_version(lake: Lake, hour: EventHour) -> str:
    """Changes when trying the hour again can end differently: other objects, or other code."""
    return f"{lake.landing_fingerprint(hour)} {cleanse_code_version()} {score_code_version()}"


def _attempts(memory: Memory, hour: EventHour, version: str) -> int:
    tried, count = memory.attempts.get(hour.key, ("", 0))
    return count if tried == version else 0


def _next_old_hours(lake: Lake, before: EventHour, after_day: str) -> tuple[list[EventHour], str]:
    """Hours of the next old days after `after_day`, round and round, and the last day among them."""
    limit = f"dt={before.start:%Y-%m-%d}"
    known = {*lake.landing.folders(LANDING_EVENTS), *lake.cleansed.folders(RECEIPTS)}
    days = sorted(day for day in known if day <= limit)
    following = [day for day in days if day > after_day]
    chosen = (following + [day for day in days if day <= after_day])[:DAYS_PER_TICK]
    found = [
        EventHour.from_path(f"{day}/{hour}")
        for day in chosen
        for hour in {*lake.landing.folders(f"{LANDING_EVENTS}/{day}"), *lake.cleansed.folders(f"{RECEIPTS}/{day}")}
    ]
    hours = sorted(hour for hour in found if hour is not None and hour < before)
    return hours, chosen[-1] if chosen else ""
