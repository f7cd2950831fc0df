"""Landing -> cleansed.{posts,comments,users,interactions} and cleansed.quarantine, hour by hour.

One read, one shuffle and one write for all of them. An hour is built from all of its landing, whenever that arrived,
so repeats are found exactly; then each table changes by one commit, and the receipts are committed last.

Not here: the rules for a line (read_landing.py), the files (partition_writer.py), Dagster (defs/cleansed.py).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.erasure import Erased
from socialsent_assets.domain.events.layout import EventHour, parse_landing_name
from socialsent_assets.domain.tables import BUILDS, CLEANSED_EVENTS, QUARANTINE
from socialsent_assets.jobs.engines.engine import Engine
from socialsent_assets.jobs.grouping import Groups, in_slices
from socialsent_assets.jobs.normalise import normaliser
from socialsent_assets.jobs.partition_writer import TableFile, Written
from socialsent_assets.jobs.publish import publish_tables, rebuild_on_conflict
from socialsent_assets.jobs.read_landing import ERASED, TABLE_OF
from socialsent_assets.lake.builds import Receipt, output_version, receipts_of, write_receipts
from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder
from socialsent_assets.lake.iceberg.commit import OvertakenError
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake, fingerprint
from socialsent_assets.lake.staleness import cleanse_code_version
from socialsent_assets.lake.storage.base import ObjectInfo
from socialsent_assets.lake.turns import publishing

if TYPE_CHECKING:
    import pyarrow as pa

JOB = "cleanse"
TABLES = (*CLEANSED_EVENTS, QUARANTINE)
SLICE_BYTES = 256 * 1024 * 1024
GROUP_BYTES = 8 * 1024 * 1024
"""Landing, as stored, that one task sorts and writes: about 100,000 events."""


@dataclass(frozen=True)
class LandedHour:
    """What had landed of an hour when the job looked; exactly this is read."""

    hour: EventHour
    objects: tuple[ObjectInfo, ...]

    @property
    def size(self) -> int:
        """Bytes of all objects, as stored."""
        return sum(info.size for info in self.objects)

    @property
    def announced(self) -> int | None:
        """Line count from the objects' names; None if one of them has a foreign name."""
        names = [parse_landing_name(info.key.rpartition("/")[2]) for info in self.objects]
        return None if None in names else sum(name.rows for name in names if name is not None)


def cleanse(engine: Engine, lake: Lake, hours: Sequence[EventHour], run: str | None = None) -> list[Receipt]:
    """Rebuild the cleansed tables of these hours from their landing; one receipt per hour, in order.

    An hour whose landing is gone is emptied. Safe to repeat: the same landing gives the same rows.

    Raises:
        SparkRunError: Spark was the engine and failed; no table was changed.
        CommitConflictError: other runs rebuilt the same hours at the same time, again and again.
    """

    def build() -> list[Receipt]:
        # Until its files are published or given up: an erasure then finds every file that holds what it erases.
        with consulted_ledger(ledger_folder(lake.landing.uri)) as erased:
            return _cleanse(engine, lake, sorted(set(hours)), run or uuid.uuid4().hex, erased)

    return rebuild_on_conflict(build)


def _cleanse(engine: Engine, lake: Lake, hours: Sequence[EventHour], run: str, erased: Erased) -> list[Receipt]:
    before, _ = receipts_of(lake, JOB, set(hours))
    objects = lake.landed_by_hour(set(hours))
    landed = [LandedHour(hour, tuple(objects.get(hour, ()))) for hour in hours]
    files = _table_files(lake)
    written = Written()
    for batch in in_slices(landed, lambda hour: hour.size, SLICE_BYTES):
        found = [info for hour in batch for info in hour.objects]
        groups = Groups.by_size([(hour.hour, hour.size) for hour in batch], GROUP_BYTES)
        if found:
            written.add(engine.cleanse(lake.landing, found, lake.cleansed.uri, files, groups, erased))
    receipts = [_receipt(hour, written) for hour in landed]
    with publishing(lake, JOB, run) as turn:
        now, _ = receipts_of(lake, JOB, set(hours))
        _check_unbuilt(before, now, receipts)
        pins = publish_tables(lake, turn, TABLES, hours, written.files)
        write_receipts(lake, JOB, receipts, pins, run, follows=turn.snapshot)
    return receipts


def _check_unbuilt(
    before: Mapping[EventHour, Receipt], now: Mapping[EventHour, Receipt], receipts: Sequence[Receipt]
) -> None:
    """Raise OvertakenError if another run built one of these hours meanwhile, from other landing than this run read.

    Which of the two read the newer landing cannot be told, so this one looks again.
    """
    for receipt in receipts:
        other = now.get(receipt.hour)
        if other is not None and other != before.get(receipt.hour) and other.input_version != receipt.input_version:
            raise OvertakenError(f"another run cleansed {receipt.hour} at the same time")


def _table_files(lake: Lake) -> dict[str, TableFile]:
    schemas = {table.name: arrow_schema_of(lake.table(table)) for table in TABLES}
    tables = {table.name: table for table in CLEANSED_EVENTS}
    files = {name: TableFile(tables[name], schemas[name], derive=normaliser(kind)) for kind, name in TABLE_OF.items()}
    quarantine = TableFile(QUARANTINE, schemas[QUARANTINE.name], unique=False, measure=_by_reason, left_out=ERASED)
    return {**files, QUARANTINE.name: quarantine}


def _by_reason(rows: pa.RecordBatch) -> Mapping[str, int]:
    return Counter(rows.column("reason").to_pylist())


def _receipt(landed: LandedHour, written: Written) -> Receipt:
    counts = {table.name: written.count(table, landed.hour) for table in TABLES}
    rows = {name: count.rows for name, count in counts.items()}
    quarantined = rows[QUARANTINE.name]
    accepted = sum(rows[table.name] for table in CLEANSED_EVENTS)
    duplicates = sum(count.duplicates for count in counts.values())
    reasons = dict(counts[QUARANTINE.name].measures)
    erased = reasons.pop(ERASED, 0)
    input_version = fingerprint(landed.objects)
    return Receipt(
        job=JOB,
        hour=landed.hour,
        input_version=input_version,
        # The same landing gives other rows once the ledger has grown: scores of the old ones do not belong to them.
        output_version=output_version(
            input_version, cleanse_code_version(), *([f"{erased} erased"] if erased else [])
        ),
        code_version=cleanse_code_version(),
        counts=Counts(accepted + duplicates + quarantined + erased, accepted, duplicates, quarantined, erased),
        rows={**rows, BUILDS.name: 1},
        measures={
            "quarantined_by_reason": reasons,
            "announced_records": landed.announced,
            "landing_objects": len(landed.objects),
        },
    )
