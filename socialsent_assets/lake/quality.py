"""Does an hour on disk keep its promises? Contract, keys, ranges and counts of single tables, over given hours.

Every function reads the objects of exactly the hours it is given, so its cost does not grow with the history.

Not here: which of these block a run (defs/checks/), tests of the marts (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, EVENT_HOUR, QUARANTINE, Table
from socialsent_assets.lake.builds import Pins, Receipt, read_builds
from socialsent_assets.lake.iceberg.schema import iceberg_schema
from socialsent_assets.lake.lake import Lake, fingerprint
from socialsent_assets.lake.landing_stats import stock_of
from socialsent_assets.lake.storage.base import ObjectInfo
from socialsent_assets.lake.table_rows import rows_of

if TYPE_CHECKING:
    from pyiceberg.schema import Schema

_NAMED = 5  # hours or columns named in a verdict


@dataclass(frozen=True)
class Verdict:
    """What one check found: `detail` is a sentence, `measures` are numbers worth plotting."""

    passed: bool
    detail: str
    measures: Mapping[str, float | int] = field(default_factory=dict)


def columns_match(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:  # noqa: ARG001 - see below
    """Names and types of the columns are those of domain/tables.py, for every hour: a table has one schema."""
    wanted = _columns(iceberg_schema(table))
    found = _columns(lake.table(table).schema())
    words = _difference(wanted, found)
    if not words:
        return Verdict(True, f"the table has exactly the {len(wanted)} columns of the contract")
    return Verdict(False, f"the table breaks the contract: {words}")


def keys_are_unique(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:
    """No key of the table occurs twice within these hours (an event has one hour, so it cannot be in two)."""
    key = ", ".join(table.key)
    query = f"select coalesce(sum(n - 1), 0) from (select count(*) as n from rows group by {key} having count(*) > 1)"  # noqa: S608
    repeated = _one(lake, table, hours, query)
    return Verdict(repeated == 0, f"{repeated} rows repeat ({key})", {"repeated rows": repeated})


def required_are_filled(lake: Lake, table: Table, hours: Sequence[EventHour]) -> Verdict:
    """No null in a column that the contract requires."""
    required = [column.name for column in table.columns if column.required]
    sums = ", ".join(f"count(*) - count({name})" for name in required)
    with rows_of(lake, table, hours, _pins(lake, table)) as connection:
        nulls = dict(zip(required, connection.execute(f"select {sums} from rows").fetchone() or [], strict=True))  # noqa: S608
    bad = {name: count for name, count in nulls.items() if count}
    words = ", ".join(f"{name} ({count})" for name, count in list(bad.items())[:_NAMED])
    return Verdict(not bad, f"nulls in {words}" if bad else f"{len(required)} required columns have no null", bad)


def in_range(lake: Lake, table: Table, hours: Sequence[EventHour], rule: str) -> Verdict:
    """Every row obeys `rule`, an SQL condition over the columns of the table; null counts as broken."""
    broken = _one(lake, table, hours, f"select count(*) - count(*) filter (where {rule}) from rows")  # noqa: S608
    return Verdict(broken == 0, f"{broken} rows break: {rule}", {"rows": broken})


def rows_as_counted(lake: Lake, table: Table, hours: Sequence[EventHour], job: str) -> Verdict:
    """Every hour holds the number of rows in its receipt."""
    receipts = read_builds(lake).receipts(job)
    counted = f"select {EVENT_HOUR}, count(*) from rows group by 1"  # noqa: S608
    with rows_of(lake, table, hours, _pins(lake, table)) as connection:
        held = {EventHour.of(hour): int(count) for hour, count in connection.execute(counted).fetchall()}
    bad = []
    for hour in hours:
        receipt, rows = receipts.get(hour), held.get(hour, 0)
        if receipt is None and rows:
            bad.append(f"{hour}: rows without a receipt")
        elif receipt is not None and receipt.rows.get(table.name, 0) != rows:
            bad.append(f"{hour}: {rows} rows, receipt says {receipt.rows.get(table.name, 0)}")
    total = sum(held.values())
    detail = "; ".join(bad[:_NAMED]) if bad else f"{total} rows, equal to the receipts"
    return Verdict(not bad, detail, {"rows": total})


def records_add_up(lake: Lake, hours: Sequence[EventHour]) -> Verdict:
    """Records landed = rows accepted + duplicates dropped + quarantined, for every hour, from three sources.

    Landed comes from the names of the landing objects, accepted and quarantined from what the receipt claims
    to have written; `rows_as_counted` holds those against the objects.
    """
    bad: list[str] = []
    receipts, landed = read_builds(lake).cleanse, lake.landed_by_hour(set(hours))
    sums = {"records": 0, "accepted": 0, "duplicates": 0, "quarantined": 0, "erased": 0}
    for hour in hours:
        receipt = receipts.get(hour)
        if receipt is None:
            continue
        for name in sums:
            sums[name] += getattr(receipt.counts, name)
        bad += [f"{hour}: {words}" for words in _miscounts(landed.get(hour, []), receipt)]
    parts = " + ".join(f"{sums[name]} {name}" for name in ("accepted", "duplicates", "quarantined", "erased"))
    words = f"{sums['records']} in = {parts}"
    return Verdict(not bad, "; ".join(bad[:_NAMED]) if bad else words, sums)


def quarantine_rate(lake: Lake, hours: Sequence[EventHour], limit: float) -> Verdict:
    """At most the share `limit` of the landed records of these hours is quarantined."""
    receipts = read_builds(lake).cleanse
    counts = [receipts[hour].counts for hour in hours if hour in receipts]
    records, bad = sum(c.records for c in counts), sum(c.quarantined for c in counts)
    rate = bad / records if records else 0.0
    detail = f"{bad} of {records} records are quarantined ({rate:.2%}, limit {limit:.0%})"
    return Verdict(rate <= limit, detail, {"rate": rate, "quarantined": bad, "records": records})


def _miscounts(landed: Sequence[ObjectInfo], receipt: Receipt) -> list[str]:
    found: list[str] = []
    accepted = sum(receipt.rows.get(table.name, 0) for table in CLEANSED_EVENTS)
    if accepted != receipt.counts.accepted:
        found.append(f"{accepted} rows in the tables, {receipt.counts.accepted} counted as accepted")
    quarantined = receipt.rows.get(QUARANTINE.name, 0)
    if quarantined != receipt.counts.quarantined:
        found.append(f"{quarantined} rows in quarantine, {receipt.counts.quarantined} counted")
    stock = stock_of(landed)
    # Landing may have moved on since the job read it; then the hour is stale and will be counted again.
    if stock.uncounted == 0 and receipt.input_version == fingerprint(landed) and stock.rows != receipt.counts.records:
        found.append(f"{stock.rows} records landed, {receipt.counts.records} were read")
    return found


def _columns(schema: Schema) -> list[tuple[str, str]]:
    return [(field.name, str(field.field_type)) for field in schema.fields]


def _difference(wanted: list[tuple[str, str]], found: list[tuple[str, str]]) -> str:
    if wanted == found:
        return ""
    missing = [f"{name} {kind}" for name, kind in wanted if (name, kind) not in found]
    extra = [f"{name} {kind}" for name, kind in found if (name, kind) not in wanted]
    if not missing and not extra:
        return ""  # a column that was added later comes last
    return (
        f"missing {', '.join(missing[:_NAMED]) or 'none'}; not in the contract {', '.join(extra[:_NAMED]) or 'none'}"
    )


def _one(lake: Lake, table: Table, hours: Sequence[EventHour], query: str) -> int:
    with rows_of(lake, table, hours, _pins(lake, table)) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _pins(lake: Lake, table: Table) -> Pins:
    builds = read_builds(lake)
    return builds.pins if table.tier == "cleansed" else builds.scored_pins
