"""Compute resource of the jobs. Assets name the job and the hours; the environment selects the place.

Not here: what a job does (jobs/), the engines (jobs/engines/), the choice of an environment (build.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.glue_request import JobName
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.lake import LakeResource

if TYPE_CHECKING:
    from socialsent_assets.jobs.engines.engine import Engine
    from socialsent_assets.lake.upkeep import Upkeep

_Job = Callable[["Engine", Lake, Sequence[EventHour], str | None], list[Receipt]]

ENGINE, ENGINE_REASON = "engine", "engine chosen because"
"""Metadata keys of a table's last build: the engine, and why it was chosen."""


class Compute(dg.ConfigurableResource[None], ABC):
    """Something that runs a job of jobs/ over event hours, and the upkeep of the tables."""

    @abstractmethod
    def run(self, job: JobName, hours: Sequence[EventHour], context: dg.AssetExecutionContext) -> list[Receipt]:
        """Run the job for a step and wait for it; one receipt per hour. Raises whatever ends it before."""

    @abstractmethod
    def keep_up(self, now: datetime, keep_hours: int, context: dg.OpExecutionContext) -> list[Upkeep] | None:
        """Run the upkeep of every table (lake/upkeep.py) for a step and wait for it; what was done to each table.

        None where another step had started the same upkeep, which has the numbers. Raises whatever ends it before.
        """


class LocalCompute(Compute):
    """The machine at hand: its Dagster process, or Spark, whose session starts with the first job that needs it.

    Attributes:
        engine: auto, process or spark (`SOCIALSENT_COMPUTE`).
        spark: configuration of the session (jobs/spark_session.py).
    """

    lake: LakeResource
    engine: str
    spark: dict[str, str]

    def run(self, job: JobName, hours: Sequence[EventHour], context: dg.AssetExecutionContext) -> list[Receipt]:
        """See `Compute.run`. Runs of other processes may work on the same lake: they publish in turns."""
        if not hours:
            return []
        if self.engine != "auto":
            engine = self._spark() if self.engine == "spark" else _process()
            receipts = _function(job)(engine, self.lake.open(), hours, context.run_id)
            note_engines(context, [(engine.name, f"SOCIALSENT_COMPUTE={self.engine}")])
            return receipts
        from socialsent_assets.jobs.engines.auto import AutoEngine

        auto = AutoEngine(_process(), self._spark)
        receipts = _function(job)(auto, self.lake.open(), hours, context.run_id)
        note_engines(context, auto.choices)
        return receipts

    def keep_up(self, now: datetime, keep_hours: int, context: dg.OpExecutionContext) -> list[Upkeep]:  # noqa: ARG002
        """See `Compute.keep_up`; beside running builds, whose turns to publish it shares."""
        from socialsent_assets.lake.upkeep import keep_up

        return keep_up(self.lake.open(), now, timedelta(hours=keep_hours))

    def _spark(self) -> Engine:
        # Imported here: most processes that load the graph (UI, daemon, tests) never start Spark.
        from dagster_pyspark import LazyPySparkResource

        from socialsent_assets.jobs.engines.spark import SparkEngine
        from socialsent_assets.jobs.spark_session import prepare_environment, starting

        prepare_environment()
        with starting(self.spark):
            return SparkEngine(LazyPySparkResource(spark_config=self.spark).spark_session)


def note_engines(context: dg.AssetExecutionContext, choices: Iterable[tuple[str, str]]) -> None:
    """Record the engine and the reason in the log and in the metadata of each table of the step."""
    told = list(dict.fromkeys(choices))
    if not told:
        return
    metadata = {
        ENGINE: ", ".join(dict.fromkeys(name for name, _ in told)),
        ENGINE_REASON: "; ".join(why for _, why in told),
    }
    context.log.info(f"{metadata[ENGINE]}: {metadata[ENGINE_REASON]}")
    for key in context.selected_asset_keys:
        context.add_asset_metadata(metadata, asset_key=key)


def _process() -> Engine:
    from socialsent_assets.jobs.engines.process import ProcessEngine

    return ProcessEngine()


def _function(job: JobName) -> _Job:
    if job == "cleanse":
        from socialsent_assets.jobs.cleanse import cleanse

        return cleanse
    from socialsent_assets.jobs.score import score

    return score
