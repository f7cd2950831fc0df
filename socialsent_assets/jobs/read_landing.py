"""Landing lines as rows: each parsed by the consumer's own parser, and keyed by its table and hour.

The consumer has validated every line that it landed. Landing is a folder that others can write to as well, so
every line is validated again: one that breaks a rule goes to quarantine with its reason. Most lines are recognised
by the column (plain_lines.py); `parse` decides about the others, so every engine gives the verdicts of the consumer.

Not here: the rules (domain/events/), the columns of the tables (normalise.py), reading objects
(landing_lines.py).
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.erasure import ID_FIELDS, NOTHING_ERASED, Erased, is_erased, names_erased
from socialsent_assets.domain.events.event import EVENT_ID, MAX_AHEAD, Event, Rejection, parse, too_large
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.rejection import Reason, RefusalError
from socialsent_assets.domain.events.strict_json import read
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.domain.tables import QUARANTINE
from socialsent_assets.jobs.landing_lines import DamagedObject, TooLargeLine, parts_of
from socialsent_assets.jobs.partition_writer import PARTITION
from socialsent_assets.jobs.plain_lines import recognise
from socialsent_assets.lake.iceberg.data_files import ROWS_PER_GROUP
from socialsent_assets.lake.storage.base import Storage

if TYPE_CHECKING:
    import pyarrow as pa

TABLE_OF = {kind: f"{kind}s" for kind in KINDS}
"""Event type -> cleansed table."""

ERASED = "erased"
"""In the place of a quarantine reason: the row is counted and not written."""

BLOCK_BYTES = 4 * 1024 * 1024
"""Lines per batch: many small objects cost as little as one large one, and memory stays bounded."""

# The hour decides, not the clock: what lies in the folder of an hour belongs to it.
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC) - MAX_AHEAD
_NOT_JSON: tuple[Reason, ...] = ("not_utf8", "not_json", "not_an_object")


@cache
def row_schema() -> pa.Schema:
    """Columns of the rows: PARTITION, the envelope, every field of `data` as text, and what is wrong.

    For a good line: event_id, event_time (text, one spelling), source, the fields of its kind. For a bad one:
    reason, detail, source_object, event_id if it has one, and raw (base64) if it was not a JSON object.
    """
    import pyarrow as pa

    lists = {field.name: field.type == "list of strings" for kind in KINDS.values() for field in kind.fields}
    before, after = (PARTITION, "event_id", "event_time", "source"), ("reason", "detail", "source_object", "raw")
    return pa.schema(
        [
            *((name, pa.string()) for name in before),
            *((name, pa.list_(pa.string()) if is_list else pa.string()) for name, is_list in sorted(lists.items())),
            *((name, pa.string()) for name in after),
        ]
    )


def landing_rows(landing: Storage, keys: Iterable[str], erased: Erased = NOTHING_ERASED) -> Iterator[pa.Table]:
    """A row per line of landing objects, good or bad; objects of one hour go together when they are neighbours.

    A line that belongs to what was erased is a row of quarantine that says no more than the reason ERASED.

    Yields tables of one partition and of those columns of `row_schema` that are not null everywhere in its table.
    """
    block = _Block(erased)
    for key in keys:
        hour = EventHour.from_path(key)
        if hour is None:
            raise ValueError(f"not a landing object: {key}")
        if block.hour != hour:
            yield from block.rows()
            block = _Block(erased, hour)
        for part in parts_of(landing, key):
            block.add(part, key)
            if block.size >= BLOCK_BYTES:
                yield from block.rows()
                block = _Block(erased, hour)
    yield from block.rows()


def full_batches(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Batches of exactly the columns of `row_schema`; those that the rows lack are null."""
    import pyarrow as pa

    schema = row_schema()
    for batch in rows.to_batches(ROWS_PER_GROUP):
        columns = [
            batch.column(field.name) if field.name in batch.schema.names else pa.nulls(batch.num_rows, field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


class _Block:
    """Lines of one hour that are not parsed yet, and the origin of each."""

    def __init__(self, erased: Erased, hour: EventHour | None = None) -> None:
        self.hour = hour
        self._erased = erased
        self.size = 0
        self._texts: list[bytes] = []
        self._sources: list[str] = []
        self._bad: list[dict[str, Any]] = []

    def add(self, part: bytes | TooLargeLine | DamagedObject, key: str) -> None:
        if isinstance(part, bytes):
            self._texts.append(part)
            self._sources.append(key)
            self.size += len(part)
        elif isinstance(part, TooLargeLine):
            refusal = too_large(part.size)
            self._bad.append(_bad_row(refusal.reason, refusal.detail, key))
        else:
            detail = f"the object is damaged after line {part.lines}: {part.problem}"
            self._bad.append({**_bad_row("not_json", detail, key), "raw": _base64(part.rest)})

    def rows(self) -> Iterator[pa.Table]:
        """The rows of every partition in turn."""
        if self.hour is None:
            return
        recognised = recognise(b"".join(self._texts), self.hour)
        judged: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        if self._bad:
            judged[QUARANTINE.name] += self._bad
        for raw, key in self._lines(recognised.doubtful):
            if raw.strip():
                if is_erased(raw, self._erased):
                    table, row = QUARANTINE.name, _bad_row(ERASED, "", "")
                else:
                    table, row = _judged(raw, self.hour, key)
                judged[table].append(row)
        for kind, found in recognised.events.items():
            events = _not_erased(found, self._erased) if self._erased else found
            judged[QUARANTINE.name] += [_bad_row(ERASED, "", "")] * (found.num_rows - events.num_rows)
            if events.num_rows:
                yield _as_text(events, f"{TABLE_OF[kind]}/{self.hour.path}")
        for name, rows in judged.items():
            if not rows:
                continue
            yield _as_rows(rows, name, self.hour)

    def _lines(self, numbers: Sequence[int]) -> Iterator[tuple[bytes, str]]:
        """Lines and their objects by the ascending numbers of the lines in the block."""
        wanted = iter(numbers)
        number = next(wanted, None)
        first = 0
        for text, key in zip(self._texts, self._sources, strict=True):
            count = text.count(b"\n")
            if number is not None and number < first + count:
                lines = text.split(b"\n")
                while number is not None and number < first + count:
                    yield lines[number - first], key
                    number = next(wanted, None)
            first += count


def _not_erased(events: pa.Table, erased: Erased) -> pa.Table:
    """The rows that name nothing erased; every distinct id is looked up once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = pa.chunked_array([pa.repeat(True, events.num_rows)])
    for name in ID_FIELDS.intersection(events.column_names):
        ids = events.column(name)
        gone = [one for one in pc.unique(ids).to_pylist() if one is not None and names_erased(name, one, erased)]
        if gone:
            kept = pc.and_(kept, pc.invert(pc.is_in(ids, value_set=pa.array(gone, ids.type))))
    return events.filter(kept)


def _judged(raw: bytes, hour: EventHour, key: str) -> tuple[str, dict[str, Any]]:
    """Table and row of a line."""
    verdict = parse(raw, arrived_at=_LATEST, start=_EARLIEST)
    if isinstance(verdict, Event):
        if verdict.hour == hour:
            return TABLE_OF[verdict.event_type], _good_row(verdict)
        detail = f"event_time is {format_time(verdict.event_time)}, outside the hour that it landed in"
        verdict = Rejection("event_time_out_of_range", detail, raw)
    row = _bad_row(verdict.reason, verdict.detail, key)
    if verdict.reason in _NOT_JSON:
        row["raw"] = _base64(raw)
    elif verdict.reason != "too_large":
        row["event_id"] = _id_in(raw)
    return QUARANTINE.name, row


def _good_row(event: Event) -> dict[str, Any]:
    fields = {field.name: event.data.get(field.name) for field in KINDS[event.event_type].fields}
    return {
        "event_id": event.event_id,
        "event_time": format_time(event.event_time),
        "source": event.source,
        **{name: _text(value) for name, value in fields.items()},
    }


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _bad_row(reason: str, detail: str, key: str) -> dict[str, Any]:
    return {"event_id": None, "reason": reason, "detail": detail, "source_object": key, "raw": None}


def _id_in(raw: bytes) -> str | None:
    """The event_id of a rejected line, if it can be read."""
    try:
        value = read(raw)
        found = EVENT_ID.normalise(value.get("event_id")) if isinstance(value, dict) else None
    except RefusalError:
        return None
    text = None if found is None else str(found)
    return text if text is None or text.isprintable() else None  # half a surrogate pair has no UTF-8 form


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode("ascii")


def _as_text(events: pa.Table, partition: str) -> pa.Table:
    import pyarrow as pa

    columns = {
        name: column if pa.types.is_string(column.type) or pa.types.is_list(column.type) else column.cast(pa.string())
        for name, column in zip(events.column_names, events.columns, strict=True)
    }
    return pa.table({PARTITION: pa.repeat(partition, events.num_rows), **columns})


def _as_rows(rows: list[dict[str, Any]], table: str, hour: EventHour) -> pa.Table:
    import pyarrow as pa

    names = list(rows[0])
    types = row_schema()
    columns = {name: pa.array([row[name] for row in rows], types.field(name).type) for name in names}
    return pa.table({PARTITION: pa.repeat(f"{table}/{hour.path}", len(rows)), **columns})
