"""Positions of followed networks in the artifacts tier; gaps as rows in the landing tier.

A checkpoint is written after its records have landed: a process that dies in between sends them again, with the same
bytes, and cleansing drops what came twice.

Not here: what a cursor means (the networks' modules).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from socialsent_assets.domain.events.layout import content_digest
from socialsent_assets.domain.events.times import format_time, parse_time
from socialsent_assets.ingest.live.connection import Gap
from socialsent_assets.lake.storage.base import Storage

GAPS = "gaps"
"""Prefix in the landing tier: one JSON object per gap."""
PLACES = "follow"
"""Prefix in the artifacts tier: one JSON object per followed network."""


@dataclass(frozen=True)
class Place:
    """Where the following of one network stands.

    Attributes:
        key: name of the network, as its connection says it.
        written_at: aware; when its last records had landed.
        newest: aware; time of the newest record, if the network sends it.
    """

    key: str
    written_at: datetime
    newest: datetime | None

    @property
    def lag_s(self) -> float | None:
        """Seconds from the newest record to its landing."""
        return None if self.newest is None else max((self.written_at - self.newest).total_seconds(), 0.0)


@dataclass(frozen=True)
class Checkpoint:
    """The cursor of one followed network, `follow/<key>.json` in the artifacts tier."""

    artifacts: Storage
    key: str

    def read(self) -> str:
        """The cursor; "" if nothing was followed yet, or the object is damaged."""
        try:
            cursor = json.loads(self.artifacts.read(self._name))["cursor"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return ""
        return cursor if isinstance(cursor, str) else ""

    def write(self, cursor: str, now: datetime, newest: datetime | None = None) -> None:
        """Replace the cursor as a whole."""
        content = {"cursor": cursor, "written_at": format_time(now)}
        if newest is not None:
            content["newest"] = format_time(newest)
        self.artifacts.write(self._name, json.dumps(content).encode())

    @property
    def _name(self) -> str:
        return f"{PLACES}/{self.key}.json"


def places(artifacts: Storage) -> list[Place]:
    """Every network that was ever followed into this lake, by name; damaged objects are left out."""
    found = []
    for info in artifacts.list(PLACES):
        try:
            content = json.loads(artifacts.read(info.key))
            newest = parse_time(content["newest"]) if content.get("newest") else None
            key = info.key.rpartition("/")[2].removesuffix(".json")
            found.append(Place(key, parse_time(content["written_at"]), newest))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return sorted(found, key=lambda place: place.key)


def gap_count(landing: Storage) -> int:
    """How many gaps the lake has."""
    return len(list(landing.list(GAPS)))


def write_gap(landing: Storage, gap: Gap) -> None:
    """Keep a gap as `gaps/<source>-<digest>.json`."""
    row = {
        "source": gap.source,
        "after_cursor": gap.after,
        "reason": gap.reason,
        "noticed_at": format_time(gap.noticed_at),
    }
    content = json.dumps(row, sort_keys=True).encode()
    landing.write(f"{GAPS}/{gap.source}-{content_digest(content)}.json", content)
