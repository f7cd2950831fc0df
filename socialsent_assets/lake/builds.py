"""Receipts: what a job wrote for an event hour, from which input and with which counts; one row per job and hour.

They are rows of two tables, `cleansed.builds` and `analytics.lake_hours`, committed after the tables that they vouch
for. The snapshot that holds them names the snapshots of those tables (pins), so that a reader finds the tables of one
run together. A scoring pins the cleansed tables as they are then, with their receipts: other runs may have cleansed
hours in there that are not scored yet. Waiting for them could take for ever on a busy lake, so these hours are named
(`BuildState.unscored`), and whoever joins texts with their scores leaves them alone until they are scored.

The tables of receipts are read whole, and cached until a table changes: deciding what is stale costs the same number
of requests with ten hours of history or ten thousand. A receipt carries no clock, so a repeated run leaves the same
row.

Not here: which hours are stale (lake/staleness.py), commits of the tables themselves (lake/iceberg/commit.py).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import BUILDS, EVENT_HOUR, LAKE_HOURS, TABLES, Table
from socialsent_assets.lake.build_cache import Pointers, keep_state, kept_state, pointers_of
from socialsent_assets.lake.iceberg.commit import Change, overtaken_hours, replace_hours
from socialsent_assets.lake.iceberg.data_files import write_runs
from socialsent_assets.lake.iceberg.scan import ScannedFile, files_of
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

PINS = "socialsent.pins"
"""Key of a snapshot's summary: JSON, `{"cleansed.posts": snapshot id, …}`."""

RECEIPT_TABLES: Mapping[str, Table] = {"cleanse": BUILDS, "score": LAKE_HOURS}
"""Job -> table of its receipts."""

_ERASED = "erased_records"

Pins = Mapping[str, int]


@dataclass(frozen=True)
class Receipt:
    """One finished hour of one job.

    Attributes:
        job: `cleanse` or `score`.
        input_version: fingerprint of what was read (landing objects, or the output of the job before).
        output_version: changes whenever the rows written can be others.
        code_version: changes when the job would write other rows for the same input.
        counts: records in = accepted + duplicates + quarantined + erased.
        rows: rows written, by table.
        measures: numbers and small mappings worth plotting (quarantined by reason, mean polarity, …).
        held_version: `attempt_version` of a build that was undone; it is not repeated while it would be the same.
        lake_version: of `score` alone: digest of everything that the marts read of the hour.
    """

    job: str
    hour: EventHour
    input_version: str
    output_version: str
    code_version: str
    counts: Counts
    rows: Mapping[str, int]
    measures: Mapping[str, Any] = field(default_factory=dict)
    held_version: str | None = None
    lake_version: str | None = None

    def to_row(self) -> dict[str, Any]:
        """As a row of its table."""
        erased = {_ERASED: self.counts.erased} if self.counts.erased else {}
        row: dict[str, Any] = {
            EVENT_HOUR: self.hour.start,
            # As the marts have them: what is erased is told by the measures alone.
            "records": self.counts.records - self.counts.erased,
            "accepted": self.counts.accepted,
            "duplicates": self.counts.duplicates,
            "quarantined": self.counts.quarantined,
            "input_version": self.input_version,
            "output_version": self.output_version,
            "code_version": self.code_version,
            "rows_by_table": json.dumps(dict(self.rows), sort_keys=True),
            "measures": json.dumps({**self.measures, **erased}, sort_keys=True),
            "held_version": self.held_version,
        }
        if self.job == "score":
            row |= {"scored": self.rows.get("sentiment", 0), "lake_version": self.lake_version}
        return row

    @classmethod
    def from_row(cls, job: str, row: Mapping[str, Any]) -> Receipt:
        """The inverse of `to_row`."""
        hour, measures = row[EVENT_HOUR], json.loads(row["measures"])
        erased = measures.pop(_ERASED, 0)
        return cls(
            job=job,
            hour=EventHour.from_key(hour) if isinstance(hour, str) else EventHour.of(hour),
            input_version=row["input_version"],
            output_version=row["output_version"],
            code_version=row["code_version"],
            counts=Counts(row["records"] + erased, row["accepted"], row["duplicates"], row["quarantined"], erased),
            rows=json.loads(row["rows_by_table"]),
            measures=measures,
            held_version=row.get("held_version"),
            lake_version=row.get("lake_version"),
        )


