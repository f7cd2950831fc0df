"""The Glue Data Catalog kept in step with the lake: an event hour with an object has a partition, another has none.

Redshift Spectrum and Athena read the partitions that the catalog names and nothing else, so an hour that is built but
not registered is missing from every answer. Receipts say what stands; only the hours that are asked about are looked
at, so the cost does not grow with history. Every call looks first and changes only what differs: a second one
changes nothing, and one that was cut short is finished by the next.

Not here: arguments of the calls (domain/catalog_tables.py), who registers and when (defs/).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from socialsent_assets.aws.client import AwsCallError, explained
from socialsent_assets.domain.catalog_tables import partition_input, partition_values, table_input, table_location
from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.domain.tables import CLEANSED_EVENTS, LAKE_HOURS, QUARANTINE, SENTIMENT, TABLES, Table
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.receipts import Receipt, read_receipt
from socialsent_assets.lake.storage.parallel import each
from socialsent_assets.settings import CatalogSettings

# Limits of one call (Glue API reference: BatchGetPartition, BatchCreatePartition and BatchUpdatePartition,
# BatchDeletePartition).
MOST_READ, MOST_WRITTEN, MOST_DELETED = 1000, 100, 25
_PAUSES_S = (0.5, 2.0, 5.0)  # before another attempt at the items that a batch could not do

# `lake_hours` comes last: a partition of it says that everything else of the hour is registered.
REGISTERED = {"cleanse": (*CLEANSED_EVENTS, QUARANTINE), "score": (SENTIMENT, LAKE_HOURS)}

T = TypeVar("T")


@dataclass(frozen=True)
class Registered:
    """How many partitions were added, pointed elsewhere or removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: Registered) -> Registered:
        return Registered(self.added + other.added, self.changed + other.changed, self.removed + other.removed)

    def __str__(self) -> str:
        return f"Glue Data Catalog: {self.added} partitions added, {self.changed} changed, {self.removed} removed"


