"""Counts of arrived and quarantined records, from the lake itself: the marts only know what landed.

Not here: counts of landed lines (the mart lake_hours), a tier's state hour by hour (`socialsent status`).
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass

from socialsent_assets.domain.events.layout import LANDING_EVENTS, LANDING_QUARANTINE
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.landing_stats import stock_of
from socialsent_assets.lake.quarantine_stats import is_delivered_by_a_stream, quarantine_stock
from socialsent_assets.lake.storage.base import Storage

OPENED = 2000
"""Quarantine objects that are opened, newest first; beyond that their reasons stay unnamed."""

NOT_OPENED = "(older, not looked at)"
UNREADABLE = "(unreadable line)"


@dataclass(frozen=True)
class Arrivals:
    """What landing holds.

    Attributes:
        landed: events in landing, in objects whose names contain the count.
        repeats: redeliveries dropped before landing.
        reasons: quarantine reason -> records, of arrival and cleansing together.
        at_arrival: how many of those never landed.
    """

    landed: int
    repeats: int
    reasons: dict[str, int]
    at_arrival: int


def read_arrivals(lake: Lake) -> Arrivals:
    """The arrivals of a lake; its cost grows with the hours there are, not with the events in them."""
    landing = stock_of(lake.landing.walk(LANDING_EVENTS))
    arrival, later = _reasons_at_arrival(lake.landing), _reasons_in_cleansing(lake)
    together = arrival + later
    reasons = dict(sorted(together.items(), key=lambda item: (-item[1], item[0])))
    return Arrivals(landing.rows, landing.duplicates, reasons, arrival.total())


def _reasons_at_arrival(landing: Storage) -> Counter[str]:
    reasons: Counter[str] = Counter()
    read, delivered = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    objects = landing.walk(LANDING_QUARANTINE)
    for info in objects[-OPENED:]:
        lines = Counter(map(_place_and_reason, gzip.decompress(landing.read(info.key)).splitlines()))
        if is_delivered_by_a_stream(info):
            delivered |= lines  # a record that was delivered again is one record
        else:
            read += lines
    for (_, reason), count in (read + delivered).items():
        reasons[reason] += count
    unopened = quarantine_stock(landing, objects[:-OPENED]).rows
    return reasons + Counter({NOT_OPENED: unopened})


def _place_and_reason(line: bytes) -> tuple[str, str]:
    try:
        record = json.loads(line)
        return str(record.get("position", "")), str(record["reason"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", UNREADABLE


def _reasons_in_cleansing(lake: Lake) -> Counter[str]:
    reasons: Counter[str] = Counter()
    for receipt in read_builds(lake).cleanse.values():
        if not receipt.counts.quarantined:
            continue
        named = Counter({reason: int(count) for reason, count in _by_reason(receipt.measures).items()})
        reasons += named or Counter({UNREADABLE: receipt.counts.quarantined})
    return reasons


def _by_reason(measures: object) -> dict[str, int]:
    found = measures.get("quarantined_by_reason") if isinstance(measures, dict) else None
    return found if isinstance(found, dict) else {}