@dataclass(frozen=True)
class BuildState:
    """Snapshot of everything that the lake records about its builds.

    Attributes:
        cleanse, score: receipts by hour, in order.
        pins: table (`cleansed.posts`) -> snapshot, of the last finished cleansing.
        scored_pins: the same of the last finished scoring: the cleansed tables that it read, and its own.
        unscored: hours that are newer in `scored_pins` than their scores there, or have none.
        unfinished: hours that a commit changed after the pins: a run is at work on them, or was killed.
        files: data files of the pinned snapshots that are on this machine, to notice when one is lost or damaged.
        lost: hours, with their tier, of which the pinned snapshots hold other numbers of rows than the receipts.
    """

    cleanse: Mapping[EventHour, Receipt] = field(default_factory=dict)
    score: Mapping[EventHour, Receipt] = field(default_factory=dict)
    pins: Pins = field(default_factory=dict)
    scored_pins: Pins = field(default_factory=dict)
    unscored: frozenset[EventHour] = frozenset()
    unfinished: frozenset[EventHour] = frozenset()
    files: Sequence[KnownFile] = ()
    lost: Mapping[EventHour, str] = field(default_factory=dict)

    def receipts(self, job: str) -> Mapping[EventHour, Receipt]:
        """Receipts of `cleanse` or `score`."""
        return self.cleanse if job == "cleanse" else self.score

    def unscored_now(self) -> frozenset[EventHour]:
        """Hours that are newer in the tables as they are now than their scores there, have none, or are unfinished.

        What `unscored` is to a reader of the pinned snapshots, for one that cannot read a snapshot of its choice.
        """
        return _unscored(self.cleanse, self.score) | self.unfinished

    def damaged(self) -> dict[EventHour, str]:
        """Hours of data files that are missing or were changed, and hours of which rows are missing, with the tier.

        Looks at sizes and times alone, so it costs 2 µs a file; files in S3 are not looked at.
        """
        found: dict[EventHour, str] = dict(self.lost)
        for file in self.files:
            if not file.is_whole():
                built = self.cleanse if file.tier == "cleansed" else self.score
                hours = (hour for hour in built if file.first <= hour <= file.last)
                found |= {hour: file.tier for hour in hours if found.get(hour) != "cleansed"}
        return found


@dataclass(frozen=True)
class KnownFile:
    """A data file on this machine.

    Attributes:
        size: in bytes, from the manifest.
        changed_ns: time of its last change when it was first seen; a data file never changes.
        first, last: hours that it may hold.
    """

    tier: str
    path: str
    size: int
    changed_ns: int
    first: EventHour
    last: EventHour

    def is_whole(self) -> bool:
        """Whether it is there, with its size, and was not written again."""
        return _size_and_time(self.path) == (self.size, self.changed_ns)


def _size_and_time(path: str) -> tuple[int, int]:
    """Size in bytes and time of the last change; zeros for a file that is missing."""
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    return found.st_size, found.st_mtime_ns


