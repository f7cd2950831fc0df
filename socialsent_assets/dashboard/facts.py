"""Data of the page that no filter changes: filter values, freshness, records, alerts and models.

Not here: numbers of a filter (views.py), reading the lake (lake_facts.py).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.snapshot import Snapshot, watched_part
from socialsent_assets.dashboard.views import basis_available

HOURS_LISTED = 24 * 92


def facts(marts: LiveMarts) -> dict[str, Any]:
    """Plain values, ready for JSON; `data` is None while there is no snapshot."""
    status, snapshot, lake = marts.status, marts.snapshot, marts.lake_facts
    return {
        "state": status.state,
        "detail": status.detail,
        "version": status.version,
        "number": status.number,
        "read_at": status.read_at.isoformat() if status.read_at else None,
        "now": datetime.now(UTC).isoformat(),
        "data": _data(snapshot) if snapshot and snapshot.texts else None,
        "alerts": lake.alerts,
        "models": lake.models,
        "arrivals": asdict(lake.arrivals) if lake.arrivals else None,
    }


def _data(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "texts": snapshot.texts,
        "first": _iso(snapshot.first),
        "last": _iso(snapshot.last),
        "topics": snapshot.topics[:300],
        "topics_found": len(snapshot.topics),
        **{facet: _values(snapshot, facet) for facet in ("source", "lang", "kind")},
        "watch": _watched(snapshot),
        "has_model": basis_available(snapshot, "model"),
        "records": _records(snapshot),
    }


def _values(snapshot: Snapshot, facet: str) -> list[tuple[Any, ...]]:
    rows = snapshot.ask(f"select {facet}, sum(n) from summary group by 1 order by 2 desc, 1 limit 300")  # noqa: S608
    return [(value, int(count)) for value, count in rows]


def _watched(snapshot: Snapshot) -> list[tuple[str, int]]:
    """Texts that hold each watched word; those that none holds are listed too."""
    table = watched_part("summary")
    counts = dict(snapshot.ask(f"select unnest(watch) as word, sum(n) from {table} group by 1"))  # noqa: S608
    return [(word, int(counts.get(word, 0))) for word in snapshot.watched]


def _records(snapshot: Snapshot) -> dict[str, Any]:
    names = ("records", "accepted", "duplicates", "quarantined", "scored")
    sums = snapshot.ask(f"select {', '.join(f'coalesce(sum({name}), 0)' for name in names)}, count(*) from hours")  # noqa: S608
    rows = snapshot.ask(f"select event_hour, {', '.join(names)} from hours order by 1 desc limit {HOURS_LISTED}")  # noqa: S608
    return {
        **{name: int(value) for name, value in zip((*names, "hours"), sums[0], strict=True)},
        "by_hour": [[_iso(row[0]), *map(int, row[1:])] for row in reversed(rows)],
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else f"{time.isoformat(timespec='seconds')}Z"
