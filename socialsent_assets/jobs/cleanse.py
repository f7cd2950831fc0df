"""Landing -> cleansed/{posts,comments,users,interactions} and cleansed/quarantine, hour by hour.

One read, one shuffle and one write for all of them. An hour is built from all of its landing, whenever that
arrived, so repeats are found exactly; then its files are put in place and its receipt is written last.

Not here: the rules for a line (read_landing.py), the files (partition_writer.py), Dagster (defs/cleansed.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, parse_landing_name
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE
from socialsent_assets.jobs.batching import in_slices
from socialsent_assets.jobs.engines.engine import Engine
from socialsent_assets.jobs.normalise import normaliser
from socialsent_assets.jobs.partition_writer import StagedHour, TableFile
from socialsent_assets.jobs.read_landing import TABLE_OF
from socialsent_assets.lake.commit import promote, staging
from socialsent_assets.lake.lake import Lake, fingerprint
from socialsent_assets.lake.receipts import Receipt, drop_receipt, write_receipt
from socialsent_assets.lake.staleness import cleanse_code_version
from socialsent_assets.lake.storage.base import ObjectInfo
from socialsent_assets.lake.storage.parallel import each

if TYPE_CHECKING:
    import pyarrow as pa

JOB = "cleanse"
SLICE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class LandedHour:
    """What stood in landing for an hour when the job looked; exactly this is read."""

    hour: EventHour
    objects: tuple[ObjectInfo, ...]

    @property
    def size(self) -> int:
        """Bytes of all objects, as stored."""
        return sum(info.size for info in self.objects)

    @property
    def announced(self) -> int | None:
        """Lines that the objects' names announce; None if somebody else named one of them."""
        names = [parse_landing_name(info.key.rpartition("/")[2]) for info in self.objects]
        return None if None in names else sum(name.rows for name in names if name is not None)


def cleanse(engine: Engine, lake: Lake, hours: Sequence[EventHour]) -> list[Receipt]:
    """Rebuild the cleansed tables of these hours from their landing; one receipt per hour, in order.

    An hour whose landing is gone is emptied. Safe to repeat: the same landing gives the same bytes.
    """
    landed = each(lake.landing, lambda hour: LandedHour(hour, tuple(lake.landed(hour))), sorted(set(hours)))
    return [
        receipt
        for batch in in_slices(landed, lambda hour: hour.size, SLICE_BYTES)
        for receipt in _cleanse_slice(engine, lake, batch)
    ]


def _cleanse_slice(engine: Engine, lake: Lake, landed: Sequence[LandedHour]) -> list[Receipt]:
    objects = [info for hour in landed for info in hour.objects]
    with staging(lake.cleansed) as area:
        staged = engine.cleanse(lake.landing, objects, area, _table_files()) if objects else []
        return each(
            lake.cleansed,
            lambda hour: _publish(lake, hour, {done.table: done for done in staged if done.hour == hour.hour}),
            landed,
        )


def _table_files() -> dict[str, TableFile]:
    tables = {table.name: table for table in CLEANSED_EVENTS}
    files = {name: TableFile(tables[name], derive=normaliser(kind)) for kind, name in TABLE_OF.items()}
    return {**files, QUARANTINE.name: TableFile(QUARANTINE, unique=False, measure=_by_reason)}


def _by_reason(rows: pa.RecordBatch) -> Mapping[str, int]:
    return Counter(rows.column("reason").to_pylist())


def _publish(lake: Lake, landed: LandedHour, staged: Mapping[str, StagedHour]) -> Receipt:
    drop_receipt(lake.cleansed, JOB, landed.hour)
    outputs: dict[str, str] = {}
    for table in (*CLEANSED_EVENTS, QUARANTINE):
        done = staged.get(table.name)
        outputs.update(promote(lake.cleansed, table.name, landed.hour, done.file if done else None))
    receipt = _receipt(landed, staged, outputs)
    write_receipt(lake.cleansed, receipt)
    return receipt


def _receipt(landed: LandedHour, staged: Mapping[str, StagedHour], outputs: Mapping[str, str]) -> Receipt:
    rows = {table.name: staged[table.name].rows if table.name in staged else 0 for table in CLEANSED_EVENTS}
    quarantined = staged.get(QUARANTINE.name)
    accepted = sum(rows.values())
    duplicates = sum(done.duplicates for done in staged.values())
    set_aside = quarantined.rows if quarantined else 0
    return Receipt(
        job=JOB,
        hour=landed.hour,
        input_version=fingerprint(landed.objects),
        code_version=cleanse_code_version(),
        counts=Counts(accepted + duplicates + set_aside, accepted, duplicates, set_aside),
        rows={**rows, QUARANTINE.name: set_aside},
        outputs=outputs,
        measures={
            "quarantined_by_reason": dict(quarantined.measures) if quarantined else {},
            "announced_records": landed.announced,
            "landing_objects": len(landed.objects),
        },
    )
