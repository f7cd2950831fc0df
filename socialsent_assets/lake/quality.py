"""Does an hour on disk keep its promises? Contract, keys, ranges and counts of single tables, over given hours.

Every function reads the objects of exactly the hours it is given, so its cost does not grow with the history.

Not here: which of these block a run (defs/checks/), tests of the marts (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE, Table
from socialsent_assets.lake.commit import partition_key
from socialsent_assets.lake.duckdb.connection import connected, read_again_if_replaced
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.landing_stats import stock_of
from socialsent_assets.lake.receipts import Receipt, read_receipt
from socialsent_assets.lake.storage.parallel import each

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Arrow's names for the types of domain/tables.py, as Spark writes them to Parquet.
_ARROW_TYPES = {
    "string": "string",
    "timestamp": "timestamp[us, tz=UTC]",
    "boolean": "bool",
    "double": "double",
    "bigint": "int64",
    "int": "int32",
    "array<string>": "list<string>",
}
_NAMED = 5  # hours or columns named in a verdict


@dataclass(frozen=True)
class Verdict:
    """What one check found: `detail` is a sentence, `measures` are numbers worth plotting."""

    passed: bool
    detail: str
    measures: Mapping[str, float | int] = field(default_factory=dict)


def objects_of(lake: Lake, table: Table, hours: Sequence[EventHour]) -> dict[EventHour, str]:
    """Path of the object of each hour that has one, for DuckDB (lake/duckdb/connection.py)."""
    tier = lake.tier(table.tier)
    return {hour: tier.path(key) for hour, key in keys_of(lake, table, hours).items()}


def keys_of(lake: Lake, table: Table, hours: Sequence[EventHour]) -> dict[EventHour, str]:
    """Key, in the table's tier, of the object of each hour that has one."""
    tier = lake.tier(table.tier)
    listed = each(tier, lambda hour: tier.list(table_prefix(table.name, hour)), hours)
    return {
        hour: key
        for hour, objects in zip(hours, listed, strict=True)
        if (key := partition_key(table.name, hour)) in {info.key for info in objects}
    }


