"""Plan of the hours to rebuild next: compares what has landed with what was built, hour by hour.

The rule needs no memory of files seen: an hour is stale or it is not (lake/staleness.py). What is remembered
between ticks is bounded: the position of the rotation over old hours, and when a stale hour was tried.

Not here: Dagster's side of it (sensors.py), the pauses between tries (retries.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from socialsent_assets.defs.partitions import is_before_partitions
from socialsent_assets.defs.retries import Attempt, after_request, runs_again
from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, hours_between
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.lake.staleness import attempt_version, why_stale

RECENT = timedelta(hours=48)
AHEAD = timedelta(hours=24)
DAYS_PER_TICK = 10  # older days looked at per tick, in rotation
_REMEMBERED = 2000  # hours with attempts; more than that and the oldest start again


@dataclass(frozen=True)
class Memory:
    """The cursor: bounded, whatever fails.

    Attributes:
        day: the last old day (`dt=…`) that was looked at.
        attempts: hour key -> the last run that was requested for the hour, while it is stale.
    """

    day: str = ""
    attempts: Mapping[str, Attempt] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | None) -> Memory:
        """From a cursor; anything unreadable is a fresh start, which only costs a rotation."""
        try:
            values = json.loads(text or "{}")
            attempts = {str(key): Attempt.from_json(value) for key, value in values.get("attempts", {}).items()}
            return cls(day=str(values.get("day", "")), attempts=attempts)
        except (ValueError, TypeError, AttributeError, LookupError):
            return cls()

    def to_json(self) -> str:
        """The cursor."""
        attempts = {key: attempt.to_json() for key, attempt in self.attempts.items()}
        return json.dumps({"day": self.day, "attempts": attempts}, sort_keys=True)


@dataclass(frozen=True)
class Plan:
    """What a tick decided.

    Attributes:
        runs: hours to rebuild, each list by one run.
        paused: stale hours that failed and wait for their next try, with its time.
        in_flight: stale hours that an unfinished run covers.
        unreachable: stale hours before the first day of the graph.
        looked_at: how many hours were compared.
        reasons: of every stale hour, in words that follow "because".
    """

    runs: Sequence[Sequence[EventHour]]
    paused: Mapping[EventHour, datetime]
    in_flight: Sequence[EventHour]
    unreachable: Sequence[EventHour]
    looked_at: int
    memory: Memory
    reasons: Mapping[EventHour, str] = field(default_factory=dict)


def plan(
    lake: Lake,
    warehouse: Mapping[str, str] | None,
    now: datetime,
    memory: Memory,
    in_flight: Iterable[EventHour],
    failed: Callable[[], Collection[EventHour]] = tuple,
) -> Plan:
    """Compare recent hours and the next old days; decide what to rebuild.

    All hours that never failed are one run, however far apart. Hours that did fail are kept out of it, so that one
    that cannot be built stops none of them; they are tried again in smaller and smaller runs with growing pauses.

    `warehouse` is what the marts hold (warehouse/marts.py); None if it cannot be reached now, and then hours that are
    stale in the warehouse alone wait for a later tick. `failed`, called only if something is stale, has the hours
    whose newest ended run did not succeed.
    """
    recent = hours_between(EventHour.of(now - RECENT), EventHour.of(now + AHEAD))
    old, day = _next_old_hours(lake, EventHour.of(now - RECENT), memory.day)
    # One data file may hold hours of a whole month: only all of them together bring its rows back.
    looked_at = sorted({*recent, *old, *read_builds(lake).damaged()})
    stale = why_stale(lake, looked_at, warehouse or {})
    if warehouse is None:
        stale = {hour: found for hour, found in stale.items() if found.tier != "warehouse"}

    covered = set(in_flight)
    waiting = [hour for hour in stale if hour in covered]
    unreachable = [hour for hour in stale if is_before_partitions(hour)]
    own = read_corrections(lake.artifacts).version if stale else ""
    versions = {
        hour: attempt_version(lake.landing_fingerprint(hour), own)
        for hour in stale
        if hour not in covered and not is_before_partitions(hour)
    }
    bad = set(failed()) if versions else set()
    tried = {hour: memory.attempts.get(hour.key) for hour in versions}
    suspects = [hour for hour in versions if hour in bad or _was_tried(tried[hour], versions[hour])]
    fresh = sorted(set(versions) - set(suspects))
    again, paused = runs_again(suspects, {hour: (tried[hour], versions[hour]) for hour in suspects}, now)
    runs = [fresh, *again] if fresh else again

    up_to_date = {hour.key for hour in looked_at} - {hour.key for hour in stale}
    attempts = {key: value for key, value in memory.attempts.items() if key not in up_to_date}
    for number, run in enumerate(runs):
        group = f"{now:%Y%m%dT%H%M%S}.{number}"
        is_again = bool(fresh) <= number  # the first run, if any hour is fresh, is theirs
        attempts |= {
            hour.key: after_request(tried[hour] if is_again else None, versions[hour], now, group) for hour in run
        }
    kept = dict(sorted(attempts.items())[-_REMEMBERED:])
    reasons = {hour: found.reason for hour, found in stale.items()}
    return Plan(runs, paused, waiting, unreachable, len(looked_at), Memory(day, kept), reasons)


def _was_tried(attempt: Attempt | None, version: str) -> bool:
    return attempt is not None and attempt.version == version


def _next_old_hours(lake: Lake, before: EventHour, after_day: str) -> tuple[list[EventHour], str]:
    """Hours of the next old days after `after_day`, round and round, and the last day among them."""
    limit = f"dt={before.start:%Y-%m-%d}"
    built_days = {hour.path.partition("/")[0] for hour in read_builds(lake).cleanse}
    days = sorted(day for day in {*lake.landing.folders(LANDING_EVENTS), *built_days} if day <= limit)
    following = [day for day in days if day > after_day]
    chosen = (following + [day for day in days if day <= after_day])[:DAYS_PER_TICK]
    found = [
        EventHour.from_path(f"{day}/{hour}")
        for day in chosen
        for hour in lake.landing.folders(f"{LANDING_EVENTS}/{day}")
    ]
    built = [hour for hour in read_builds(lake).cleanse if hour.path.partition("/")[0] in chosen]
    hours = sorted({hour for hour in [*found, *built] if hour is not None and hour < before})
    return hours, chosen[-1] if chosen else ""
