"""Bugs planted in the protocol on purpose: a simulator that finds none of them proves nothing.

Each is a change that anyone could make to the product, with the kinds of violation by which it counts as found.

Not here: the search for them (test_schedules.py, and `--plant` of __main__.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from lambdas.kinesis_consumer.handler import consume
from socialsent_assets.domain.events import landing
from socialsent_assets.domain.events.erasure import NOTHING_ERASED
from socialsent_assets.domain.events.layout import EventHour, landing_key, landing_name
from socialsent_assets.jobs import cleanse, publish, read_landing, score
from socialsent_assets.jobs.engines import process, row_order
from socialsent_assets.jobs.partition_writer import Written
from socialsent_assets.lake import erasure_ledger, turns
from socialsent_assets.lake.builds import read_builds, write_receipts
from socialsent_assets.lake.lake import Lake, fingerprint
from socialsent_assets.lake.turns import Turn
from tests.faults import schedule


@dataclass(frozen=True)
class Plant:
    """A bug: `within` has the product with it, `found_as` are the kinds of violation that it may cause."""

    within: Callable[[Lake], AbstractContextManager[None]]
    found_as: Collection[str]


@contextmanager
def objects_named_by_hour(_lake: Lake) -> Iterator[None]:
    """The consumer names an object by its hour and its number of rows, not by the batch and what is in it."""

    def named(
        kind: str, hour: EventHour, _origin: str, lines: Sequence[bytes], duplicates: int, erased: int
    ) -> tuple[str, bytes]:
        name = landing_name("batch", len(lines), duplicates, erased)
        return landing_key(kind, hour, name), landing.gzip_lines(lines)

    with mock.patch.object(landing, "_object", named):
        yield


@contextmanager
def checkpoint_before_put(_lake: Lake) -> Iterator[None]:
    """The function answers that all is well although an object could not be written."""
    with mock.patch.object(schedule, "consume", lambda *given: replace(consume(*given), failed=())):
        yield


@contextmanager
def duplicates_within_one_object(_lake: Lake) -> Iterator[None]:
    """Cleansing compares the lines of an object with each other, and not with those of the next object."""
    real = read_landing.landing_rows

    def apart(storage: Any, keys: Iterable[str], erased: Any) -> Iterator[Any]:
        for key in keys:
            yield from real(storage, [key], erased)

    def unsorted(rows: Iterable[Any]) -> Iterator[Any]:
        for table in rows:
            yield from read_landing.full_batches(row_order.in_order(table))

    with mock.patch.object(process, "landing_rows", apart), mock.patch.object(process, "_in_memory", unsorted):
        yield


@contextmanager
def receipts_before_tables(lake: Lake) -> Iterator[None]:
    """The receipts of a cleansing are committed before the tables that they vouch for."""
    noted: list[Any] = []

    def written_first(given: Lake, turn: Turn, tables: Any, hours: Any, files: Any) -> Any:
        write_receipts(given, cleanse.JOB, noted[-1](hours, files), read_builds(given).pins, turn.run)
        return publish.publish_tables(given, turn, tables, hours, files)

    def whenever(*given: Any, follows: int | None = None, **named: Any) -> None:
        write_receipts(*given, **named)

    class Noting(Written):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            noted.append(self._receipts)

        def _receipts(self, hours: Collection[EventHour], _files: Any) -> list[Any]:
            objects = lake.landed_by_hour(set(hours))
            return [cleanse._receipt(cleanse.LandedHour(h, tuple(objects.get(h, ()))), self) for h in sorted(hours)]

    with (
        mock.patch.object(cleanse, "publish_tables", written_first),
        mock.patch.object(cleanse, "write_receipts", whenever),
        mock.patch.object(cleanse, "Written", Noting),
    ):
        yield


@contextmanager
def fingerprint_taken_afterwards(lake: Lake) -> Iterator[None]:
    """A receipt names what has landed when it is written, not what was read."""

    def now(objects: Sequence[Any]) -> str:
        hour = EventHour.from_path(objects[0].key) if objects else None
        return fingerprint(objects if hour is None else lake.landed(hour))

    with mock.patch.object(cleanse, "fingerprint", now):
        yield


@contextmanager
def no_look_for_other_runs(_lake: Lake) -> Iterator[None]:
    """A cleansing does not look whether another one built the same hours at the same time."""
    with mock.patch.object(cleanse, "_check_unbuilt"), mock.patch.object(Turn, "check"):
        yield


@contextmanager
def no_turns(_lake: Lake) -> Iterator[None]:
    """A run publishes although another one is at it, and its receipts follow whatever there is.

    The wait alone is no promise: a run that takes the turn of a slow one is what the lease allows, and the slow one
    then notices that its receipts follow nothing any more.
    """

    def whenever(*given: Any, follows: int | None = None, **named: Any) -> None:
        write_receipts(*given, **named)

    with (
        mock.patch.object(turns, "_is_free", return_value=True),
        mock.patch.object(cleanse, "write_receipts", whenever),
        mock.patch.object(score, "write_receipts", whenever),
        mock.patch.object(Turn, "check"),
    ):
        yield


@contextmanager
def ledger_not_consulted(_lake: Lake) -> Iterator[None]:
    """Neither consumer nor cleansing looks into the ledger of erasures."""
    with mock.patch.object(erasure_ledger, "read_ledger", return_value=NOTHING_ERASED):
        yield


@contextmanager
def writers_not_awaited(_lake: Lake) -> Iterator[None]:
    """An erasure does not wait for those who consulted the ledger before it."""
    with mock.patch.object(schedule, "wait_for_writers"):
        yield


PLANTS = {
    "objects-named-by-hour": Plant(objects_named_by_hour, {"lost"}),
    "checkpoint-before-put": Plant(checkpoint_before_put, {"lost"}),
    "duplicates-within-one-object": Plant(duplicates_within_one_object, {"doubled", "torn"}),
    "receipts-before-tables": Plant(receipts_before_tables, {"torn", "lost"}),
    "fingerprint-taken-afterwards": Plant(fingerprint_taken_afterwards, {"lost", "counts", "torn"}),
    "no-look-for-other-runs": Plant(no_look_for_other_runs, {"lost", "torn", "doubled", "counts"}),
    "no-turns": Plant(no_turns, {"lost", "torn", "doubled", "counts"}),
    "ledger-not-consulted": Plant(ledger_not_consulted, {"kept"}),
    "writers-not-awaited": Plant(writers_not_awaited, {"kept"}),
}
