"""The script of every Glue job (Glue 5.1: Spark 3.5, Python 3.11): Dagster Pipes in, a job of jobs/ in between.

Glue brings Spark, its configuration and the connector to S3; the wheel brings this package. What was built is not
reported: it is in the lake, receipts included, and the starter of the run reads it there. The numbers of an upkeep go
back as a message.

Not here: what the jobs do (cleanse.py, score.py, lake/upkeep.py), who starts this (resources/glue.py), the file that
Glue loads (infra/glue/run_job.py).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from socialsent_assets.jobs.glue_request import GlueOrder, UpkeepOrder, order_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.lake.upkeep import Upkeep, keep_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from socialsent_assets.lake.builds import Receipt

SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
}
"""What decides the rows: the same as on one machine (spark_session.py). Sizes and parallelism are Glue's."""

_MESSAGES_EVERY_SECONDS = 5.0


def main() -> None:
    """Execute the request in the run's Pipes parameters. Any exception fails the run with its message."""
    from dagster_pipes import PipesCliArgsParamsLoader, PipesS3ContextLoader, PipesS3MessageWriter, open_dagster_pipes

    from socialsent_assets.aws.s3 import s3_client

    with open_dagster_pipes(
        context_loader=PipesS3ContextLoader(s3_client()),
        message_writer=PipesS3MessageWriter(s3_client(), interval=_MESSAGES_EVERY_SECONDS),
        params_loader=PipesCliArgsParamsLoader(),  # type: ignore[no-untyped-call]  # dagster_pipes
    ) as pipes:
        order = order_of(pipes.extras)
        if isinstance(order, UpkeepOrder):
            pipes.report_custom_message([asdict(one) for one in keep_tables_up(order)])
            return
        receipts = run(order, glue_session(), pipes.log.info)
        pipes.log.info(f"{order.job}: {len(receipts)} hours are built")


def run(order: GlueOrder, spark: SparkSession, log: Callable[[str], Any]) -> list[Receipt]:
    """Run the job of the order; one receipt per hour."""
    from socialsent_assets.jobs.cleanse import cleanse
    from socialsent_assets.jobs.engines.spark import SparkEngine
    from socialsent_assets.jobs.score import score

    lake = _lake_of(order)
    log(f"{order.job}: {len(order.hours)} hours from {order.hours[0].key} on, with Spark {spark.version}")
    job = cleanse if order.job == "cleanse" else score
    return job(SparkEngine(spark), lake, order.hours)


def keep_tables_up(order: UpkeepOrder) -> list[Upkeep]:
    """Run the upkeep of the order; without Spark, because it moves whole files."""
    return keep_up(_lake_of(order), order.now, timedelta(hours=order.keep_hours))


def _lake_of(order: GlueOrder | UpkeepOrder) -> Lake:
    return Lake(**{name: storage_at(uri) for name, uri in order.tiers.items()}, catalog=order.catalog)


def glue_session() -> SparkSession:
    """The session that Glue has prepared, with what the jobs rely on."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for key, value in SESSION.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
