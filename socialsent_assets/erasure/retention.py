"""Retention: events that were kept for as long as their source may be kept leave landing, and so every tier.

They go line by line, as an erasure takes them: objects are written anew under names that count the lines as erased,
so the counts close. The hours are then built again as after any change of landing, and what is built holds no older
row; nothing is stale once that is done. Deletions and moderation labels stay, which are ids and a time: without one,
a text that arrives late would be readable again.

Not here: the days (settings/retention.py), when it happens (defs/retention.py, cli/retention.py), the tables, which
are built again from landing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.kinds import deletion, moderation_label
from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_QUARANTINE,
    EventHour,
    parse_landing_name,
)
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.erasure.landing import lines_of, rename_in_manifests, replace_object
from socialsent_assets.lake.lake import Lake, fingerprint, readable
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.settings import RetentionSettings

STATE = "retention/state.json"
"""In the artifacts tier: which hours were looked through, and the receipts of the latest runs."""

_RECEIPTS = 50
_STAYING = (deletion.KIND.name, moderation_label.KIND.name)
_UNKNOWN = "(unknown)"


@dataclass
class Expired:
    """What one run took out of landing, or would take.

    Attributes:
        events: lines by source.
        quarantined: lines of quarantine.
        objects: that were written anew.
        hours: event hours whose landing is another now.
    """

    events: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    objects: int = 0
    hours: set[EventHour] = field(default_factory=set)

    def as_receipt(self, now: datetime) -> dict[str, Any]:
        """As JSON values."""
        return {
            "at": format_time(now),
            "events": dict(sorted(self.events.items())),
            "quarantined": self.quarantined,
            "objects": self.objects,
            "hours": len(self.hours),
            "oldest": str(min(self.hours)) if self.hours else None,
            "newest": str(max(self.hours)) if self.hours else None,
        }


def expire_landing(lake: Lake, rule: RetentionSettings, now: datetime, *, dry_run: bool = False) -> Expired:
    """Take out of landing what is over. Safe to repeat and to break off: the next run goes on.

    An hour in which nothing has changed since it was looked through is not read again.

    Raises:
        UserError: the lake is in S3.
        OSError: landing cannot be written.
    """
    if lake.landing.is_remote:
        raise UserError(
            "retention works on a lake in folders; in S3 a lifecycle rule of the landing bucket does it, and the "
            "hours are built again without what it removed (docs/erasure.md)"
        )
    state, done = read_state(lake), Expired()
    seen: dict[str, str] = {}
    for kind in (LANDING_EVENTS, LANDING_QUARANTINE):
        for hour, objects in _by_hour(lake.landing, kind).items():
            over = rule.over(hour.end, now)
            if not over:
                continue
            place = f"{kind}/{hour}"
            if state.seen.get(place) == _note(objects, over):
                seen[place] = state.seen[place]
                continue
            source_of = _source_of_event if kind == LANDING_EVENTS else _source_of_quarantined
            for info in objects:
                is_over = partial(rule.is_over, end=hour.end, now=now)
                gone = _expire_object(lake.landing, info, is_over, source_of, dry_run=dry_run)
                if not gone:
                    continue
                done.objects += 1
                if kind == LANDING_EVENTS:
                    done.events += gone
                    done.hours.add(hour)
                else:
                    done.quarantined += gone.total()
            seen[place] = _note(readable(lake.landing.list(f"{kind}/{hour.path}")), over)
    if not dry_run:
        if done.objects:
            rename_in_manifests(lake.landing)
        receipts = [*state.receipts, done.as_receipt(now)][-_RECEIPTS:]
        _write_state(lake, RetentionState(seen, receipts))
    return done


@dataclass(frozen=True)
class RetentionState:
    """Hours that were looked through, with a note of what they held; receipts of the latest runs, oldest first."""

    seen: Mapping[str, str] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)


def read_state(lake: Lake) -> RetentionState:
    """What the last run kept; without it every hour that is over is read again."""
    try:
        kept = json.loads(lake.artifacts.read(STATE))
        return RetentionState(dict(kept["seen"]), list(kept["receipts"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return RetentionState()


def _write_state(lake: Lake, state: RetentionState) -> None:
    content = {"seen": dict(state.seen), "receipts": state.receipts}
    lake.artifacts.write(STATE, json.dumps(content, sort_keys=True).encode())


def _by_hour(landing: Storage, kind: str) -> dict[EventHour, list[ObjectInfo]]:
    found: dict[EventHour, list[ObjectInfo]] = defaultdict(list)
    for info in readable(landing.walk(kind)):
        hour = EventHour.from_path(info.key)
        if hour is not None:
            found[hour].append(info)
    return found


def _note(objects: list[ObjectInfo], over: list[str]) -> str:
    return hashlib.sha256(f"{fingerprint(objects)} {' '.join(over)}".encode()).hexdigest()[:16]


def _expire_object(
    landing: Storage,
    info: ObjectInfo,
    is_over: Callable[[str], bool],
    source_of: Callable[[bytes], str | None],
    *,
    dry_run: bool,
) -> Counter[str]:
    """Lines by source that were taken out of one object."""
    whole, gone, kept = lines_of(landing, info.key), Counter[str](), list[bytes]()
    for line in whole:
        source = source_of(line)
        if source is not None and is_over(source):
            gone[source or _UNKNOWN] += 1
        else:
            kept.append(line)
    if gone and not dry_run:
        name = parse_landing_name(info.key.rpartition("/")[2])
        # What cannot be read of a damaged object goes too, and is counted: its name knows how much there was.
        removed = (len(whole) if name is None else max(name.rows, len(whole))) - len(kept)
        replace_object(landing, info.key, kept, removed)
    return gone


def _source_of_event(line: bytes) -> str | None:
    """Source of an event, "" for a line that names none, None for one that stays."""
    event = _json(line)
    return None if event.get("event_type") in _STAYING else _slug(event)


def _source_of_quarantined(line: bytes) -> str | None:
    """Source that a quarantined record names; "" where it names none."""
    try:
        return _slug(_json(base64.b64decode(str(_json(line).get("raw", "")))))
    except ValueError:
        return ""


def _slug(event: Mapping[str, Any]) -> str:
    source = event.get("source")
    return source if isinstance(source, str) else ""


def _json(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
