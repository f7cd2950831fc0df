"""Records of a batch -> the landing and quarantine objects to write, and counts that must add up.

The same records give the same names and bytes, so a retried batch overwrites itself; a batch that is cut
differently overlaps, and what it repeats is dropped when the hour is cleansed.

Not here: writing the objects (ingest/landing_writer.py, lambdas/kinesis_consumer), repeats across batches
(jobs/cleanse.py).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.event import Event, Rejection, parse_record
from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_QUARANTINE,
    EventHour,
    content_digest,
    landing_key,
    landing_name,
)
from socialsent_assets.domain.events.times import format_time

_DIGEST = 12
_LEVEL = 6


@dataclass(frozen=True)
class SourceRecord:
    """One record as a source handed it over.

    Attributes:
        raw: its bytes; one event or a JSON array of events.
        position: where it came from, so that a person finds it again (`tweets.csv line 17`).
        arrived_at: aware; None stands for the arrival of its batch.
        rejection: set when the source itself could not make sense of it: it goes to quarantine as it is.
    """

    raw: bytes
    position: str
    arrived_at: datetime | None = None
    rejection: Rejection | None = None


@dataclass(frozen=True)
class LandedBatch:
    """What to write for a batch, and what became of each record.

    Attributes:
        objects: key in the landing tier -> gzipped JSON Lines.
        counts: every element of an array is a record of its own; blank records are none.
        reasons: quarantine reason -> number of records.
        first_of: quarantine reason -> position and detail of the first such record.
    """

    objects: dict[str, bytes]
    counts: Counts
    reasons: dict[str, int]
    first_of: dict[str, str]


def land(records: Sequence[SourceRecord], arrived_at: datetime, start: datetime, origin: str) -> LandedBatch:
    """Accepted events by the hour of their time, the others to quarantine by the hour of arrival.

    Byte-identical repeats within an hour of the batch are dropped and counted as duplicates.

    Args:
        records: the batch, in order.
        arrived_at: aware; when the batch arrived, for records that do not say it themselves.
        start: aware; the first accepted event time.
        origin: begins the objects' names; with a digest of the content it makes them unique.
    """
    lines: defaultdict[EventHour, dict[bytes, None]] = defaultdict(dict)
    repeats: Counter[EventHour] = Counter()
    quarantine: defaultdict[EventHour, list[bytes]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    first_of: dict[str, str] = {}
    for record in records:
        arrival = record.arrived_at or arrived_at
        for answer in _answers(record, arrival, start):
            if isinstance(answer, Rejection):
                reasons[answer.reason] += 1
                first_of.setdefault(answer.reason, f"{record.position}: {answer.detail}")
                quarantine[EventHour.of(arrival)].append(_quarantine_line(answer, record.position, arrival))
                continue
            hour = answer.hour
            if answer.line in lines[hour]:
                repeats[hour] += 1
            lines[hour][answer.line] = None
    objects = dict(_object(LANDING_EVENTS, hour, origin, lines[hour], repeats[hour]) for hour in sorted(lines))
    objects |= dict(_object(LANDING_QUARANTINE, hour, origin, quarantine[hour], 0) for hour in sorted(quarantine))
    accepted, duplicates = sum(map(len, lines.values())), repeats.total()
    counts = Counts(accepted + duplicates + reasons.total(), accepted, duplicates, reasons.total())
    return LandedBatch(objects, counts, dict(sorted(reasons.items())), first_of)


def gzip_lines(lines: Iterable[bytes]) -> bytes:
    """JSON Lines, gzipped without a clock in the header: the same lines give the same bytes."""
    return gzip.compress(b"".join(line + b"\n" for line in lines), compresslevel=_LEVEL, mtime=0)


def _answers(record: SourceRecord, arrived_at: datetime, start: datetime) -> list[Event | Rejection]:
    if record.rejection is not None:
        return [record.rejection]
    if not record.raw.strip():
        return []
    return parse_record(record.raw, arrived_at, start)


def _object(kind: str, hour: EventHour, origin: str, lines: Collection[bytes], duplicates: int) -> tuple[str, bytes]:
    digest = content_digest(b"\n".join(lines), _DIGEST)
    name = landing_name(f"{origin}-{digest}", rows=len(lines), duplicates=duplicates)
    return landing_key(kind, hour, name), gzip_lines(lines)


def _quarantine_line(rejection: Rejection, position: str, arrived_at: datetime) -> bytes:
    line = {
        "raw": base64.b64encode(rejection.raw).decode("ascii"),
        "reason": rejection.reason,
        "detail": rejection.detail,
        "position": position,
        "arrived_at": format_time(arrived_at),
    }
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii")
