"""History of hourly statistics: three weeks in one object, the baseline of the alert rules.

A copy of what receipts and object names hold, so that an evaluation costs one read instead of a thousand. If it is
lost, it is read again from them.

Not here: what is unusual (domain/monitoring/), when hours are read again (domain/monitoring/evaluation.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.layout import (
    LANDING_QUARANTINE,
    EventHour,
    hours_between,
    table_prefix,
)
from socialsent_assets.domain.monitoring.hour_stats import History, HourStats
from socialsent_assets.domain.monitoring.volume import DAYS
from socialsent_assets.lake.builds import BuildState, Receipt
from socialsent_assets.lake.lake import NOTHING_LANDED, Lake
from socialsent_assets.lake.quarantine_stats import quarantine_stock

HISTORY = "alerts/history.json"  # in the artifacts tier
WINDOW = timedelta(days=DAYS, hours=2)


def read_history(lake: Lake) -> dict[EventHour, HourStats]:
    """The stored history; {} if there is none or it cannot be read."""
    try:
        kept = json.loads(lake.artifacts.read(HISTORY))
        stats = [HourStats.from_json(key, values) for key, values in kept.items()]
    except (FileNotFoundError, ValueError, AttributeError):
        return {}
    return {one.hour: one for one in stats}


def write_history(lake: Lake, history: History) -> None:
    """Replace the stored history."""
    kept = {hour.key: stats.to_json() for hour, stats in sorted(history.items())}
    lake.artifacts.write(HISTORY, json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())


def with_hours(
    lake: Lake, builds: BuildState, history: History, hours: Iterable[EventHour], now: datetime
) -> dict[EventHour, HourStats]:
    """`history` with these hours read again, and without hours older than the window."""
    oldest = EventHour.of(now - WINDOW)
    fresh = dict(history)
    for hour in sorted(set(hours)):
        if hour < oldest:
            continue
        stats = read_stats(lake, builds, hour)
        if stats is None:
            fresh.pop(hour, None)
        else:
            fresh[hour] = stats
    return {hour: stats for hour, stats in fresh.items() if hour >= oldest}


def read_stats(lake: Lake, builds: BuildState, hour: EventHour) -> HourStats | None:
    """Statistics of an hour from its receipts and object names; None if it has neither."""
    cleanse, score = builds.cleanse.get(hour), builds.score.get(hour)
    on_arrival = quarantine_stock(lake.landing, lake.landing.list(table_prefix(LANDING_QUARANTINE, hour))).rows
    if cleanse is None and not on_arrival:
        return None
    sentiments = _mapping(score, "rows_by_sentiment")
    numbers: dict[str, Any] = {
        "records": cleanse.counts.records if cleanse else 0,
        "quarantined": cleanse.counts.quarantined if cleanse else 0,
        "quarantined_on_arrival": on_arrival,
        "texts": sum(sentiments.values()),
        "negative": sentiments.get("negative", 0),
        "topics": {
            topic: (int(counts["texts"]), int(counts["negative"]))
            for topic, counts in _mapping(score, "moods_by_topic").items()
        },
    }
    versions = [receipt.output_version for receipt in (cleanse, score) if receipt is not None]
    version = hashlib.sha256(repr((versions, sorted(numbers.items()))).encode()).hexdigest()[:12]
    return HourStats(hour, **numbers, version=version)


def built_hours(builds: BuildState, now: datetime) -> list[EventHour]:
    """Hours of the window with receipts, in order."""
    oldest = EventHour.of(now - WINDOW)
    return [hour for hour in builds.cleanse if oldest <= hour <= EventHour.of(now)]


def is_built(lake: Lake, builds: BuildState, hour: EventHour) -> bool:
    """Whether the receipts of both jobs match what has landed; true for an hour with neither."""
    landed = lake.landing_fingerprint(hour)
    cleanse, score = builds.cleanse.get(hour), builds.score.get(hour)
    if cleanse is None:
        return landed == NOTHING_LANDED
    return cleanse.input_version == landed and score is not None and score.input_version == cleanse.output_version


def unbuilt_hours(lake: Lake, builds: BuildState, count: int, now: datetime) -> list[EventHour]:
    """Hours among the last `count` and the present one that are not built from what has landed."""
    present = EventHour.of(now)
    recent = hours_between(EventHour(present.start - timedelta(hours=count)), present)
    return [hour for hour in recent if not is_built(lake, builds, hour)]


def _mapping(receipt: Receipt | None, name: str) -> Mapping[str, Any]:
    found = receipt.measures.get(name) if receipt is not None else None
    return found if isinstance(found, Mapping) else {}
