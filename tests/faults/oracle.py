"""Oracle: what was sent, compared with every tier when a schedule has ended, and with what a reader saw meanwhile.

Lost: an event that was sent and is in no table. Doubled: one that is there twice, or counts that close by luck.
Torn: rows of two runs side by side. Every difference is one line that names the ids.

Not here: the schedule (schedule.py), what was sent (sent_events.py).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from socialsent_assets.domain.events.layout import EventHour, parse_landing_name
from socialsent_assets.domain.tables import CLEANSED_EVENTS, COMMENTS, POSTS, SENTIMENT
from socialsent_assets.lake.builds import BuildState, read_builds, table_name
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.quarantine_stats import quarantine_stock
from socialsent_assets.lake.storage.base import Storage
from tests.faults.faulty_lake import FaultyLake, rows_at
from tests.faults.marts_in_memory import MartsInMemory
from tests.faults.sent_events import ID_OF, Sent, SentEvent

_SHOWN = 4
Key = tuple[str, str]


class Violation(AssertionError):
    """A promise that was broken: `kind` is lost, doubled, torn, hung, counts, kept, deletion or crash."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


@dataclass
class Erasure:
    """The person or text to erase.

    Attributes:
        must_go: events that name the person or text by an id.
        may_go: events that name a text of the person: they go if that text had landed by then.
    """

    identity: str = ""
    must_go: set[str] = field(default_factory=set)
    may_go: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, sent: Sent, identity: str, *, is_user: bool) -> Erasure:
        """Of a person or a text."""
        named = {event.event_id for event in sent.events.values() if event.names(identity)}
        if not is_user:
            return cls(identity, named)
        by = [e for e in sent.events.values() if identity in (e.data.get("author_id"), e.data.get("actor_id"))]
        own = {event.data[ID_OF[event.kind]] for event in by}
        about_own = {e.event_id for e in sent.events.values() if any(e.names(one) for one in own)}
        return cls(identity, named, about_own - named)


@dataclass
class Deliveries:
    """Batches that the consumer was given: by the origin of their objects, the records with what each holds."""

    by_origin: dict[str, Sequence[tuple[str | None, ...]]] = field(default_factory=dict)

    def add(self, records: Sequence[Mapping[str, Any]], holds: Mapping[bytes, tuple[str | None, ...]]) -> None:
        """A batch, as the event has it; a shard's records are a batch of their own."""
        by_shard: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for record in records:
            by_shard[record["eventID"].partition(":")[0]].append(record)
        for shard, found in by_shard.items():
            first, last = (found[place]["kinesis"]["sequenceNumber"] for place in (0, -1))
            self.by_origin[f"{shard}-{first}-{last}"] = [holds[base64.b64decode(r["kinesis"]["data"])] for r in found]


def check_end(
    lake: Lake,
    landing: Storage,
    marts: MartsInMemory,
    sent: Sent,
    deliveries: Deliveries,
    erasure: Erasure,
    positions: int,
) -> None:
    """Compare every tier. Raises Violation with the first difference.

    `positions` is the number of parts that are no event, over all records that the stream took.
    """
    builds = read_builds(lake)
    _check_landing(landing, sent, deliveries, erasure)
    _check_quarantine(landing, positions)
    _check_tables(lake, builds, sent, erasure)
    _check_counts(landing, builds, sent, deliveries)
    _check_marts(marts, sent, erasure)
    if erasure.identity:
        _check_erased(lake, landing, marts, erasure)


def check_reader(lake: Lake, builds: BuildState) -> None:
    """What a reader sees by the pins of one state: rows as many as counted, and each text with its score."""
    for receipts, pins, tables in (
        (builds.cleanse, builds.pins, CLEANSED_EVENTS),
        (builds.score, builds.scored_pins, (SENTIMENT,)),
    ):
        hours = [hour for hour in receipts if hour not in builds.unfinished]
        for table in tables:
            found = rows_at(lake, table, hours, pins.get(table_name(table)))
            for hour in hours:
                rows, counted = len(found.get(hour, ())), receipts[hour].rows.get(table.name, 0)
                if rows != counted:
                    raise Violation("torn", f"{table.name} of {hour} has {rows} rows, its receipt counted {counted}")
    hours = [hour for hour in builds.score if hour not in builds.unfinished and hour not in builds.unscored]
    pins = builds.scored_pins
    texts = _ids(rows_at(lake, table, hours, pins.get(table_name(table))) for table in (POSTS, COMMENTS))
    scored = _ids([rows_at(lake, SENTIMENT, hours, pins.get(table_name(SENTIMENT)))])
    if texts != scored:
        raise Violation("torn", f"texts and scores of one pin differ: {_some(texts ^ scored)}")


@dataclass
class Seen:
    """Events that readers have seen in one place: none of them may vanish again, except by an erasure."""

    events: set[str] = field(default_factory=set)

    def check(self, where: str, now: set[str], erasure: Erasure) -> None:
        """Raise Violation if something that was there is gone."""
        vanished = self.events - now - erasure.must_go - erasure.may_go
        if vanished:
            raise Violation("lost", f"a reader saw them in {where}, and they vanished: {_some(vanished)}")
        self.events |= now