class GlueCatalog:
    """The databases of one catalog, through a boto3 client of Glue.

    Args:
        client: see `aws_calls.aws_client`; anything with the same methods will do.
        databases: of the tiers.
        pause: waits that many seconds; replaced in tests.
    """

    def __init__(
        self, client: Any, databases: CatalogSettings, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._glue = client
        self._databases = {"cleansed": databases.cleansed, "analytics": databases.analytics}
        self._pause = pause

    def register(self, lake: Lake, hours: Iterable[EventHour]) -> Registered:
        """Bring the partitions of these hours in step with the receipts, in both tiers.

        An hour without a receipt was never finished: its partitions stay as they are.

        Raises:
            UserError: no permission, or no such database or table; the message says what to do.
            AwsCallError: Glue could not do it, after retries.
        """
        asked = sorted(set(hours))
        done = Registered()
        for job, tables in REGISTERED.items():
            tier = lake.tier(tables[0].tier)
            found = each(tier, partial(read_receipt, tier, job), asked)
            receipts = [receipt for receipt in found if receipt is not None]
            for table in tables:
                done += self._register_table(lake.tier(table.tier).uri, table, receipts)
        return done

    def ensure_tables(self, lake: Lake, tables: Sequence[Table] = TABLES) -> list[str]:
        """Create databases and tables that are missing, bring others to the contract; returns `tier.table` changed.

        A deployment makes them with its stacks; this is for a catalog that has none, and repairs one that drifted.
        Partitions and whatever else a table has stay. Raises as `register`.
        """
        changed = []
        for tier in dict.fromkeys(table.tier for table in tables):
            self._ensure_database(self._databases[tier])
        for table in tables:
            wanted = table_input(table, table_location(lake.tier(table.tier).uri, table))
            names = {"DatabaseName": self._databases[table.tier]}
            with explained("glue", self._name(table)):
                standing = self._standing_table(names["DatabaseName"], table.name)
                if standing is None:
                    self._glue.create_table(**names, TableInput=wanted)
                elif not _agrees(wanted, standing):
                    # The call replaces all parameters; crawlers and engines keep some of their own there.
                    wanted["Parameters"] = {**(standing.get("Parameters") or {}), **wanted["Parameters"]}
                    self._glue.update_table(**names, TableInput=wanted)
                else:
                    continue
            changed.append(f"{table.tier}.{table.name}")
        return changed

    def _register_table(self, tier_uri: str, table: Table, receipts: Sequence[Receipt]) -> Registered:
        wanted, empty = _sorted_out(tier_uri, table, receipts)
        standing = self._partitions(table, [receipt.hour for receipt in receipts])
        missing = [wanted[values] for values in wanted if values not in standing]
        differing = [wanted[v] for v in wanted if v in standing and not _agrees(wanted[v], standing[v])]
        gone = [values for values in empty if values in standing]
        self._in_batches("batch_create_partition", table, "PartitionInputList", missing, MOST_WRITTEN)
        entries = [{"PartitionValueList": item["Values"], "PartitionInput": item} for item in differing]
        self._in_batches("batch_update_partition", table, "Entries", entries, MOST_WRITTEN)
        values_of = [{"Values": list(values)} for values in gone]
        self._in_batches("batch_delete_partition", table, "PartitionsToDelete", values_of, MOST_DELETED)
        return Registered(len(missing), len(differing), len(gone))

    def _partitions(self, table: Table, hours: Sequence[EventHour]) -> dict[tuple[str, ...], dict[str, Any]]:
        """What the catalog has of these hours, by partition values."""
        found: dict[tuple[str, ...], dict[str, Any]] = {}
        for chunk in _chunks([{"Values": partition_values(hour)} for hour in hours], MOST_READ):
            pending = chunk
            for pause in (*_PAUSES_S, None):
                with explained("glue", self._name(table)):
                    answer = self._glue.batch_get_partition(**self._names(table), PartitionsToGet=pending)
                found |= {tuple(item["Values"]): item for item in answer.get("Partitions", [])}
                pending = answer.get("UnprocessedKeys") or []
                if not pending:
                    break
                if pause is None:
                    raise AwsCallError(f"glue did not read {len(pending)} partitions of {self._name(table)}")
                self._pause(pause)
        return found

    def _in_batches(self, call: str, table: Table, argument: str, items: list[dict[str, Any]], most: int) -> None:
        for chunk in _chunks(items, most):
            pending = chunk
            for pause in (*_PAUSES_S, None):
                with explained("glue", self._name(table)):
                    answer = getattr(self._glue, call)(**self._names(table), **{argument: pending})
                errors = _errors(answer, harmless=_DONE_ALREADY.get(call))
                if not errors:
                    break
                if pause is None:
                    raise AwsCallError(f"glue:{call} failed on {self._name(table)}: {_first(errors)}")
                self._pause(pause)
                pending = [item for item in pending if tuple(_values(item)) in errors]

    def _ensure_database(self, name: str) -> None:
        with explained("glue", f"database {name}"):
            try:
                self._glue.get_database(Name=name)
            except self._glue.exceptions.EntityNotFoundException:
                self._glue.create_database(DatabaseInput={"Name": name})

    def _standing_table(self, database: str, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._glue.get_table(DatabaseName=database, Name=name)["Table"])
        except self._glue.exceptions.EntityNotFoundException:
            return None

    def _names(self, table: Table) -> dict[str, str]:
        return {"DatabaseName": self._databases[table.tier], "TableName": table.name}

    def _name(self, table: Table) -> str:
        return f"table {self._databases[table.tier]}.{table.name}"


def _sorted_out(
    tier_uri: str, table: Table, receipts: Sequence[Receipt]
) -> tuple[dict[tuple[str, ...], dict[str, Any]], list[tuple[str, ...]]]:
    """Partitions that the receipts ask for, by values, and the values of hours without an object."""
    wanted: dict[tuple[str, ...], dict[str, Any]] = {}
    empty: list[tuple[str, ...]] = []
    for receipt in receipts:
        values = tuple(partition_values(receipt.hour))
        if _has_object(receipt, table):
            wanted[values] = partition_input(table, tier_uri, receipt.hour)
        else:
            empty.append(values)
    return wanted, empty


def _has_object(receipt: Receipt, table: Table) -> bool:
    # lake_hours holds a digest of the outputs, so it is not one of them: scoring writes it for every hour.
    if table is LAKE_HOURS:
        return True
    folder = table_prefix(table.name, receipt.hour)
    return any(key.startswith(f"{folder}/") for key in receipt.outputs)


def _agrees(wanted: Any, standing: Any) -> bool:
    """Whether everything that is wanted stands; what Glue adds (times, versions, defaults) does not matter."""
    if isinstance(wanted, Mapping):
        return isinstance(standing, Mapping) and all(_agrees(v, standing.get(k)) for k, v in wanted.items())
    if isinstance(wanted, list):
        same_length = isinstance(standing, list) and len(wanted) == len(standing)
        return same_length and all(map(_agrees, wanted, standing))
    return bool(wanted == standing) or (wanted is False and standing is None)


# Somebody else did the same meanwhile: what was to be is.
_DONE_ALREADY = {
    "batch_create_partition": "AlreadyExistsException",
    "batch_delete_partition": "EntityNotFoundException",
}


def _errors(answer: Mapping[str, Any], harmless: str | None) -> dict[tuple[str, ...], str]:
    """Partition values -> what went wrong, of the items that a batch call reports as failed."""
    found = {}
    for item in answer.get("Errors") or []:
        detail = item.get("ErrorDetail") or {}
        if harmless is None or detail.get("ErrorCode") != harmless:
            values = item.get("PartitionValues") or item.get("PartitionValueList") or []
            found[tuple(values)] = f"{detail.get('ErrorCode')}, {detail.get('ErrorMessage')}"
    return found


def _first(errors: Mapping[tuple[str, ...], str]) -> str:
    values, reason = next(iter(errors.items()))
    return f"{len(errors)} partitions, the first {'/'.join(values)} ({reason})"


def _values(item: Mapping[str, Any]) -> list[str]:
    return list(item.get("Values") or item.get("PartitionValueList") or [])


def _chunks(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
