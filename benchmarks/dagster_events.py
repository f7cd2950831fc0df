"""Cost of Dagster's bookkeeping for a run over many days: its own SQLite storage against ours, in one process run.

    python benchmarks/dagster_events.py [--days 24 900] [--stock-days 24]

Assets do nothing, so all that is measured is Dagster: 18 partitioned assets in three steps, about what a refresh has.
Every storage has to report the same materialized days.

"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import yaml

from socialsent_assets.defs.partitions import EVENT_DAYS, RANGE_END, RANGE_START
from socialsent_assets.settings import PROJECT_ROOT

FIRST = date(2021, 1, 1)
TABLES = 6
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def main() -> None:
    """Measure both storages and print CPU seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, nargs="+", default=[24, 900], metavar="N")
    parser.add_argument("--stock-days", type=int, nargs="*", default=[24], metavar="N", help="too slow for many")
    options = parser.parse_args()
    ours = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8"))["storage"]
    print(f"{'days':>6}{'assets':>8}{'stock CPU s':>13}{'ours CPU s':>12}{'ratio':>8}{'ours MB':>9}")
    for days in options.days:
        stock = measure(days, None)[0] if days in options.stock_days else None
        seconds, megabytes = measure(days, ours)
        told = ("-", "-") if stock is None else (f"{stock:.2f}", f"{stock / seconds:.1f}")
        print(f"{days:>6}{3 * TABLES:>8}{told[0]:>13}{seconds:>12.2f}{told[1]:>8}{megabytes:>9.1f}")


def measure(days: int, storage: dict[str, object] | None) -> tuple[float, float]:
    """CPU seconds of one run over that many days, and megabytes that it left."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DAGSTER_HOME"] = folder
        os.environ.pop("DAGSTER_EVENT_BATCH_SIZE", None)
        settings: dict[str, object] = {"telemetry": {"enabled": False}}
        if storage is not None:
            settings["storage"] = storage
        Path(folder, "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        tags = {RANGE_START: FIRST.isoformat(), RANGE_END: (FIRST + timedelta(days=days - 1)).isoformat()}
        job = dg.Definitions(
            assets=[step(number) for number in range(3)], executor=dg.in_process_executor
        ).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.get() as instance:
            before = time.process_time()
            job.execute_in_process(instance=instance, tags=tags, run_config=QUIET)
            spent = time.process_time() - before
            found = instance.get_materialized_partitions(dg.AssetKey(["step2", "table3"]))
        if len(found) != days:
            raise AssertionError(f"{len(found)} of {days} days are materialized")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return spent, size / 1e6


def step(number: int) -> dg.AssetsDefinition:
    """One step that makes six tables of nothing."""
    deps = [dg.AssetKey([f"step{number - 1}", "table0"])] if number else []
    specs = [
        dg.AssetSpec([f"step{number}", f"table{at}"], deps=deps, code_version="1", skippable=True)
        for at in range(TABLES)
    ]

    @dg.multi_asset(
        name=f"step{number}", specs=specs, partitions_def=EVENT_DAYS, backfill_policy=dg.BackfillPolicy.single_run()
    )
    def made() -> object:
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key)

    return made


if __name__ == "__main__":
    main()
