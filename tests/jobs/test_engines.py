"""Engines against each other: the same rows in the same tables; and which of them works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased, ErasedIds
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, POSTS, QUARANTINE, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.auto import AutoEngine
from socialsent_assets.jobs.engines.engine import Engine, TextFiles
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.partition_writer import TableFile, Written
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.erasure_ledger import add_to_ledger, ledger_folder
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from tests.built_lake import rows_of_table
from tests.conftest import Landing, lake_at
from tests.jobs import events
from tests.jobs.test_verdicts import HOSTILE

KEYS = ("2026-11-21-23:00", "2026-11-22-08:00", "2026-11-22-09:00")
HOURS = [EventHour.from_key(key) for key in KEYS]
TABLES = (*CLEANSED_EVENTS, QUARANTINE, SENTIMENT)


def fill(lake: Lake) -> None:
    """Good lines, redeliveries, copies that differ, everything hostile, a cut object and one without a line."""
    landing = Landing(lake)
    for seed, key in enumerate(KEYS):
        lines = events.random_lines(seed, 150, key)
        for part in range(3):
            landing.add(key, lines[part::3], origin=f"part-{part}")
    twice = {**events.post(KEYS[2], hashtags=["a", "b"]), "event_id": "copy"}
    tags: list[list[str]] = [["a"], ["a\0"], ["a", "b"], ["b"], []]
    copies = [{**twice, "data": {**twice["data"], "hashtags": one, "place": place}} for one in tags for place in "yx"]
    landing.add(KEYS[2], copies, origin="copies")
    landing.add(KEYS[2], list(HOSTILE.values()), origin="hostile")
    landing.put(KEYS[0], "cut.jsonl.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00")
    landing.put(KEYS[0], "empty.jsonl.gz", b"")


def built(engine: Engine, root: Path) -> tuple[list[Receipt], dict[str, list[dict[str, Any]]]]:
    lake = lake_at(root)
    fill(lake)
    folder = ledger_folder(lake.landing.uri)
    assert folder is not None
    add_to_ledger(folder, ErasedIds(frozenset(("u-2",))), datetime(2026, 11, 22, tzinfo=UTC), "")
    receipts = [*cleanse(engine, lake, HOURS), *score(engine, lake, HOURS)]
    return receipts, {table.name: rows_of_table(lake, table) for table in TABLES}


def without_versions(receipts: Sequence[Receipt]) -> list[Receipt]:
    """The receipts without fingerprints: an object of a foreign name differs by its inode and time."""
    return [replace(receipt, input_version="", output_version="", lake_version="") for receipt in receipts]


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Receipt], dict[str, list[dict[str, Any]]]]:
    return built(ProcessEngine(workers=2), tmp_path_factory.mktemp("process"))


@pytest.mark.spark
def test_spark_builds_what_the_process_builds(spark: Engine, in_process: Any, tmp_path: Path) -> None:
    """Prevents two pipelines: rows, kept copies and counts may not depend on who did the work."""
    receipts, tables = built(spark, tmp_path)
    assert without_versions(receipts) == without_versions(in_process[0])
    assert any(receipt.counts.erased for receipt in receipts)
    assert _in_order(tables) == _in_order(in_process[1])


def test_a_large_hour_has_the_rows_of_a_small_one_in_several_files(
    in_process: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a copy that is kept twice, or another one that is kept, just because an hour was cut."""
    monkeypatch.setattr("socialsent_assets.jobs.cleanse.GROUP_BYTES", 2_000)
    monkeypatch.setattr("socialsent_assets.jobs.score.GROUP_ROWS", 40)
    monkeypatch.setattr("socialsent_assets.jobs.engines.process.SLICE_BYTES", 1_000)
    receipts, tables = built(ProcessEngine(workers=2), tmp_path)
    assert without_versions(receipts) == without_versions(in_process[0])
    assert _in_order(tables) == _in_order(in_process[1])
    lake = lake_at(tmp_path)
    for table in (POSTS, SENTIMENT):
        assert len(files_of(lake.table(table), {HOURS[2]})) > 1


def test_the_greatest_of_equal_copies_is_kept(in_process: Any) -> None:
    """Prevents a copy that depends on the order of arrival, or on how a list is compared."""
    [kept] = [row for row in in_process[1]["posts"] if row["event_id"] == "copy"]
    assert (kept["hashtags"], kept["place"]) == (["b"], "y")


def test_an_error_in_one_group_ends_the_job_and_changes_no_table(lake: Lake, landing: Landing) -> None:
    """Prevents half of the hours from being committed as if they were all."""
    landing.add(KEYS[0], [events.post(KEYS[0])])
    key = landing.add(KEYS[2], [events.post(KEYS[2])])
    opened = lake.landing.open

    def refuse(name: str) -> Any:
        if name == key:
            raise PermissionError(name)
        return opened(name)

    lake.landing.open = refuse  # type: ignore[assignment, method-assign]
    with pytest.raises(PermissionError):
        cleanse(ProcessEngine(workers=2), lake, HOURS)
    assert rows_of_table(lake, CLEANSED_EVENTS[0]) == []


def test_the_process_builds_without_spark_or_java(tmp_path: Path) -> None:
    """Prevents a JVM, or the second that importing pyspark takes, in a run that needs neither."""
    landing = Landing(lake_at(tmp_path))
    landing.add(KEYS[0], [events.post(KEYS[0]), "broken"])
    program = (
        "import sys; from pathlib import Path; from tests.conftest import lake_at;"
        "from socialsent_assets.domain.events.layout import EventHour;"
        "from socialsent_assets.jobs.cleanse import cleanse; from socialsent_assets.jobs.score import score;"
        "from socialsent_assets.jobs.engines.process import ProcessEngine;"
        "lake, hours = lake_at(Path(sys.argv[1])), [EventHour.from_key(sys.argv[2])];"
        "cleanse(ProcessEngine(), lake, hours); score(ProcessEngine(), lake, hours);"
        "print([m for m in ('pyspark', 'py4j', 'duckdb', 'dagster') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), KEYS[0]], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


class Noted:
    """An engine that only records that it was called."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name = name
        self._calls = calls

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
        erased: Erased = NOTHING_ERASED,
    ) -> Written:
        self._calls.append(self.name)
        return Written()

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        self._calls.append(self.name)
        return Written()


@pytest.mark.parametrize(("size", "name"), [(9, "process"), (10, "spark"), (11, "spark")])
def test_auto_takes_spark_from_its_size_on_and_says_why(lake: Lake, size: int, name: str) -> None:
    """Prevents a JVM for a handful of events, and a day of events in one process."""
    calls: list[str] = []

    def spark() -> Engine:
        calls.append("started")
        return Noted("spark", calls)

    auto = AutoEngine(Noted("process", calls), spark, from_bytes=10, from_texts=10)
    auto.cleanse(lake.landing, [ObjectInfo("a", size - 4, ""), ObjectInfo("b", 4, "")], "", {}, Groups())
    auto.score(TextFiles((), (), frozenset(), size), "", {}, Groups())
    assert calls == (["process"] * 2 if name == "process" else ["started", "spark"] * 2)
    assert [choice for choice, _ in auto.choices] == [name, name]
    assert f"{size} texts, Spark works from 10 on" in auto.choices[1][1]


def _in_order(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the same id, as quarantine has them, by everything that they hold."""
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}