def pinned_events(lake: Lake, builds: BuildState) -> set[str]:
    """Events of the cleansed tables by the pins of one state."""
    return _ids(
        rows_at(lake, table, list(builds.cleanse), builds.pins.get(table_name(table))) for table in CLEANSED_EVENTS
    )


def check_marts_reader(marts: MartsInMemory) -> None:
    """What a reader of the marts sees: each text with its score, each hour with its version."""
    content = marts.content
    texts = _ids(content.get(table.name, {}) for table in (POSTS, COMMENTS))
    scored = _ids([content.get(SENTIMENT.name, {})])
    if texts != scored:
        raise Violation("torn", f"texts and scores of the marts differ: {_some(texts ^ scored)}")


def lines_of(landing: Storage, kind: str) -> Iterable[tuple[str, list[bytes]]]:
    """(key, lines) of every landing object of a kind."""
    for info in landing.walk(kind):
        yield info.key, gzip.decompress(landing.read(info.key)).split(b"\n")[:-1]


def readable(
    rows: Iterable[Mapping[str, Any]], deletions: Iterable[Mapping[str, Any]], labels: Iterable[Mapping[str, Any]]
) -> set[Key]:
    """(id, event_id) of the texts that a mart may show: the newest version of each, not taken back or taken down."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        identity = str(row.get("comment_id") or row["post_id"])
        before = newest.get(identity)
        if before is None or (row["event_time"], row["event_id"]) > (before["event_time"], before["event_id"]):
            newest[identity] = row
    gone = {(str(row["subject_id"]), row.get("subject_kind")) for row in deletions}
    names = ("subject_id", "subject_kind", "labeler_id", "label_value")
    standing = {
        tuple(row.get(name) for name in names): not row.get("withdrawn")
        for row in sorted(labels, key=lambda row: (row["event_time"], row["event_id"]))
    }
    gone |= {
        (str(subject), kind)
        for (subject, kind, _, value), stands in standing.items()
        if stands and value in ("!takedown", "!hide")
    }

    def is_gone(identity: str, kind: str, author: object) -> bool:
        return bool(gone & {(identity, None), (identity, kind), (str(author), "user")})

    return {
        (identity, row["event_id"])
        for identity, row in newest.items()
        if not row.get("deleted")
        and not is_gone(identity, "comment" if row.get("comment_id") else "post", row["author_id"])
    }


def _check_landing(landing: Storage, sent: Sent, deliveries: Deliveries, erasure: Erasure) -> None:
    objects = dict(lines_of(landing, "events"))
    there = {json.loads(line)["event_id"] for lines in objects.values() for line in lines}
    lost = set(sent.events) - there - erasure.must_go - erasure.may_go
    if lost:
        raise Violation("lost", f"not in landing: {_some(lost)}")
    for key, lines in objects.items():
        hour, name = EventHour.from_path(key), parse_landing_name(key.rpartition("/")[2])
        if name is None or name.rows != len(lines):
            raise Violation("counts", f"{key} holds {len(lines)} lines")
        for line in lines:
            event_id = json.loads(line)["event_id"]
            if event_id not in sent.events or sent.events[event_id].hour != hour:
                raise Violation("counts", f"{event_id} is in {key}, where it does not belong")
        records = deliveries.by_origin.get(name.origin.rpartition("-")[0])
        if records is None:
            raise Violation("counts", f"{key} is of no batch that was delivered")
        expected = sum(1 for holds in records for one in holds if one is not None and sent.events[one].hour == hour)
        found = name.rows + name.duplicates + name.erased
        if found != expected:
            raise Violation("counts", f"{key} counts {found} events of {expected} in its batch")


def _check_quarantine(landing: Storage, positions: int) -> None:
    stock = quarantine_stock(landing, landing.walk("quarantine"))
    if stock.rows != positions:
        kind = "lost" if stock.rows < positions else "doubled"
        raise Violation(kind, f"{stock.rows} records in quarantine, {positions} in the stream")


def _check_tables(lake: Lake, builds: BuildState, sent: Sent, erasure: Erasure) -> None:
    hours = sorted(builds.cleanse)
    found: dict[str, list[tuple[EventHour, dict[str, Any]]]] = defaultdict(list)
    for table in CLEANSED_EVENTS:
        for hour, rows in rows_at(lake, table, hours, builds.pins.get(table_name(table))).items():
            for row in rows:
                found[row["event_id"]].append((hour, {**row, "table": table.name}))
    doubled = {event_id for event_id, rows in found.items() if len(rows) > 1}
    if doubled:
        raise Violation("doubled", f"more than once in cleansed: {_some(doubled)}")
    lost = set(sent.events) - set(found) - erasure.must_go - erasure.may_go
    if lost:
        raise Violation("lost", f"not in cleansed: {_some(lost)}")
    for event_id, [(hour, row)] in found.items():
        event = sent.events.get(event_id)
        if event is None:
            raise Violation("counts", f"{event_id} is in cleansed and was never sent")
        wrong = [name for name, value in event.data.items() if row[name] != value]
        if hour != event.hour or row["table"] != f"{event.kind}s" or row["event_time"] != event.time or wrong:
            raise Violation("counts", f"{event_id} is another in cleansed: {row['table']} of {hour}, {wrong}")
    current = {t.name: lake.table(t).current_snapshot() for t in CLEANSED_EVENTS}
    for table in CLEANSED_EVENTS:
        snapshot = current[table.name]
        if snapshot is not None and snapshot.snapshot_id != builds.pins.get(table_name(table)):
            last = _ids([rows_at(lake, table, hours, snapshot.snapshot_id)])
            pinned = _ids([rows_at(lake, table, hours, builds.pins.get(table_name(table)))])
            if last != pinned:
                raise Violation("torn", f"{table.name} as it is and as it is pinned differ: {_some(last ^ pinned)}")
    check_reader(lake, builds)


def _check_counts(landing: Storage, builds: BuildState, sent: Sent, deliveries: Deliveries) -> None:
    """sent = rows + duplicates + quarantined + erased, hour by hour, over all deliveries that left an object."""
    delivered: Counter[EventHour] = Counter()
    in_names: Counter[EventHour] = Counter()
    lines: Counter[EventHour] = Counter()
    for info in landing.walk("events"):
        hour, name = EventHour.from_path(info.key), parse_landing_name(info.key.rpartition("/")[2])
        assert hour is not None
        assert name is not None
        records = deliveries.by_origin[name.origin.rpartition("-")[0]]
        delivered[hour] += sum(1 for holds in records for one in holds if one and sent.events[one].hour == hour)
        in_names[hour] += name.duplicates + name.erased
        lines[hour] += name.rows
    for hour, receipt in builds.cleanse.items():
        counts = receipt.counts
        total = counts.accepted + counts.duplicates + counts.quarantined + counts.erased + in_names[hour]
        if counts.quarantined or counts.records != lines[hour] or total != delivered[hour]:
            raise Violation(
                "counts", f"{hour}: {delivered[hour]} delivered, {lines[hour]} lines, {counts} and {in_names[hour]}"
            )


def _check_marts(marts: MartsInMemory, sent: Sent, erasure: Erasure) -> None:
    for table in CLEANSED_EVENTS:
        ids = [row["event_id"] for row in marts.rows(table.name)]
        expected = {e.event_id for e in sent.events.values() if f"{e.kind}s" == table.name} - erasure.must_go
        if len(ids) != len(set(ids)):
            raise Violation(
                "doubled", f"{table.name} of the marts: {_some(one for one, n in Counter(ids).items() if n > 1)}"
            )
        lost = expected - set(ids) - erasure.may_go
        if lost:
            raise Violation("lost", f"not in {table.name} of the marts: {_some(lost)}")
    check_marts_reader(marts)
    shown = readable(
        [*marts.rows("posts"), *marts.rows("comments")], marts.rows("deletions"), marts.rows("moderation_labels")
    )
    texts = [_row(event) for event in sent.events.values() if event.kind in ("post", "comment")]
    taken_back = [_row(event) for event in sent.events.values() if event.kind == "deletion"]
    if not erasure.identity:
        labels = [_row(event) for event in sent.events.values() if event.kind == "moderation_label"]
        expected_shown = readable(texts, taken_back, labels)
        if shown != expected_shown:
            raise Violation(
                "deletion", f"texts that the marts show wrongly: {_some(one for _, one in shown ^ expected_shown)}"
            )


def _check_erased(lake: Lake, landing: Storage, marts: MartsInMemory, erasure: Erasure) -> None:
    left = traces(lake, landing, [erasure.identity])
    if left:
        raise Violation("kept", f"{erasure.identity} is erased and stands in {_some(left)}")
    ids = {row["event_id"] for table in CLEANSED_EVENTS for row in marts.rows(table.name)}
    if ids & erasure.must_go:
        raise Violation("kept", f"erased events are in the marts: {_some(ids & erasure.must_go)}")


def traces(lake: Lake, landing: Storage, needles: Sequence[str]) -> list[str]:
    """Where an id is in landing, or in a data file of a tier, whether a snapshot names it or not."""
    assert isinstance(lake, FaultyLake)
    found = []
    spelled = [f'"{needle}"'.encode() for needle in needles]
    for kind in ("events", "quarantine"):
        for key, lines in lines_of(landing, kind):
            if any(one in line for line in lines for one in spelled):
                found.append(key)
    for tier in (lake.cleansed, lake.analytics):
        for info in tier.walk(""):
            if info.key.endswith(".parquet") and lake.needles_in(tier.read(info.key), needles):
                found.append(info.key)
    return found


def _row(event: SentEvent) -> dict[str, Any]:
    time: datetime = event.time
    return {"event_id": event.event_id, "event_time": time, **event.data}


def _ids(found: Iterable[Mapping[EventHour, list[dict[str, Any]]]]) -> set[str]:
    return {row["event_id"] for hours in found for rows in hours.values() for row in rows}


def _some(ids: Iterable[str]) -> str:
    ordered = sorted(ids)
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return ", ".join(ordered[:_SHOWN]) + more
