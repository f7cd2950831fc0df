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
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.draft import Draft, seal
from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased, is_erased
from socialsent_assets.domain.events.event import Event, Rejection, parse_record
from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_LABELS,
    LANDING_QUARANTINE,
    EventHour,
    content_digest,
    landing_key,
    landing_name,
)
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.domain.events.times import format_time

_DIGEST = 12
_LEVEL = 4  # a third of the time of level 6, which was two fifths of landing a file, for 11 % more bytes


class SourceRecord(NamedTuple):
    """One record as a source handed it over.

    Attributes:
        raw: its bytes; one event or a JSON array of events.
        position: where it came from, so that a person finds it again (`tweets.csv line 17`).
        arrived_at: aware; None means the arrival of its batch.
        rejection: set when the source itself could not make sense of it: it goes to quarantine as it is.
        drafts: set when the source has understood it: its events, which land all or not at all. Such a record counts
            once, however many events it is.
        labels: lines for the tier's labels, which land with the events.
        filtered: why the contract has no event for it; "" if it has.
    """

    raw: bytes
    position: str
    arrived_at: datetime | None = None
    rejection: Rejection | None = None
    drafts: tuple[Draft, ...] | None = None
    labels: tuple[bytes, ...] = ()
    filtered: str = ""


@dataclass(frozen=True)
class LandedBatch:
    """What to write for a batch, and what became of each record.

    Attributes:
        objects: key in the landing tier -> gzipped JSON Lines.
        counts: every element of an array is a record of its own; blank records are none.
        reasons: quarantine reason -> number of records.
        first_of: quarantine reason -> position and detail of the first such record.
        events: event type -> number of events in the objects.
        filtered: reason -> number of records that the contract has no event for; they are not in `counts`.
        left_out: optional field -> number of events that landed without it, because it breaks a rule.
        labels: number of human labels in the objects.
    """

    objects: dict[str, bytes]
    counts: Counts
    reasons: dict[str, int]
    first_of: dict[str, str]
    events: dict[str, int] = field(default_factory=dict)
    filtered: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    labels: int = 0


def land(
    records: Sequence[SourceRecord],
    arrived_at: datetime,
    start: datetime,
    origin: str,
    erased: Erased = NOTHING_ERASED,
) -> LandedBatch:
    """Accepted events by the hour of their time, the others to quarantine by the hour of arrival.

    Byte-identical repeats within an hour of the batch are dropped and counted as duplicates.

    Args:
        records: the batch, in order.
        arrived_at: aware; when the batch arrived, for records without a time of their own.
        start: aware; the first accepted event time.
        origin: begins the objects' names; with a digest of the content it makes them unique.
        erased: whose events are counted and not kept.
    """
    batch = _Batch(start, erased)
    for record in records:
        batch.add(record, record.arrived_at or arrived_at)
    return batch.landed(origin)


def gzip_lines(lines: Iterable[bytes]) -> bytes:
    """JSON Lines, gzipped without a clock in the header: the same lines give the same bytes."""
    return gzip.compress(b"".join(line + b"\n" for line in lines), compresslevel=_LEVEL, mtime=0)


