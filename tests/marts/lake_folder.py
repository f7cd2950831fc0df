"""A lake written by pyarrow as the jobs leave it, and made-up events to fill it: no Spark needed.

Not here: what the marts make of it (oracle.py), dbt (dbt_in_process.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, TABLES, Table

Row = dict[str, Any]

_ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "array<string>": pa.list_(pa.string()),
}
_SCORES = (
    *(("positive", 0.6369), ("neutral", 0.0), ("negative", -0.4215), ("neutral", 0.0499), ("negative", -0.05)),
    (None, None),  # a text in a language without a reader
)


def at(text: str) -> datetime:
    """A time in UTC: `22T09:40` means 2026-11-22T09:40Z."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


@dataclass
class LakeFolder:
    """A cleansed and an analytics tier as the jobs leave them; `put` replaces the whole of one event hour."""

    root: Path

    def __post_init__(self) -> None:
        self._list_files()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SOCIALSENT_LAKE_CLEANSED": str(self.root / "cleansed"),
            "SOCIALSENT_LAKE_ANALYTICS": str(self.root / "analytics"),
            "SOCIALSENT_LAKE_FILES": str(self.root / "lake_files.json"),
            "SOCIALSENT_WAREHOUSE": str(self.root / "warehouse.duckdb"),
        }

    def put(self, events: Iterable[Row], hour: EventHour | None = None) -> None:
        """Replace the hours that the events fall in (and `hour`, which may hold none)."""
        by_hour: dict[EventHour, list[Row]] = {hour: []} if hour else {}
        for event in events:
            by_hour.setdefault(EventHour.of(event["event_time"]), []).append(event)
        for one, rows in by_hour.items():
            self._replace(one, rows)

    def _replace(self, hour: EventHour, events: list[Row]) -> None:
        rows: dict[str, list[Row]] = {table.name: [] for table in TABLES}
        for event in sorted(events, key=lambda event: event["event_id"]):
            rows[event["kind"] + "s"].append(event)
            if event["kind"] in ("post", "comment"):
                rows["sentiment"].append(scored(event))
        content = repr([sorted(event.items(), key=str) for event in events]).encode()
        rows["lake_hours"] = [
            {
                "event_hour": hour.start,
                "records": len(events),
                "accepted": len(events),
                "duplicates": 0,
                "quarantined": 0,
                "scored": len(rows["sentiment"]),
                "lake_version": hashlib.sha256(content).hexdigest()[:16],
            }
        ]
        for table in TABLES:
            self._write(table, hour, [{**row, EVENT_HOUR: hour.start} for row in rows[table.name]])
        self._list_files()

    def _list_files(self) -> None:
        """The listing of data files, as `warehouse.lake_files` makes it from the catalog."""
        files = []
        for table in TABLES:
            for path in sorted((self.root / table.tier / table.name).rglob("*.parquet")):
                hour = EventHour.from_path(str(path))
                assert hour is not None
                start = f"{hour.start:%Y-%m-%d %H:%M:%S}"
                entry = {"tier": table.tier, "name": table.name, "path": str(path)}
                files.append({**entry, "first_hour": start, "last_hour": start})
        (self.root / "lake_files.json").write_text(json.dumps(files))

    def _write(self, table: Table, hour: EventHour, rows: list[Row]) -> None:
        path = self.root / table.tier / table.name / hour.path / "part-0.parquet"
        if not rows:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = pa.schema([(column.name, _ARROW[column.type]) for column in table.columns])
        names = [column.name for column in table.columns]
        pq.write_table(pa.Table.from_pylist([{n: row.get(n) for n in names} for row in rows], schema=schema), path)


def scored(event: Row) -> Row:
    """A made-up but repeatable score of a version; tombstones are scored too, as the job does."""
    sentiment, polarity = _SCORES[int(hashlib.sha256(event["event_id"].encode()).hexdigest(), 16) % len(_SCORES)]
    return {
        **event,
        "text_id": event.get("comment_id") or event["post_id"],
        "text_kind": event["kind"],
        "tokens": event["clean_text"].split(),
        "polarity": polarity,
        "pos": None if sentiment is None else 0.25,
        "neu": None if sentiment is None else 0.5,
        "neg": None if sentiment is None else 0.25,
        "sentiment": sentiment,
        "unscored_reason": "language_not_supported" if sentiment is None else None,
        "scorer_version": "test",
        **predicted(event, answered=sentiment is not None),
    }


def predicted(event: Row, *, answered: bool) -> Row:
    """A made-up but repeatable answer of a champion, which has none on every third scored version."""
    number = int(hashlib.sha256(f"champion {event['event_id']}".encode()).hexdigest(), 16)
    if not answered or number % 3 == 0:
        return {}
    negative, positive = (number // 3 % 40) / 100 + 0.0123, (number // 7 % 40) / 100
    chances = {"negative": negative, "neutral": 1 - negative - positive, "positive": positive}
    likeliest = max(chances, key=lambda name: chances[name])
    return {
        "predicted_sentiment": likeliest,
        "predicted_probability": chances[likeliest],
        **{f"predicted_{name}_probability": chance for name, chance in chances.items()},
        "predicted_polarity": round(positive - negative, 4),
        "model_version": "test",
    }


def event(kind: str, event_id: str, time: datetime, **data: Any) -> Row:
    """A cleansed row of a kind of event; what is not given is plain."""
    plain: dict[str, Row] = {
        "post": {
            "author_id": "u1",
            "text": "hello",
            "lang": "en",
            "topic": "tea",
            "hashtags": None,
            "deleted": False,
        },
        "comment": {"author_id": "u2", "text": "hi", "lang": "en", "hashtags": ["a", "b"], "deleted": False},
        "user": {"user_name": "name"},
        "interaction": {"action": "like", "actor_id": "u2"},
        "deletion": {"subject_kind": None, "restored": False},
        "moderation_label": {
            "subject_kind": None,
            "labeler_id": "a",
            "label_value": "!takedown",
            "withdrawn": False,
        },
    }
    row = {"kind": kind, "event_id": event_id, "event_time": time, "source": "test", **plain[kind], **data}
    if kind in ("post", "comment"):
        row["clean_text"] = row["text"] or ""
    return row