def read_builds(lake: Lake) -> BuildState:
    """What was built, as of now. Reads nothing but the catalog's pointers while no table has changed.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    pointers = pointers_of(lake)
    if not pointers:
        return BuildState()
    found = _states.get(lake.catalog)
    if found is not None and found[0] == pointers:
        return found[1]
    kept = kept_state(lake, pointers)
    state = _from_json(kept) if kept is not None else _read(lake, pointers)
    if kept is None:
        keep_state(lake, pointers, _to_json(state))
    _states[lake.catalog] = (pointers, state)
    return state


_states: dict[Any, tuple[Pointers, BuildState]] = {}


def write_receipts(
    lake: Lake,
    job: str,
    receipts: Sequence[Receipt],
    pins: Pins,
    run: str,
    action: str = "build",
    follows: int | None = None,
) -> None:
    """Commit the receipts of these hours, and with them the pins: the last commit of a job, which ends its turn.

    `follows`: the snapshot that began the turn (turns.py). Raises as `replace_hours`.
    """
    import pyarrow as pa

    table = RECEIPT_TABLES[job]
    loaded, folder = lake.table(table), lake.folder(table)
    schema = arrow_schema_of(loaded)
    ordered = sorted(receipts, key=lambda receipt: receipt.hour)
    rows = ((receipt.hour, pa.RecordBatch.from_pylist([receipt.to_row()], schema=schema)) for receipt in ordered)
    hours = {receipt.hour for receipt in receipts}
    replace_hours(
        loaded,
        folder,
        Change(
            hours,
            list(write_runs(folder, schema, rows)),
            run,
            action,
            {PINS: json.dumps(pins, sort_keys=True)},
            follows,
        ),
    )


def receipts_of(
    lake: Lake, job: str, hours: Collection[EventHour]
) -> tuple[dict[EventHour, Receipt], dict[str, int]]:
    """Receipts of some hours, and the pins, as of now; reads the files of these hours alone, whatever the history."""
    table = lake.table(RECEIPT_TABLES[job])
    found = (receipt for file in files_of(table, hours) for receipt in _receipts_in(job, table, file.path))
    return {receipt.hour: receipt for receipt in found if receipt.hour in hours}, pins_of(job, table)


def output_version(*parts: str | None) -> str:
    """Digest of everything that decides the rows of an hour."""
    return hashlib.sha256("\n".join(part or "" for part in parts).encode()).hexdigest()[:16]


def table_name(table: Table) -> str:
    """Key of a table in the pins: `cleansed.posts`."""
    return f"{table.tier}.{table.name}"


def _read(lake: Lake, pointers: Pointers) -> BuildState:
    """Reads the tables that exist; a reader may lack the right to create one."""
    loaded = {
        job: lake.table(table) if table_name(table) in pointers else None for job, table in RECEIPT_TABLES.items()
    }
    pins, scored_pins = pins_of("cleanse", loaded["cleanse"]), pins_of("score", loaded["score"])
    unfinished: set[EventHour] = set()
    files: list[KnownFile] = []
    receipts = {job: _receipts(job, loaded[job]) for job in RECEIPT_TABLES}
    scored_from = _receipts_scored(loaded["cleanse"], scored_pins.get(table_name(BUILDS)), receipts["cleanse"])
    lost: dict[EventHour, str] = {}
    for table in TABLES:
        if table not in RECEIPT_TABLES.values() and table_name(table) in pointers:
            pinned = (pins if table.tier == "cleansed" else scored_pins).get(table_name(table))
            loaded_table = lake.table(table)
            unfinished |= overtaken_hours(loaded_table, pinned, run="")
            if pinned is not None:
                found = files_of(loaded_table, snapshot_id=pinned)
                built = receipts["cleanse" if table.tier == "cleansed" else "score"]
                for hour in _hours_without_rows(table, built, found):
                    lost.setdefault(hour, table.tier)
                if not lake.tier(table.tier).is_remote:
                    files += [_known(table, file) for file in found]
    return BuildState(
        cleanse=receipts["cleanse"],
        score=receipts["score"],
        pins=pins,
        scored_pins=scored_pins,
        unscored=_unscored(scored_from, receipts["score"]),
        unfinished=frozenset(unfinished),
        files=files,
        lost=lost,
    )


def _receipts_scored(
    cleansed: IcebergTable | None, snapshot_id: int | None, newest: Mapping[EventHour, Receipt]
) -> Mapping[EventHour, Receipt]:
    """Receipts of the cleansings that the last finished scoring pinned; `newest` where their snapshot has expired."""
    if cleansed is None or snapshot_id is None:
        return {}
    if cleansed.snapshot_by_id(snapshot_id) is None:
        return newest
    return _receipts("cleanse", cleansed, snapshot_id)


def _unscored(cleansed: Mapping[EventHour, Receipt], scored: Mapping[EventHour, Receipt]) -> frozenset[EventHour]:
    """Hours whose receipts of both jobs are not of one cleansing; one whose build was undone is not scored again."""
    return frozenset(
        hour
        for hour, receipt in cleansed.items()
        if receipt.held_version is None
        and (hour not in scored or scored[hour].input_version != receipt.output_version)
    )


def _known(table: Table, file: ScannedFile) -> KnownFile:
    changed_ns = _size_and_time(file.path)[1]
    return KnownFile(table.tier, file.path, int(file.entry.file_size_in_bytes), changed_ns, file.first, file.last)


def _hours_without_rows(
    table: Table, receipts: Mapping[EventHour, Receipt], files: Sequence[ScannedFile]
) -> list[EventHour]:
    """Hours of which a snapshot does not hold the rows that were built, by the numbers in manifests and receipts.

    Files may share hours, so what is compared are the hours that one file, or files which overlap, reach over.
    """
    expected = {hour: rows for hour, receipt in receipts.items() if (rows := receipt.rows.get(table.name, 0))}
    if sum(expected.values()) == sum(file.rows for file in files):
        return []
    spans: list[tuple[EventHour, EventHour, int]] = []
    for file in files:  # in the order of their first hours
        if spans and file.first <= spans[-1][1]:
            first, last, rows = spans.pop()
            spans.append((first, max(last, file.last), rows + file.rows))
        else:
            spans.append((file.first, file.last, file.rows))
    whole: set[EventHour] = set()
    for first, last, rows in spans:
        within = {hour for hour in expected if first <= hour <= last}
        if sum(expected[hour] for hour in within) == rows:
            whole |= within
    return sorted(set(expected) - whole)


def pins_of(job: str, table: IcebergTable | None) -> dict[str, int]:
    """Pins that the current snapshot of a table of receipts names, and itself; {} if there is none."""
    snapshot = None if table is None else table.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return {}
    text = snapshot.summary.additional_properties.get(PINS)
    pins = {str(key): int(value) for key, value in json.loads(text).items()} if text else {}
    return {**pins, table_name(RECEIPT_TABLES[job]): snapshot.snapshot_id}


def _receipts(job: str, table: IcebergTable | None, snapshot_id: int | None = None) -> dict[EventHour, Receipt]:
    """All receipts of a job, in a snapshot or now. What was read of a data file before is not read again."""
    if table is None:
        return {}
    before = _by_file.get(job, {})
    found = {
        file.path: before.get(file.path) or _receipts_in(job, table, file.path)
        for file in files_of(table, snapshot_id=snapshot_id)
    }
    _by_file[job] = found if snapshot_id is None else {**before, **found}
    receipts = sorted((receipt for group in found.values() for receipt in group), key=lambda receipt: receipt.hour)
    return {receipt.hour: receipt for receipt in receipts}


_by_file: dict[str, dict[str, list[Receipt]]] = {}


def _receipts_in(job: str, table: IcebergTable, path: str) -> list[Receipt]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with table.io.new_input(path).open() as source:
            content = source.read()
    except FileNotFoundError as error:
        return _lost_receipts(path, error)  # any other error may be over in a moment, and is the caller's
    try:
        return [Receipt.from_row(job, row) for row in pq.read_table(pa.BufferReader(content)).to_pylist()]
    except (OSError, pa.ArrowInvalid) as error:
        return _lost_receipts(path, error)


def _lost_receipts(path: str, error: Exception) -> list[Receipt]:
    """Without receipts its hours are stale, so they are built again, and the next commit drops the file."""
    logging.getLogger(__name__).warning("%s cannot be read, so its hours are built again: %s", path, error)
    return []


def _to_json(state: BuildState) -> dict[str, Any]:
    return {
        "cleanse": [_json_row(receipt) for receipt in state.cleanse.values()],
        "score": [_json_row(receipt) for receipt in state.score.values()],
        "pins": dict(state.pins),
        "scored_pins": dict(state.scored_pins),
        "unscored": sorted(hour.key for hour in state.unscored),
        "unfinished": sorted(hour.key for hour in state.unfinished),
        "files": [
            [file.tier, file.path, file.size, file.changed_ns, file.first.key, file.last.key] for file in state.files
        ],
        "lost": {hour.key: tier for hour, tier in state.lost.items()},
    }


def _json_row(receipt: Receipt) -> dict[str, Any]:
    return {**receipt.to_row(), EVENT_HOUR: receipt.hour.key}


def _from_json(kept: Mapping[str, Any]) -> BuildState:
    jobs = {
        job: {receipt.hour: receipt for receipt in (Receipt.from_row(job, row) for row in kept[job])}
        for job in RECEIPT_TABLES
    }
    return BuildState(
        cleanse=jobs["cleanse"],
        score=jobs["score"],
        pins=kept["pins"],
        scored_pins=kept["scored_pins"],
        unscored=frozenset(EventHour.from_key(key) for key in kept["unscored"]),
        unfinished=frozenset(EventHour.from_key(key) for key in kept["unfinished"]),
        files=[
            KnownFile(tier, path, size, changed_ns, EventHour.from_key(first), EventHour.from_key(last))
            for tier, path, size, changed_ns, first, last in kept["files"]
        ],
        lost={EventHour.from_key(key): tier for key, tier in kept["lost"].items()},
    )
