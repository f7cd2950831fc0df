"""Spark on AWS Glue as a Dagster resource: an order out through Dagster Pipes, receipts back from the lake.

Safe to repeat and to break off: a step that is tried again finds the run that the first try started and follows it;
a run whose hours another run is building waits for that one; a cancelled step stops its run.

Not here: the script on Glue (jobs/glue_main.py), states and deadlines of runs (aws/glue_runs.py), the job's
own settings (infra/stacks/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from socialsent_assets.aws.glue_runs import GlueRunError, GlueRuns, NoRoomError, Run
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.glue_request import TIERS, GlueOrder, JobName, Order, UpkeepOrder
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.compute import Compute, note_engines
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.settings import UserError

if TYPE_CHECKING:
    from dagster._core.pipes.client import PipesClientCompletedInvocation
    from dagster_aws.pipes import PipesGlueClient, PipesS3MessageReader

    from socialsent_assets.lake.upkeep import Upkeep

_MESSAGES_EVERY_SECONDS = 3.0


class GlueSpark(Compute):
    """The jobs as runs of three Glue jobs, with the credentials and the region that boto3 finds.

    Attributes:
        lake: has to be in S3, all of it.
        cleanse_job, score_job, upkeep_job, pipes, deadline_minutes: see `settings.GlueSettings`.
        poll_seconds: pause between two looks at a run.
    """

    lake: LakeResource
    cleanse_job: str
    score_job: str
    upkeep_job: str
    pipes: str
    deadline_minutes: float
    poll_seconds: float = 10.0

    def run(self, job: JobName, hours: Sequence[EventHour], context: dg.AssetExecutionContext) -> list[Receipt]:
        """See `Compute.run`.

        Raises:
            GlueRunError: the run failed, was stopped, took too long or left other receipts than it should.
            UserError: settings, names, permissions or credentials are not as they should be.
            AwsCallError, StorageError: Glue or S3 cannot be reached, after the retries.
        """
        if not hours:
            return []
        order = GlueOrder.of(job, hours, self._tiers(), self.lake.catalog_config())
        note_engines(context, [("glue", "SOCIALSENT_COMPUTE=glue")])
        self._do(order, context)
        return read_receipts(order, self.lake.open())

    def keep_up(self, now: datetime, keep_hours: int, context: dg.OpExecutionContext) -> list[Upkeep] | None:
        """See `Compute.keep_up`. Raises as `run`."""
        from socialsent_assets.lake.upkeep import Upkeep

        done = self._do(UpkeepOrder(keep_hours, now, self._tiers(), self.lake.catalog_config()), context)
        if done is None:
            return None
        messages = done.get_custom_messages()
        if len(messages) != 1:
            raise GlueRunError(f"the Glue run of job {self.upkeep_job} succeeded, but did not report a result")
        return [Upkeep(**one) for one in messages[0]]

    def _do(
        self, order: Order, context: dg.AssetExecutionContext | dg.OpExecutionContext
    ) -> PipesClientCompletedInvocation | None:
        """Have a run do the order, and wait for its end; None if another step had started that run."""
        runs = self._runs(order, context.log.info)
        twin = _settle_with_others(order, runs)
        with stopped_with_its_step(runs, order):
            if twin is None:
                return self._start(order, runs, context)
            runs.follow(twin["Id"])
            return None

    def _tiers(self) -> dict[str, str]:
        tiers = {name: str(getattr(self.lake, name)) for name in TIERS}
        for name, uri in tiers.items():
            if not uri.startswith("s3://"):
                raise UserError(
                    f"Glue can read only S3, but the {name} tier is {uri}: set SOCIALSENT_LAKE_{name.upper()} to "
                    "s3://BUCKET/PREFIX, or SOCIALSENT_COMPUTE=auto"
                )
        return tiers

    def _runs(self, order: Order, tell: Callable[[str], object]) -> GlueRuns:
        from socialsent_assets.aws.client import aws_client

        names = {"cleanse": self.cleanse_job, "score": self.score_job, "upkeep": self.upkeep_job}
        return GlueRuns(
            aws_client("glue"), names[order.kind], timedelta(minutes=self.deadline_minutes), self.poll_seconds, tell
        )

    def _start(
        self, order: Order, runs: GlueRuns, context: dg.AssetExecutionContext | dg.OpExecutionContext
    ) -> PipesClientCompletedInvocation:
        """Start a run as soon as there is room for one, and follow it to its end."""
        from socialsent_assets.aws.s3 import told

        until = runs.clock() + runs.deadline
        while True:
            try:
                with told("s3:PutObject", self.pipes), runs.asked():
                    return _glue_client(runs, self.pipes).run(
                        context=context,
                        start_job_run_params={"JobName": runs.job, "Arguments": order.arguments()},
                        extras=order.to_extras(),
                    )
            except NoRoomError as error:
                if runs.clock() >= until:
                    raise GlueRunError(
                        f"Glue did not start another run of job {runs.job} for {self.deadline_minutes:g} minutes "
                        f"({error}): raise the job's MaxConcurrentRuns or the account's quota, or try again later"
                    ) from error
                runs.sleep(runs.poll_seconds)


def read_receipts(order: GlueOrder, lake: Lake) -> list[Receipt]:
    """The receipts that a run of the order left in the lake, by hour.

    Raises:
        GlueRunError: one is missing, or was written by another version of the code.
    """
    from socialsent_assets.lake.builds import RECEIPT_TABLES, read_builds, table_name
    from socialsent_assets.lake.lexicon_corrections import read_corrections
    from socialsent_assets.lake.staleness import cleanse_code_version, score_code_version

    own = read_corrections(lake.artifacts).version
    version = cleanse_code_version() if order.job == "cleanse" else score_code_version(own)
    found = read_builds(lake).receipts(order.job)
    receipts = []
    for hour in order.hours:
        receipt = found.get(hour)
        if receipt is None:
            table = table_name(RECEIPT_TABLES[order.job])
            raise GlueRunError(f"the Glue run succeeded, but event hour {hour.key} has no receipt in {table}")
        if receipt.code_version != version:  # its hours would stay stale, and be built again and again
            raise GlueRunError(
                f"the Glue job {order.job} runs version {receipt.code_version} of the code, this Dagster {version}: "
                "deploy both from the same commit (docs/deploy-aws.md)"
            )
        receipts.append(receipt)
    return receipts


def _settle_with_others(order: Order, runs: GlueRuns) -> Run | None:
    """The run that does this very order already; None once no other run builds any of its hours."""
    while True:
        rivals = [run for run in runs.alive() if order.overlaps(run.get("Arguments", {}))]
        for run in rivals:
            if order.is_same(run.get("Arguments", {})):
                runs.tell(
                    f"Glue run {run['Id']} does this very work already: following it instead of starting another"
                )
                return run
        if not rivals:
            return None
        runs.tell(f"Glue run {rivals[0]['Id']} changes some of the same rows: waiting for its end")
        _outwait(runs, rivals[0]["Id"])


def _outwait(runs: GlueRuns, run_id: str) -> None:
    try:
        runs.follow(run_id, is_ours=False)
    except GlueRunError as error:
        if any(run["Id"] == run_id for run in runs.alive()):
            raise
        runs.tell(str(error))  # how it ended is its own step's concern


@contextmanager
def stopped_with_its_step(runs: GlueRuns, order: Order) -> Iterator[None]:
    """Stop the order's run when Dagster, or a person at the keyboard, ends the step that follows it.

    It is looked up, because the step may be ended while Glue still answers to its start.
    """
    try:
        yield
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
        for run in runs.alive():
            if order.is_same(run.get("Arguments", {})):
                runs.tell(f"interrupted: stopping Glue run {run['Id']}")
                runs.stop(run["Id"])
        raise


def _glue_client(runs: GlueRuns, pipes: str) -> PipesGlueClient:
    """Dagster's client, but for its waiting: that has no deadline and never ends on EXPIRED (dagster-aws 0.29)."""
    from dagster_aws.pipes import PipesGlueClient, PipesS3ContextInjector

    from socialsent_assets.aws.s3 import parse_s3_uri, s3_client

    class Client(PipesGlueClient):
        def _wait_for_job_run_completion(self, job_name: str, run_id: str) -> Any:  # noqa: ARG002 - it is runs.job
            return {"JobRun": runs.follow(run_id)}

    bucket, prefix = parse_s3_uri(pipes)
    folder = f"{prefix}/" if prefix else ""
    return Client(
        client=runs.client,
        context_injector=PipesS3ContextInjector(bucket=bucket, client=s3_client(), key_prefix=folder),
        message_reader=_message_reader(bucket, folder),
        forward_termination=False,  # done here, and for a run that is only followed too
    )


def _message_reader(bucket: str, folder: str) -> PipesS3MessageReader:
    """Dagster's reader, but below a folder of the bucket, which is all that the roles may touch."""
    from dagster_aws.pipes import PipesS3MessageReader

    from socialsent_assets.aws.s3 import s3_client

    class Reader(PipesS3MessageReader):
        @contextmanager
        def get_params(self) -> Iterator[Any]:
            with super().get_params() as params:
                yield {**params, "key_prefix": f"{folder}{params['key_prefix']}"}

    return Reader(bucket=bucket, client=s3_client(), interval=_MESSAGES_EVERY_SECONDS, include_stdio_in_messages=True)