@read_again_if_replaced
def columns_match(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:
    """Names, order and types of the columns in every object are those of domain/tables.py."""
    import pyarrow.parquet as pq

    tier = lake.tier(table.tier)

    def columns(key: str) -> list[tuple[str, str]]:
        with tier.open(key) as file:
            return _columns(pq.read_schema(file))

    wanted = [(column.name, _ARROW_TYPES[column.type]) for column in table.columns]
    keys = keys_of(lake, table, hours)
    differing = {
        hour: _difference(wanted, found) for hour, found in zip(keys, each(tier, columns, keys.values()), strict=True)
    }
    bad = {hour: words for hour, words in differing.items() if words}
    if not bad:
        return Verdict(True, f"{len(differing)} objects have exactly the {len(wanted)} columns of the contract")
    hour, words = next(iter(bad.items()))
    return Verdict(False, f"{len(bad)} objects break the contract; {hour}: {words}", {"objects": len(bad)})


@read_again_if_replaced
def keys_are_unique(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:
    """No key of the table stands twice within these hours (an event has one hour, so it cannot be in two)."""
    key = ", ".join(table.key)
    query = f"select coalesce(sum(n - 1), 0) from (select count(*) as n from rows group by {key} having count(*) > 1)"  # noqa: S608
    repeated = _one(lake, table, hours, query)
    return Verdict(repeated == 0, f"{repeated} rows repeat ({key})", {"repeated rows": repeated})


@read_again_if_replaced
def required_are_filled(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:
    """No null in a column that the contract requires."""
    required = [column.name for column in table.columns if column.required]
    sums = ", ".join(f"count(*) - count({name})" for name in required)
    with _rows(lake, table, hours) as connection:
        nulls = dict(zip(required, connection.execute(f"select {sums} from rows").fetchone() or [], strict=True))  # noqa: S608
    bad = {name: count for name, count in nulls.items() if count}
    words = ", ".join(f"{name} ({count})" for name, count in list(bad.items())[:_NAMED])
    return Verdict(not bad, f"nulls in {words}" if bad else f"{len(required)} required columns have no null", bad)


@read_again_if_replaced
def in_range(lake: Lake, table: Table, hours: Sequence[EventHour], rule: str) -> Verdict:
    """Every row obeys `rule`, an SQL condition over the columns of the table; null counts as broken."""
    broken = _one(lake, table, hours, f"select count(*) - count(*) filter (where {rule}) from rows")  # noqa: S608
    return Verdict(broken == 0, f"{broken} rows break: {rule}", {"rows": broken})


@read_again_if_replaced
def rows_as_counted(lake: Lake, table: Table, hours: Sequence[EventHour], job: str) -> Verdict:
    """Every object holds as many rows as the receipt of its hour says."""
    import pyarrow.parquet as pq

    tier = lake.tier(table.tier)

    def row_count(key: str) -> int:
        with tier.open(key) as file:
            return pq.read_metadata(file).num_rows

    objects = keys_of(lake, table, hours)
    held = dict(zip(objects, each(tier, row_count, objects.values()), strict=True))
    receipts = {hour: read_receipt(tier, job, hour) for hour in hours}
    bad = [
        f"{hour}: {held.get(hour, 0)} rows, receipt says {receipt.rows.get(table.name, 0)}"
        for hour, receipt in receipts.items()
        if receipt is not None and receipt.rows.get(table.name, 0) != held.get(hour, 0)
    ]
    bad += [f"{hour}: rows without a receipt" for hour in objects if receipts[hour] is None]
    total = sum(held.values())
    detail = "; ".join(bad[:_NAMED]) if bad else f"{total} rows, as the receipts say"
    return Verdict(not bad, detail, {"rows": total})


def records_add_up(lake: Lake, hours: Sequence[EventHour]) -> Verdict:
    """Records landed = rows accepted + duplicates dropped + quarantined, for every hour, from three sources.

    Landed is what the names of the landing objects say, accepted and quarantined are what the receipt says it
    wrote; `rows_as_counted` holds those against the objects.
    """
    bad: list[str] = []
    sums = {"records": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}
    for hour in hours:
        receipt = read_receipt(lake.cleansed, "cleanse", hour)
        if receipt is None:
            continue
        for name in sums:
            sums[name] += getattr(receipt.counts, name)
        bad += [f"{hour}: {words}" for words in _miscounts(lake, hour, receipt)]
    words = "{records} in = {accepted} accepted + {duplicates} duplicates + {quarantined} quarantined".format(**sums)
    return Verdict(not bad, "; ".join(bad[:_NAMED]) if bad else words, sums)


def quarantine_rate(lake: Lake, hours: Sequence[EventHour], limit: float) -> Verdict:
    """At most the share `limit` of the landed records of these hours is quarantined."""
    receipts = [read_receipt(lake.cleansed, "cleanse", hour) for hour in hours]
    counts = [receipt.counts for receipt in receipts if receipt is not None]
    records, bad = sum(c.records for c in counts), sum(c.quarantined for c in counts)
    rate = bad / records if records else 0.0
    detail = f"{bad} of {records} records are quarantined ({rate:.2%}, limit {limit:.0%})"
    return Verdict(rate <= limit, detail, {"rate": rate, "quarantined": bad, "records": records})


def _miscounts(lake: Lake, hour: EventHour, receipt: Receipt) -> list[str]:
    found: list[str] = []
    accepted = sum(receipt.rows.get(table.name, 0) for table in CLEANSED_EVENTS)
    if accepted != receipt.counts.accepted:
        found.append(f"{accepted} rows in the tables, {receipt.counts.accepted} counted as accepted")
    quarantined = receipt.rows.get(QUARANTINE.name, 0)
    if quarantined != receipt.counts.quarantined:
        found.append(f"{quarantined} rows in quarantine, {receipt.counts.quarantined} counted")
    landed = lake.landed(hour)
    stock = stock_of(landed)
    # Landing may have moved on since the job read it; then the hour is stale and will be counted again.
    if (
        stock.uncounted == 0
        and receipt.input_version == lake.landing_fingerprint(hour)
        and stock.rows != receipt.counts.records
    ):
        found.append(f"{stock.rows} records landed, {receipt.counts.records} were read")
    return found


def _columns(schema: pa.Schema) -> list[tuple[str, str]]:
    return [(column.name, _type_words(column.type)) for column in schema]


def _type_words(kind: pa.DataType) -> str:
    import pyarrow as pa

    return f"list<{kind.value_type}>" if pa.types.is_list(kind) else str(kind)


def _difference(wanted: list[tuple[str, str]], found: list[tuple[str, str]]) -> str:
    if wanted == found:
        return ""
    missing = [f"{name} {kind}" for name, kind in wanted if (name, kind) not in found]
    extra = [f"{name} {kind}" for name, kind in found if (name, kind) not in wanted]
    if not missing and not extra:
        return "the columns stand in another order"
    return (
        f"missing {', '.join(missing[:_NAMED]) or 'none'}; not in the contract {', '.join(extra[:_NAMED]) or 'none'}"
    )


def _one(lake: Lake, table: Table, hours: Sequence[EventHour], query: str) -> int:
    with _rows(lake, table, hours) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _rows(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view `rows` over the objects of these hours; empty, with all columns, if there is none."""
    paths: list[Any] = sorted(objects_of(lake, table, hours).values())
    with connected([lake.tier(table.tier)]) as connection:
        if paths:
            connection.read_parquet(paths, hive_partitioning=False).create_view("rows")
        else:
            columns = ", ".join(f"null::{_DUCKDB_TYPES[column.type]} as {column.name}" for column in table.columns)
            connection.execute(f"create view rows as select {columns} where false")
        yield connection


_DUCKDB_TYPES = {
    "string": "varchar",
    "timestamp": "timestamptz",
    "boolean": "boolean",
    "double": "double",
    "bigint": "bigint",
    "int": "integer",
    "array<string>": "varchar[]",
}
