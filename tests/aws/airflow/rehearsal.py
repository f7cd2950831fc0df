"""A code location with the jobs that the DAG names, whose bodies end immediately, with the outcome that a test chose.

The outcome of an hour is in the file `$REHEARSAL/<hour>`: `fail once`, `wait` (until the file is deleted), or
nothing. There is a job `cleanse_hours` and a job `score_hours`; the location `bare` of the workspace has none.
"""

import os
import time
from pathlib import Path

import dagster as dg

DAYS = dg.DailyPartitionsDefinition("2026-01-01", timezone="UTC", end_offset=2)


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def cleansed(context: dg.AssetExecutionContext) -> None:
    """Ends as its hour's file prescribes."""
    day, _, number = context.run.tags["socialsent/hours"].partition("T")
    asked = Path(os.environ["REHEARSAL"]) / f"{day}-{number}:00"
    if asked.is_file() and asked.read_text() == "fail once":
        asked.unlink()
        raise OSError("disk full")
    while asked.exists():
        time.sleep(0.1)


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run(), deps=[cleansed])
def scored() -> None:
    """Nothing."""


defs = dg.Definitions(
    assets=[cleansed, scored],
    jobs=[dg.define_asset_job("cleanse_hours", [cleansed]), dg.define_asset_job("score_hours", [scored])],
    executor=dg.in_process_executor,
)
bare = dg.Definitions()
