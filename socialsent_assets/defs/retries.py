"""Retries of failed hours: smaller runs each time, after growing pauses.

One hour that cannot be built fails the whole run, its neighbours with it. Cutting the run in eight finds it: 24 hours
are single hours after the second try, 1,639 after the fourth.

Not here: which hours are stale (reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.layout import EventHour

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
_GROWTH = 4
PARTS = 8
RUNS_PER_TICK = 8  # of hours that failed before; the others wait for the next look
_MOST_TRIES = 20  # counted; the pause has long reached its longest


@dataclass(frozen=True)
class Attempt:
    """The last run that was requested for a stale hour.

    Attributes:
        version: what had landed, and the code (reconciliation.attempt_version).
        tries: how many runs in a row were requested for that version.
        at: when the last one was, UTC.
        group: which run that was: its hours are tried again together, in parts.
    """

    version: str
    tries: int
    at: datetime
    group: str

    def to_json(self) -> list[Any]:
        """As JSON values."""
        return [self.version, self.tries, int(self.at.timestamp()), self.group]

    @classmethod
    def from_json(cls, values: Any) -> Attempt:
        """The inverse of `to_json`. Raises ValueError, TypeError or LookupError for anything else."""
        version, tries, at, group = values
        return cls(str(version), int(tries), datetime.fromtimestamp(int(at), UTC), str(group))


def after_request(before: Attempt | None, version: str, now: datetime, group: str) -> Attempt:
    """What is remembered of an hour for which a run was just requested."""
    tries = before.tries + 1 if before is not None and before.version == version else 1
    return Attempt(version, min(tries, _MOST_TRIES), now, group)


def next_try(attempt: Attempt, version: str) -> datetime:
    """When the hour may be tried again: soon if what has landed or the code has changed since."""
    steps = attempt.tries - 1 if attempt.version == version else 0
    return attempt.at + min(FIRST_PAUSE * int(_GROWTH**steps), LONGEST_PAUSE)


def runs_again(
    hours: Iterable[EventHour], known: Mapping[EventHour, tuple[Attempt | None, str]], now: datetime
) -> tuple[list[list[EventHour]], dict[EventHour, datetime]]:
    """Runs for hours that failed, and the hours that wait, with the time of their next try.

    `known` has the last attempt of each hour (None if the sensor requested none) and its version now.
    """
    paused: dict[EventHour, datetime] = {}
    groups: dict[str, list[EventHour]] = {}
    for hour in sorted(hours):
        attempt, version = known[hour]
        due = now if attempt is None else next_try(attempt, version)
        if due > now:
            paused[hour] = due
        else:
            groups.setdefault("" if attempt is None else attempt.group, []).append(hour)
    runs = [part for group in groups.values() for part in _parts(group)]
    for run in runs[RUNS_PER_TICK:]:
        paused |= dict.fromkeys(run, now)
    return runs[:RUNS_PER_TICK], paused


def _parts(hours: list[EventHour]) -> list[list[EventHour]]:
    size = -(-len(hours) // PARTS)
    return [hours[start : start + size] for start in range(0, len(hours), size)]
