"""Where the Spark jobs run. Assets say which job and which hours; the environment says where.

Not here: what a job does (jobs/), the choice of an environment (build.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.glue_request import JobName
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.file_lock import exclusive
from socialsent_assets.resources.lake import LakeResource

if TYPE_CHECKING:
    from socialsent_assets.jobs.engines.engine import Engine

_Job = Callable[["Engine", Lake, Sequence[EventHour]], list[Receipt]]

# One hour is written by one process at a time; a backfill of a year may hold the others up for long.
_PATIENCE_S = 6 * 3600.0


class Compute(dg.ConfigurableResource, ABC):
    """Something that runs a job of jobs/ over event hours."""

    @abstractmethod
    def run(self, job: JobName, hours: Sequence[EventHour], context: dg.AssetExecutionContext) -> list[Receipt]:
        """Run the job for a step and wait for it; one receipt per hour. Raises whatever ends it before."""


class LocalSpark(Compute):
    """Spark in this process: the session starts with the first job and serves every later one.

    Attributes:
        spark: configuration of the session (jobs/spark_session.py).
        locks: folder of the lock file that admits one writing process at a time.
    """

    lake: LakeResource
    spark: dict[str, str]
    locks: str

    def run(self, job: JobName, hours: Sequence[EventHour], context: dg.AssetExecutionContext) -> list[Receipt]:
        """See `Compute.run`; waits for another process that is writing this lake."""
        if not hours:
            return []
        with exclusive(
            Path(self.locks) / "lake.lock", _PATIENCE_S, on_wait=lambda who: context.log.info(f"waiting: {who}")
        ):
            return _function(job)(self._engine(), self.lake.open(), hours)

    def _engine(self) -> Engine:
        # Imported here: most processes that load the graph (UI, daemon, tests) never start Spark.
        from dagster_pyspark import LazyPySparkResource

        from socialsent_assets.jobs.engines.spark import SparkEngine
        from socialsent_assets.jobs.spark_session import prepare_environment

        prepare_environment()
        return SparkEngine(LazyPySparkResource(spark_config=self.spark).spark_session)


def _function(job: JobName) -> _Job:
    if job == "cleanse":
        from socialsent_assets.jobs.cleanse import cleanse

        return cleanse
    from socialsent_assets.jobs.score import score

    return score
