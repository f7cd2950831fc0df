"""Counts of quarantine objects, in which a record that Kinesis delivered again counts once.

Each delivery of a batch that is cut in another way writes another object. Its name has the shard and the range of
sequence numbers. Only objects whose ranges overlap can hold the same record, so only they are read.

Not here: events (landing_stats.py), which are deduplicated by the cleansing.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.lake.landing_stats import Stock, stock_of
from socialsent_assets.lake.storage.base import ObjectInfo, Storage

_DELIVERED = re.compile(r"(?P<shard>shardId-\d+)-(?P<first>\d+)-(?P<last>\d+)-[0-9a-f]+")


def quarantine_stock(landing: Storage, objects: Iterable[ObjectInfo]) -> Stock:
    """The stock of these quarantine objects: `rows` are records, `duplicates` further deliveries of them."""
    listed = list(objects)
    stock = stock_of(listed)
    repeats = 0
    for group in _overlapping(listed):
        found = [_lines_by_position(landing, info) for info in group]
        if all(lines is not None for lines in found):
            deliveries = [lines for lines in found if lines is not None]
            repeats += sum(lines.total() for lines in deliveries) - distinct(deliveries).total()
    return replace(stock, rows=stock.rows - repeats, duplicates=stock.duplicates + repeats)


def distinct(deliveries: Iterable[Counter[str]]) -> Counter[str]:
    """Lines by position, where each delivery has all lines of a position: an array may have been several records."""
    together: Counter[str] = Counter()
    for lines in deliveries:
        together |= lines
    return together


def is_delivered_by_a_stream(info: ObjectInfo) -> bool:
    """Whether an object holds records of a shard, which may be delivered again."""
    return _range_of(info) is not None


def _overlapping(objects: Iterable[ObjectInfo]) -> Iterator[list[ObjectInfo]]:
    """Groups of two or more objects of one hour and shard whose ranges of sequence numbers overlap."""
    by_shard: dict[tuple[str, str], list[tuple[int, int, ObjectInfo]]] = defaultdict(list)
    for info in objects:
        found = _range_of(info)
        if found is not None:
            shard, first, last = found
            by_shard[info.key.rpartition("/")[0], shard].append((first, last, info))
    for ranges in by_shard.values():
        group: list[ObjectInfo] = []
        end = -1
        for first, last, info in sorted(ranges, key=lambda each: each[:2]):
            if first > end:
                if len(group) > 1:
                    yield group
                group = []
            group.append(info)
            end = max(end, last)
        if len(group) > 1:
            yield group


def _range_of(info: ObjectInfo) -> tuple[str, int, int] | None:
    name = parse_landing_name(info.key.rpartition("/")[2])
    found = _DELIVERED.fullmatch(name.origin) if name is not None else None
    return None if found is None else (found["shard"], int(found["first"]), int(found["last"]))


def _lines_by_position(landing: Storage, info: ObjectInfo) -> Counter[str] | None:
    """Lines by the position of their record; None if the object cannot be read, and then its name counts."""
    try:
        lines = gzip.decompress(landing.read(info.key)).splitlines()
        return Counter(str(json.loads(line)["position"]) for line in lines)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
