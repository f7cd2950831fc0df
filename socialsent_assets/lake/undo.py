"""Undo a run: its hours get the rows and receipts of before it, and are not rebuilt automatically.

Landing stays as it is. The earlier rows are committed anew, as a run of its own, so an undo can be undone.

Not here: what a run did (history.py), the marts, which follow by the next build (cli/).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import BUILDS, TABLES, Table
from socialsent_assets.lake.builds import (
    RECEIPT_TABLES,
    BuildState,
    Receipt,
    output_version,
    pins_of,
    read_builds,
    table_name,
    write_receipts,
)
from socialsent_assets.lake.history import RunRecord, run_named, runs_of
from socialsent_assets.lake.iceberg.commit import Change, replace_hours, rows_of_hours
from socialsent_assets.lake.iceberg.data_files import write_runs
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake, fingerprint
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.lake.staleness import attempt_version, cleanse_code_version, score_code_version
from socialsent_assets.lake.turns import Turn, publishing


def undo_run(lake: Lake, run: str) -> list[EventHour]:
    """Restore the hours of a run as they were before it; returns them, in order. Safe to repeat.

    Runs that only scored these hours later are taken back with it: their rows were made from the rows that go.

    Args:
        lake: to change.
        run: id of a run, or the beginning of it.

    Raises:
        UserError: there is no such run, a later one built some of its hours, or it only scored hours that had no
            scores before.
        CommitConflictError: other runs commit to these tables all the time.
    """
    undo = f"undo-{run_named(lake, run).run}"
    with publishing(lake, "cleanse", undo) as cleansing, publishing(lake, "score", undo) as scoring:
        # As the lake is now: another run may have published while this one waited.
        record = run_named(lake, run)
        record = _with_scores(record, _checked_later_runs(lake, record))
        before = {job: _receipts_before(lake, job, record) for job in RECEIPT_TABLES}
        never_scored = set(record.hours) - set(before["score"])
        if _only_scored(record) and never_scored:
            hour = min(never_scored)
            raise UserError(
                f"run {record.run[:8]} scored {hour} for the first time: there are no earlier scores to return to, "
                f"and marts need scores for every text; undo the run that cleansed it{_cleansing_run(lake, hour)}"
            )
        pins: dict[str, int] = {}
        for table in TABLES:
            change = record.tables.get(table_name(table))
            if table not in RECEIPT_TABLES.values() and change is not None:
                snapshot = _restore(lake, table, change.hours, change.before, undo)
                if snapshot is not None:
                    pins[table_name(table)] = snapshot
        for turn in (cleansing, scoring):
            turn.check(lake)
        _write_receipts(lake, record, before, pins, (cleansing, scoring))
        return record.hours


def release_holds(lake: Lake, hours: Collection[EventHour]) -> None:
    """Let hours be built again whose build was undone."""
    if not _held_receipts(read_builds(lake), hours):
        return
    with publishing(lake, "cleanse", "release") as turn:
        builds = read_builds(lake)
        held = _held_receipts(builds, hours)
        if held:
            released = [replace(receipt, held_version=None, input_version="released") for receipt in held]
            write_receipts(lake, "cleanse", released, builds.pins, turn.run, "release", turn.snapshot)


def _held_receipts(builds: BuildState, hours: Collection[EventHour]) -> list[Receipt]:
    return [receipt for hour in hours if (receipt := builds.cleanse.get(hour)) and receipt.held_version]


def held_hours(lake: Lake, hours: Collection[EventHour]) -> set[EventHour]:
    """Those of `hours` whose build was undone, and would be the same again."""
    held = {receipt.hour: receipt.held_version for receipt in _held_receipts(read_builds(lake), hours)}
    if not held:
        return set()
    landed, own = lake.landed_by_hour(held), read_corrections(lake.artifacts).version
    return {
        hour for hour, version in held.items() if version == attempt_version(fingerprint(landed.get(hour, ())), own)
    }


def _checked_later_runs(lake: Lake, record: RunRecord) -> list[RunRecord]:
    """Runs that only scored hours of a run after it. Raises UserError if another one built some of them since."""
    hours, undo = set(record.hours), f"undo-{record.run}"
    later = [
        other
        for other in runs_of(lake)
        if other.ended_at > record.ended_at
        and other.action not in ("compact", "release")
        and other.run != undo  # an undo that was stopped half-way, and is repeated
        and hours & set(other.hours)
    ]
    scorings = [other for other in later if _only_scored(other) and not _only_scored(record)]
    built = [other for other in later if other not in scorings]
    if built:
        raise UserError(
            f"run {built[0].run[:8]} built {built[0].hours[0]} and others of these hours later: undo it first"
        )
    return scorings


def _with_scores(record: RunRecord, scorings: Collection[RunRecord]) -> RunRecord:
    """The run, and what later runs scored of its hours, as one run."""
    hours, tables = set(record.hours), dict(record.tables)
    for scoring in sorted(scorings, key=lambda scoring: scoring.ended_at):
        for name, change in scoring.tables.items():
            first = tables.get(name, change)
            known = first.hours if name in tables else set()
            tables[name] = replace(first, last=change.last, hours=known | (change.hours & hours))
    return replace(record, tables=tables)


def _cleansing_run(lake: Lake, hour: EventHour) -> str:
    """Id of the newest run that cleansed an hour, in brackets; empty if its snapshot is not kept any more."""
    name = table_name(RECEIPT_TABLES["cleanse"])
    found = (run for run in runs_of(lake) if name in run.tables and hour in run.tables[name].hours)
    newest = next(found, None)
    return f" (socialsent undo {newest.run[:8]})" if newest else ""


def _restore(lake: Lake, table: Table, hours: Collection[EventHour], before: int | None, undo: str) -> int | None:
    """Commit the rows that `hours` had in the snapshot `before`; returns the snapshot that has them now."""
    loaded, folder = lake.table(table), lake.folder(table)
    earlier = files_of(loaded, hours, before) if before is not None else []
    files = list(write_runs(folder, arrow_schema_of(loaded), rows_of_hours(loaded, earlier, keep=hours)))
    return replace_hours(loaded, folder, Change(hours, files, undo, action="undo"))


def _receipts_before(lake: Lake, job: str, record: RunRecord) -> Mapping[EventHour, Receipt]:
    table = RECEIPT_TABLES[job]
    change = record.tables.get(table_name(table))
    if change is None or change.before is None:
        return {}
    loaded = lake.table(table)
    found = {}
    for _, rows in rows_of_hours(loaded, files_of(loaded, change.hours, change.before), keep=change.hours):
        for row in rows.to_pylist():
            receipt = Receipt.from_row(job, row)
            found[receipt.hour] = receipt
    return found


def _write_receipts(
    lake: Lake,
    record: RunRecord,
    before: Mapping[str, Mapping[EventHour, Receipt]],
    pins: Mapping[str, int],
    turns: Collection[Turn],
) -> None:
    builds, own = read_builds(lake), read_corrections(lake.artifacts).version
    for turn in turns:
        job = turn.job
        change = record.tables.get(table_name(RECEIPT_TABLES[job]))
        if change is None:
            if job == "cleanse":
                _hold(lake, record.hours, turn, own)
            continue
        receipts = []
        for hour in sorted(change.hours):
            undone = builds.cleanse.get(hour)
            held = (undone.held_version or attempt_version(undone.input_version, own)) if undone is not None else None
            earlier = before[job].get(hour) or _nothing(job, hour, record.run, own)
            receipts.append(replace(earlier, held_version=held if job == "cleanse" else None))
        kept = builds.pins if job == "cleanse" else builds.scored_pins
        changed = {**kept, **pins}
        if job == "score" and table_name(BUILDS) in kept:  # restored a moment ago
            changed[table_name(BUILDS)] = pins_of("cleanse", lake.table(BUILDS))[table_name(BUILDS)]
        write_receipts(lake, job, receipts, changed, turn.run, "undo", turn.snapshot)


def _only_scored(record: RunRecord) -> bool:
    return table_name(RECEIPT_TABLES["cleanse"]) not in record.tables


def _hold(lake: Lake, hours: Collection[EventHour], turn: Turn, own: str) -> None:
    """Keep hours from being scored again: a run that only scored has no receipt of cleansing to restore and hold."""
    builds = read_builds(lake)
    cleansed = [builds.cleanse[hour] for hour in hours if hour in builds.cleanse]
    held = [replace(receipt, held_version=attempt_version(receipt.input_version, own)) for receipt in cleansed]
    if held:
        write_receipts(lake, "cleanse", held, builds.pins, turn.run, "undo", turn.snapshot)


def _nothing(job: str, hour: EventHour, run: str, own: str) -> Receipt:
    """The receipt of an hour that had never been built: no rows, and a version that the marts do not hold yet."""
    version = output_version("undone", run, hour.key)
    return Receipt(
        job=job,
        hour=hour,
        input_version="undone",
        output_version=version,
        code_version=cleanse_code_version() if job == "cleanse" else score_code_version(own),
        counts=Counts.none(),
        rows={RECEIPT_TABLES[job].name: 1},  # itself
        lake_version=version if job == "score" else None,
    )
