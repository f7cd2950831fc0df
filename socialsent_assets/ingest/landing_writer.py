"""Batches of a file into the landing tier, so that the same file twice is the same landing.

A stream's records have an arrival time; a file's do not. So each batch of a file has a small manifest,
`batches/<digest of its records>.json`, with the time of its first arrival and the objects that it wrote. A batch
that comes again takes that time, hence the same names and bytes, and replaces what it wrote before: ingested again
with another mapping, what was quarantined is landed and no longer quarantined.

Not here: what is valid (domain/events/), reading files (reading.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.domain.events.event import Event, parse_record
from socialsent_assets.domain.events.landing import LandedBatch, SourceRecord, land
from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, parse_landing_name
from socialsent_assets.domain.events.times import format_time, parse_time
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.lake.storage.base import Storage

MANIFESTS = "batches"
# A batch of unsorted events makes an object in every hour that it touches, so batches are as big as memory allows.
BATCH_RECORDS = 100_000
BATCH_BYTES = 32 * 1024 * 1024


@dataclass
class Landed:
    """What became of the records landed so far.

    Attributes:
        lines: records as the source gave them; an array on one line is one line and several records.
        counts: of records.
        reasons, first_of: see `LandedBatch`.
        already_there: accepted records that had landed before, in the same objects.
        changed: event hours of which landing is another now.
        too_old: quarantined for an event time before the start; `oldest` is the earliest of those times.
        events, filtered, left_out, labels: see `LandedBatch`.
    """

    lines: int = 0
    counts: Counts = field(default_factory=Counts.none)
    reasons: Counter[str] = field(default_factory=Counter)
    first_of: dict[str, str] = field(default_factory=dict)
    already_there: int = 0
    changed: set[EventHour] = field(default_factory=set)
    too_old: int = 0
    oldest: datetime | None = None
    events: Counter[str] = field(default_factory=Counter)
    filtered: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    labels: int = 0


class LandingZone:
    """Lands the batches of one run and adds up what became of them.

    Args:
        storage: the landing tier.
        start: aware; the first accepted event time.
        now: aware; when records arrive that have not arrived before.
        erased: whose events are counted and not landed.
    """

    def __init__(self, storage: Storage, start: datetime, now: datetime, erased: Erased = NOTHING_ERASED) -> None:
        self._storage, self._start, self._now, self._erased = storage, start, now, erased
        self._seen: set[str] = set()
        self.landed = Landed()

    def land(self, records: Sequence[SourceRecord]) -> None:
        """Land one batch. Raises OSError if the storage cannot be written; the batch can then be landed again."""
        digest = _digest(records)
        manifest = f"{MANIFESTS}/{digest}.json"
        arrived_at, before = self._read(manifest)
        batch = land(records, arrived_at, self._start, f"file-{digest}", self._erased)
        self.landed.lines += len(records)
        if digest in self._seen:  # records that come twice in one run are in the lake once
            self.landed.counts += Counts(batch.counts.records, 0, batch.counts.records, 0)
            self.landed.filtered.update(batch.filtered)
            return
        self._replace(manifest, arrived_at, before, batch)
        self._seen.add(digest)
        self._add(records, arrived_at, batch)

    def _read(self, manifest: str) -> tuple[datetime, list[str]]:
        try:
            content = json.loads(self._storage.read(manifest))
        except FileNotFoundError:
            return self._now, []
        return parse_time(content["arrived_at"]), content["objects"]

    def _replace(self, manifest: str, arrived_at: datetime, before: Sequence[str], batch: LandedBatch) -> None:
        # The manifest names old and new objects first, so that none is forgotten if this process is killed.
        self._write_manifest(manifest, arrived_at, [*before, *batch.objects])
        for key, content in batch.objects.items():
            if self._storage.write(key, content):
                self._note_change(key)
            elif name := parse_landing_name(key.rpartition("/")[2]):
                self.landed.already_there += name.rows if key.startswith(f"{LANDING_EVENTS}/") else 0
        for key in sorted(set(before) - set(batch.objects)):
            self._storage.delete(key)
            self._note_change(key)
        self._write_manifest(manifest, arrived_at, batch.objects)

    def _note_change(self, key: str) -> None:
        hour = EventHour.from_path(key)
        if hour is not None and key.startswith(f"{LANDING_EVENTS}/"):
            self.landed.changed.add(hour)

    def _write_manifest(self, manifest: str, arrived_at: datetime, objects: Iterable[str]) -> None:
        content = {"arrived_at": format_time(arrived_at), "objects": sorted(set(objects))}
        self._storage.write(manifest, json.dumps(content, sort_keys=True, indent=1).encode())

    def _add(self, records: Sequence[SourceRecord], arrived_at: datetime, batch: LandedBatch) -> None:
        self.landed.counts += batch.counts
        self.landed.reasons.update(batch.reasons)
        self.landed.events.update(batch.events)
        self.landed.filtered.update(batch.filtered)
        self.landed.left_out.update(batch.left_out)
        self.landed.labels += batch.labels
        self.landed.first_of = {**batch.first_of, **self.landed.first_of}
        if "event_time_out_of_range" in batch.reasons:
            old = list(_times_before(self._start, records, arrived_at))
            self.landed.too_old += len(old)
            self.landed.oldest = min([*old, self.landed.oldest or self._start])


def batches(records: Iterable[SourceRecord]) -> Iterator[list[SourceRecord]]:
    """Records in batches of bounded size; the same records make the same batches.

    Raises:
        BrokenFileError: from `records`, after the batch of what could be read.
    """
    batch: list[SourceRecord] = []
    size = 0
    try:
        for record in records:
            batch.append(record)
            size += len(record.raw)
            if len(batch) >= BATCH_RECORDS or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except BrokenFileError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _digest(records: Sequence[SourceRecord]) -> str:
    digest = hashlib.sha256()
    for record in records:
        digest.update(b"%d:%s" % (len(record.raw), record.raw))
    return digest.hexdigest()[:16]


def _times_before(start: datetime, records: Sequence[SourceRecord], arrived_at: datetime) -> Iterator[datetime]:
    ever = datetime.min.replace(tzinfo=start.tzinfo)
    for record in records:
        if record.drafts is not None:
            yield from (draft.event_time for draft in record.drafts if draft.event_time < start)
        elif record.rejection is None and record.raw.strip():
            for answer in parse_record(record.raw, arrived_at, ever):
                if isinstance(answer, Event) and answer.event_time < start:
                    yield answer.event_time
