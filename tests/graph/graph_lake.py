"""A lake in a temporary folder, and hours in it that look built without any Spark."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, landing_key, landing_name
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE, SENTIMENT
from socialsent_assets.lake import staleness
from socialsent_assets.lake.builds import Receipt, output_version, read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.local import FolderStorage
from tests.built_lake import keep_receipts, write_hours


def hour(text: str) -> EventHour:
    """`22T09` is that hour of November 2026."""
    return EventHour.from_key(f"2026-11-{text[:2]}-{text[3:5]}:00")


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
        """What a successful run leaves: rows, receipts, and the warehouse's knowledge of them."""
        built = list(hours)
        self.cleanse(*built)
        self.score(*built)

    def cleanse(self, *hours: EventHour) -> list[Receipt]:
        """One post per landing object."""
        landed = {at: len(self.lake.landed(at)) for at in hours}
        write_hours(
            self.lake,
            CLEANSED_EVENTS[0],
            {at: [post_row(n, at) for n in range(count)] for at, count in landed.items()},
        )
        receipts = [self._cleansed(at, count) for at, count in landed.items()]
        keep_receipts(self.lake, receipts)
        return receipts

    def _cleansed(self, at: EventHour, landed: int) -> Receipt:
        input_version = self.lake.landing_fingerprint(at)
        return Receipt(
            job="cleanse",
            hour=at,
            input_version=input_version,
            output_version=output_version(input_version, str(landed)),
            code_version=staleness.cleanse_code_version(),
            counts=Counts(landed, landed, 0, 0),
            rows={table.name: 0 for table in (*CLEANSED_EVENTS, QUARANTINE)} | {"posts": landed, "builds": 1},
        )

    def score(self, *hours: EventHour) -> list[Receipt]:
        """Scores of what `cleanse` wrote."""
        built = read_builds(self.lake).cleanse
        counts = {at: built[at].rows["posts"] for at in hours}
        write_hours(
            self.lake, SENTIMENT, {at: [score_row(n, at) for n in range(count)] for at, count in counts.items()}
        )
        receipts = [self._scored(built[at], counts[at]) for at in hours]
        keep_receipts(self.lake, receipts)
        self.warehouse |= {receipt.hour.key: str(receipt.lake_version) for receipt in receipts}
        return receipts

    @staticmethod
    def _scored(cleanse: Receipt, count: int) -> Receipt:
        return Receipt(
            job="score",
            hour=cleanse.hour,
            input_version=cleanse.output_version,
            output_version=output_version(cleanse.output_version),
            code_version=staleness.score_code_version(),
            counts=Counts(count, count, 0, 0),
            rows={"sentiment": count, "lake_hours": 1},
            lake_version=output_version(cleanse.output_version, "scored"),
        )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake.in_folder(tmp_path / "lake")


@pytest.fixture
def landing(lake: Lake) -> Landing:
    """See `Landing`."""
    return Landing(lake)


@pytest.fixture
def count_listings(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Listings and reads of any tier so far: what a tick costs on a disk, and what it is billed for on S3."""
    calls = {"n": 0}
    for name in ("list", "walk", "folders", "read"):
        original = getattr(FolderStorage, name)

        def counted(self: FolderStorage, *args: str, _original: Callable[..., object] = original) -> object:
            calls["n"] += 1
            return _original(self, *args)

        monkeypatch.setattr(FolderStorage, name, counted)
    return lambda: calls["n"]
