"""A lake in a temporary folder, and hours in it that look built without any Spark."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from socialsent_assets.lake.commit import partition_key
from socialsent_assets.lake.receipts import Receipt, read_receipt, write_receipt

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, landing_key, landing_name
from socialsent_assets.domain.tables import CLEANSED_EVENTS, LAKE_HOURS, QUARANTINE, SENTIMENT, Table
from socialsent_assets.lake import staleness
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.local import FolderStorage

ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "array<string>": pa.list_(pa.string()),
}


def hour(text: str) -> EventHour:
    """`22T09` is that hour of November 2026."""
    return EventHour.from_key(f"2026-11-{text[:2]}-{text[3:5]}:00")


def write_table(lake: Lake, table: Table, at: EventHour, rows: list[dict[str, object]]) -> None:
    """Put a Parquet object with the contract's columns in the place of an hour; absent values are null."""
    schema = pa.schema([(column.name, ARROW[column.type]) for column in table.columns])
    full = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
    path = Path(lake.tier(table.tier).path(partition_key(table.name, at)))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(full, schema=schema), path)


def post_row(number: int, at: EventHour, **changes: object) -> dict[str, object]:
    """A row of cleansed/posts that keeps every promise."""
    return {
        "event_id": f"{at}-{number}", "event_time": at.start, "source": "test", "post_id": f"p{number}",
        "author_id": "ann", "text": "fine", "clean_text": "fine", "deleted": False, **changes,
    }  # fmt: skip


def score_row(number: int, at: EventHour, **changes: object) -> dict[str, object]:
    """A row of analytics/sentiment that keeps every promise."""
    return {
        "event_id": f"{at}-{number}", "text_id": f"p{number}", "text_kind": "post", "post_id": f"p{number}",
        "author_id": "ann", "event_time": at.start, "deleted": False, "clean_text": "fine", "tokens": ["fine"],
        "polarity": 0.2, "pos": 1.0, "neu": 0.0, "neg": 0.0, "sentiment": "positive", "scorer_version": "v",
        **changes,
    }  # fmt: skip


@dataclass
class Landing:
    """Puts objects into the lake, and pretends that jobs and dbt built hours from them."""

    lake: Lake
    warehouse: dict[str, str] = field(default_factory=dict)

    def add(self, at: EventHour, name: str = "a", events: int = 1, text: str = "") -> None:
        """One landing object with `events` lines; another `text` is other content of the same size."""
        lines = [json.dumps({"event_id": f"{name}{number}", "text": text}) for number in range(events)]
        content = gzip.compress("\n".join(lines).encode() + b"\n", mtime=0)
        self.lake.landing.write(landing_key("events", at, landing_name(name, events, 0)), content)

    def remove(self, at: EventHour, name: str = "a", events: int = 1) -> None:
        """Delete what `add` put there."""
        self.lake.landing.delete(landing_key("events", at, landing_name(name, events, 0)))

    def build(self, hours: Iterable[EventHour]) -> None:
        """What a successful run leaves: objects, receipts, and the warehouse's knowledge of them."""
        for at in hours:
            self.cleanse(at)
            self.score(at)

    def cleanse(self, at: EventHour) -> Receipt:
        """One post per hour, whatever landed."""
        landed = len(self.lake.landed(at))
        rows = [post_row(number, at) for number in range(landed)]
        outputs = {}
        if rows:
            write_table(self.lake, CLEANSED_EVENTS[0], at, rows)
            outputs = {partition_key("posts", at): f"{landed} {self.lake.landing_fingerprint(at)}"}
        receipt = Receipt(
            job="cleanse",
            hour=at,
            input_version=self.lake.landing_fingerprint(at),
            code_version=staleness.cleanse_code_version(),
            counts=Counts(landed, landed, 0, 0),
            rows={table.name: 0 for table in (*CLEANSED_EVENTS, QUARANTINE)} | {"posts": landed},
            outputs=outputs,
        )
        write_receipt(self.lake.cleansed, receipt)
        return receipt

    def score(self, at: EventHour) -> Receipt:
        """Scores of what `cleanse` wrote."""
        cleanse = read_receipt(self.lake.cleansed, "cleanse", at)
        assert cleanse is not None
        count = cleanse.rows["posts"]
        write_table(self.lake, SENTIMENT, at, [score_row(number, at) for number in range(count)])
        hours_row = {"event_hour": at.start, "records": count, "accepted": count, "duplicates": 0, "quarantined": 0,
                     "scored": count, "lake_version": "v"}  # fmt: skip
        write_table(self.lake, LAKE_HOURS, at, [hours_row])
        receipt = Receipt(
            job="score",
            hour=at,
            input_version=cleanse.output_version,
            code_version=staleness.score_code_version(),
            counts=Counts(count, count, 0, 0),
            rows={"sentiment": count, "lake_hours": 1},
            outputs={partition_key("sentiment", at): cleanse.output_version, partition_key("lake_hours", at): "x"},
        )
        write_receipt(self.lake.analytics, receipt)
        self.warehouse[at.key] = staleness.lake_version(cleanse, receipt)
        return receipt


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(
        *(FolderStorage(tmp_path / "lake" / tier) for tier in ("landing", "cleansed", "analytics", "artifacts"))
    )


@pytest.fixture
def landing(lake: Lake) -> Landing:
    """See `Landing`."""
    return Landing(lake)


@pytest.fixture
def count_listings(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Listings and reads of any tier so far: what a tick costs on a disk, and what it is billed for on S3."""
    calls = {"n": 0}
    for name in ("list", "folders", "read"):
        original = getattr(FolderStorage, name)

        def counted(self: FolderStorage, *args: str, _original: Callable[..., object] = original) -> object:
            calls["n"] += 1
            return _original(self, *args)

        monkeypatch.setattr(FolderStorage, name, counted)
    return lambda: calls["n"]
