"""What a job wrote for an event hour, from which input and with which counts: one small JSON per job and hour.

A receipt is written last, so an hour without one was never finished. It carries no clock, so that a
repeated run leaves the same bytes. Receipts chain by content: the input of scoring is what cleansing wrote.

Not here: which hours are stale (lake/staleness.py), how a partition is replaced (lake/commit.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.lake import hours_under
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.parallel import each

RECEIPTS = "_receipts"  # Parquet readers skip names that start with an underscore


@dataclass(frozen=True)
class Receipt:
    """One finished hour of one job.

    Attributes:
        job: `cleanse` or `score`.
        input_version: fingerprint of what was read (landing objects, or the outputs of the job before).
        code_version: changes when the job would write other rows for the same input.
        counts: records in = accepted + duplicates + quarantined.
        rows: rows written, by table.
        outputs: SHA-256 of every object written, by key in the job's tier.
        measures: numbers and small mappings worth plotting (quarantined by reason, mean polarity, …).
    """

    job: str
    hour: EventHour
    input_version: str
    code_version: str
    counts: Counts
    rows: Mapping[str, int]
    outputs: Mapping[str, str]
    measures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def output_version(self) -> str:
        """Digest of everything written; `empty` if the hour holds no row."""
        if not self.outputs:
            return "empty"
        lines = [f"{key}\t{digest}" for key, digest in sorted(self.outputs.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def to_json(self) -> bytes:
        """Canonical bytes: sorted keys, no clock."""
        content = {**asdict(self), "hour": self.hour.key}
        return json.dumps(content, sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Receipt:
        """The inverse of `to_json`. Raises ValueError for anything else (json errors are ValueErrors)."""
        values = json.loads(content)
        try:
            return cls(
                job=values["job"],
                hour=EventHour.from_key(values["hour"]),
                input_version=values["input_version"],
                code_version=values["code_version"],
                counts=Counts(**values["counts"]),
                rows=values["rows"],
                outputs=values["outputs"],
                measures=values["measures"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a receipt: {error}") from error


def receipt_key(job: str, hour: EventHour) -> str:
    """Where the receipt of a job and hour stands in the job's tier."""
    return f"{RECEIPTS}/{hour.path}/{job}.json"


def read_receipt(tier: Storage, job: str, hour: EventHour) -> Receipt | None:
    """The receipt of an hour; None if the hour was never finished or its receipt cannot be read.

    An unreadable receipt counts as none, because building the hour again is always safe.
    """
    try:
        return Receipt.from_json(tier.read(receipt_key(job, hour)))
    except (FileNotFoundError, ValueError):
        return None


def read_receipts(tier: Storage, job: str, hours: Iterable[EventHour]) -> list[Receipt]:
    """The receipts of those of `hours` that have one, in order."""
    found = each(tier, lambda hour: read_receipt(tier, job, hour), hours)
    return [receipt for receipt in found if receipt is not None]


def write_receipt(tier: Storage, receipt: Receipt) -> None:
    """Replace the receipt of the hour: the last write of a job."""
    tier.write(receipt_key(receipt.job, receipt.hour), receipt.to_json())


def drop_receipt(tier: Storage, job: str, hour: EventHour) -> None:
    """Take the receipt away before the hour's objects are replaced, so that a kill in between leaves it stale."""
    tier.delete(receipt_key(job, hour))


def receipted_hours(tier: Storage) -> list[EventHour]:
    """Hours that have a receipt folder, in order."""
    return hours_under(tier, RECEIPTS)
