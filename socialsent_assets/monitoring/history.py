"""The last weeks of the lake in one small object: what the rules of domain/monitoring/ compare an hour with.

It repeats what receipts and object names say, so that a look costs one read instead of a thousand. Losing it costs
reading them again.

Not here: what is unusual (domain/monitoring/), when to look (watch.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_QUARANTINE,
    EventHour,
    hours_between,
    table_prefix,
)
from socialsent_assets.domain.monitoring.hour_stats import History, HourFacts
from socialsent_assets.domain.monitoring.volume import DAYS
from socialsent_assets.lake.builds import Receipt, read_builds
from socialsent_assets.lake.lake import NOTHING_LANDED, Lake
from socialsent_assets.lake.landing_stats import stock_of

HISTORY = "alerts/history.json"  # in the artifacts tier
WINDOW = timedelta(days=DAYS, hours=2)


def read_history(lake: Lake) -> dict[EventHour, HourFacts]:
    """The history as it was kept; {} if there is none, or if it cannot be read."""
    try:
        kept = json.loads(lake.artifacts.read(HISTORY))
        facts = [HourFacts.from_json(key, values) for key, values in kept.items()]
    except (FileNotFoundError, ValueError, AttributeError):
        return {}
    return {one.hour: one for one in facts}


def write_history(lake: Lake, history: History) -> None:
    """Replace what is kept."""
    kept = {hour.key: facts.to_json() for hour, facts in sorted(history.items())}
    lake.artifacts.write(HISTORY, json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())


def with_hours(lake: Lake, history: History, hours: Iterable[EventHour], now: datetime) -> dict[EventHour, HourFacts]:
    """`history` with these hours read again, and without what is too old to compare with."""
    oldest = EventHour.of(now - WINDOW)
    fresh = dict(history)
    for hour in sorted(set(hours)):
        if hour < oldest:
            continue
        facts = facts_of(lake, hour)
        if facts is None:
            fresh.pop(hour, None)
        else:
            fresh[hour] = facts
    return {hour: facts for hour, facts in fresh.items() if hour >= oldest}


def facts_of(lake: Lake, hour: EventHour) -> HourFacts | None:
    """What receipts and names say about an hour; None if they say nothing."""
    builds = read_builds(lake)
    cleanse, score = builds.cleanse.get(hour), builds.score.get(hour)
    refused = stock_of(lake.landing.list(table_prefix(LANDING_QUARANTINE, hour))).rows
    if cleanse is None and not refused:
        return None
    moods = _mapping(score, "rows_by_sentiment")
    numbers: dict[str, Any] = {
        "records": cleanse.counts.records if cleanse else 0,
        "quarantined": cleanse.counts.quarantined if cleanse else 0,
        "refused": refused,
        "texts": sum(moods.values()),
        "negative": moods.get("negative", 0),
        "topics": {
            topic: (int(counts["texts"]), int(counts["negative"]))
            for topic, counts in _mapping(score, "moods_by_topic").items()
        },
    }
    versions = [receipt.output_version for receipt in (cleanse, score) if receipt is not None]
    version = hashlib.sha256(repr((versions, sorted(numbers.items()))).encode()).hexdigest()[:12]
    return HourFacts(hour, **numbers, version=version)


def built_hours(lake: Lake, now: datetime) -> list[EventHour]:
    """Hours of the window that have receipts, in order."""
    oldest = EventHour.of(now - WINDOW)
    return [hour for hour in read_builds(lake).cleanse if oldest <= hour <= EventHour.of(now)]


def newest_landed(lake: Lake, now: datetime) -> EventHour | None:
    """The newest hour with a landing folder, up to the present one: events from clocks ahead would hide a silence."""
    present = EventHour.of(now)
    for day in reversed(lake.landing.folders(LANDING_EVENTS)):
        if day > present.path.partition("/")[0]:
            continue
        names = lake.landing.folders(f"{LANDING_EVENTS}/{day}")
        found = [EventHour.from_path(f"{day}/{name}") for name in names]
        known = [hour for hour in found if hour is not None and hour <= present]
        if known:
            return max(known)
    return None


def is_built(lake: Lake, hour: EventHour) -> bool:
    """Whether receipts of both jobs stand for exactly what has landed; true for an hour with neither."""
    landed = lake.landing_fingerprint(hour)
    builds = read_builds(lake)
    cleanse, score = builds.cleanse.get(hour), builds.score.get(hour)
    if cleanse is None:
        return landed == NOTHING_LANDED
    return cleanse.input_version == landed and score is not None and score.input_version == cleanse.output_version


def unbuilt_hours(lake: Lake, count: int, now: datetime) -> list[EventHour]:
    """Of the last `count` hours and the present one, those that are not built from what has landed."""
    present = EventHour.of(now)
    recent = hours_between(EventHour(present.start - timedelta(hours=count)), present)
    return [hour for hour in recent if not is_built(lake, hour)]


def _mapping(receipt: Receipt | None, name: str) -> Mapping[str, Any]:
    found = receipt.measures.get(name) if receipt is not None else None
    return found if isinstance(found, Mapping) else {}