class _Batch:
    """Adds up a batch: what to write per hour, and what became of each record."""

    def __init__(self, start: datetime, erased: Erased) -> None:
        self._start, self._erased = start, erased
        self._gone: defaultdict[EventHour, set[bytes]] = defaultdict(set)
        self._erasures: Counter[EventHour] = Counter()
        self._quarantine_erasures: Counter[EventHour] = Counter()
        self._lines: defaultdict[EventHour, dict[bytes, None]] = defaultdict(dict)
        self._repeats: Counter[EventHour] = Counter()
        self._quarantine: defaultdict[EventHour, list[bytes]] = defaultdict(list)
        self._labels: dict[bytes, None] = {}
        self._profiles: dict[str, dict[str, object]] = {}
        self._accepted = self._duplicates = self._erased_records = 0
        self._reasons: Counter[str] = Counter()
        self._first_of: dict[str, str] = {}
        self._events: Counter[str] = Counter()
        self._filtered: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def add(self, record: SourceRecord, arrival: datetime) -> None:
        """One record."""
        if record.filtered:
            self._filtered[record.filtered] += 1
        elif record.drafts is not None:
            self._add_drafts(record, record.drafts, arrival)
        else:
            for answer in _answers(record, arrival, self._start):
                if isinstance(answer, Rejection):
                    self._reject(answer, record.position, arrival)
                elif is_erased(answer.line, self._erased):
                    self._count(is_new=self._erase(answer), is_gone=True)
                else:
                    self._count(is_new=self._keep(answer), is_gone=False)

    def landed(self, origin: str) -> LandedBatch:
        """The objects and the counts of all that was added."""
        # An hour of which everything is erased keeps an object, so that the counts of landing still close.
        hours = sorted({*self._lines, *self._erasures})
        objects = dict(
            _object(LANDING_EVENTS, hour, origin, self._lines[hour], self._repeats[hour], self._erasures[hour])
            for hour in hours
        )
        objects |= dict(
            _object(LANDING_QUARANTINE, hour, origin, self._quarantine[hour], 0, self._quarantine_erasures[hour])
            for hour in sorted({*self._quarantine, *self._quarantine_erasures})
        )
        if self._labels:
            digest = content_digest(b"\n".join(self._labels), _DIGEST)
            objects[f"{LANDING_LABELS}/{origin}-{digest}.jsonl.gz"] = gzip_lines(self._labels)
        quarantined = self._reasons.total()
        return LandedBatch(
            objects=objects,
            counts=Counts(
                self._accepted + self._duplicates + quarantined + self._erased_records,
                self._accepted,
                self._duplicates,
                quarantined,
                self._erased_records,
            ),
            reasons=dict(sorted(self._reasons.items())),
            first_of=self._first_of,
            events=dict(sorted(self._events.items())),
            filtered=dict(sorted(self._filtered.items())),
            left_out=dict(sorted(self._left_out.items())),
            labels=len(self._labels),
        )

    def _add_drafts(self, record: SourceRecord, drafts: tuple[Draft, ...], arrival: datetime) -> None:
        """All events of the record, or its one rejection with the bytes that the source gave."""
        try:
            sealed = [seal(draft, arrival, self._start) for draft in drafts]
        except RefusalError as error:
            self._reject(Rejection(error.reason, error.detail, record.raw), record.position, arrival)
            return
        is_new = is_gone = False
        for event, left_out in sealed:
            if event.event_type == "user" and self._is_known_profile(event):
                continue
            if is_erased(event.line, self._erased):
                is_gone = self._erase(event) or is_gone
                continue
            if left_out:
                self._left_out.update(left_out)
            is_new = self._keep(event) or is_new
        has_labels = bool(record.labels) and not is_gone and self._add_labels(record.labels)
        self._count(is_new=is_new or has_labels or is_gone, is_gone=is_gone and not is_new and not has_labels)

    def _add_labels(self, labels: Iterable[bytes]) -> bool:
        """Whether one of them is new."""
        before = len(self._labels)
        self._labels.update(dict.fromkeys(line for line in labels if not is_erased(line, self._erased)))
        return len(self._labels) > before

    def _count(self, *, is_new: bool, is_gone: bool) -> None:
        if not is_new:
            self._duplicates += 1
        elif is_gone:
            self._erased_records += 1
        else:
            self._accepted += 1

    def _is_known_profile(self, event: Event) -> bool:
        """Whether the batch holds this very profile: networks repeat the author's in every post."""
        user_id = str(event.data["user_id"])
        if self._profiles.get(user_id) == event.data:
            return True
        self._profiles[user_id] = event.data
        return False

    def _erase(self, event: Event) -> bool:
        """Count an erased event where it would have landed; False for a repeat within the batch."""
        gone = self._gone[event.hour]
        if event.line in gone:
            self._repeats[event.hour] += 1
            return False
        gone.add(event.line)
        self._erasures[event.hour] += 1
        return True

    def _keep(self, event: Event) -> bool:
        hour = event.hour
        lines = self._lines[hour]
        if event.line in lines:
            self._repeats[hour] += 1
            return False
        lines[event.line] = None
        self._events[event.event_type] += 1
        return True

    def _reject(self, rejection: Rejection, position: str, arrival: datetime) -> None:
        if is_erased(rejection.raw, self._erased):
            self._erased_records += 1
            self._quarantine_erasures[EventHour.of(arrival)] += 1
            return
        self._reasons[rejection.reason] += 1
        self._first_of.setdefault(rejection.reason, f"{position}: {rejection.detail}")
        self._quarantine[EventHour.of(arrival)].append(_quarantine_line(rejection, position, arrival))


def _answers(record: SourceRecord, arrived_at: datetime, start: datetime) -> list[Event | Rejection]:
    if record.rejection is not None:
        return [record.rejection]
    if not record.raw.strip():
        return []
    return parse_record(record.raw, arrived_at, start)


def _object(
    kind: str, hour: EventHour, origin: str, lines: Collection[bytes], duplicates: int, erased: int
) -> tuple[str, bytes]:
    digest = content_digest(b"\n".join(lines), _DIGEST)
    name = landing_name(f"{origin}-{digest}", rows=len(lines), duplicates=duplicates, erased=erased)
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
