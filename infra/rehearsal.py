"""Steps of a rehearsal in a throwaway account: each does one thing and returns what AWS answered.

Not here: their order at the command line, and the report (scripts/rehearse_aws.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from infra.deployment import ROOT

CDK = ("npx", "aws-cdk@2.1148.1")
EVENT = {
    "schema_version": 1,
    "event_type": "post",
    "source": "rehearsal",
    "data": {"post_id": "p-1", "author_id": "ann", "text": "Love the new tram!"},
}


class RehearsalError(RuntimeError):
    """A step failed; the message quotes AWS's response."""


@dataclass
class Rehearsal:
    """What the steps share.

    Attributes:
        account: that it may happen in.
        name: of the deployment.
        run: runs a command line in a folder, returns what it printed; raises RehearsalError.
        client: boto3 client of a service.
        wait: pause in seconds.
        patience: looks at something that takes its time before a step gives up.
    """

    account: str
    region: str
    name: str
    run: Callable[[Sequence[str], Path], str]
    client: Callable[[str], Any]
    wait: Callable[[float], None] = time.sleep
    patience: int = 120
    answers: list[str] = field(default_factory=list)

    def until(self, what: str, look: Callable[[], str]) -> str:
        """The first answer of `look` that is not empty. Raises RehearsalError when there is none in time."""
        for _ in range(self.patience):
            if found := look():
                return found
            self.wait(30)
        raise RehearsalError(f"{what}: nothing after {self.patience // 2} minutes")

    def bucket(self, tier: str) -> str:
        """Name of a tier's bucket."""
        return f"{self.name}-{tier}-{self.account}-{self.region}"

    def cdk(self, *arguments: str) -> str:
        """Run the CDK's command line in infra/."""
        return self.run([*CDK, *arguments], ROOT / "infra")

    def objects(self, tier: str, prefix: str) -> list[str]:
        """Keys below a prefix, the first thousand."""
        found = self.client("s3").list_objects_v2(Bucket=self.bucket(tier), Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", ())]


@dataclass(frozen=True)
class Step:
    """One step; `question` is what no emulator can answer."""

    name: str
    question: str
    act: Callable[[Rehearsal], str]


def check_account(rehearsal: Rehearsal) -> str:
    """That this is the account which was named, and that nothing of the name is in it."""
    here = rehearsal.client("sts").get_caller_identity()["Account"]
    if here != rehearsal.account:
        raise RehearsalError(f"the credentials are of account {here}, not of {rehearsal.account}")
    pages = rehearsal.client("cloudformation").get_paginator("list_stacks").paginate()
    stacks = [s for page in pages for s in page["StackSummaries"] if s["StackStatus"] != "DELETE_COMPLETE"]
    taken = [stack["StackName"] for stack in stacks if stack["StackName"].startswith(f"{rehearsal.name}-")]
    if taken:
        raise RehearsalError(f"there are stacks of this name already: {', '.join(taken)}; choose another --name")
    return f"account {here}, region {rehearsal.region}"


def deploy(rehearsal: Rehearsal) -> str:
    """Bootstrap, repository, image, everything else."""
    rehearsal.cdk("bootstrap", f"aws://{rehearsal.account}/{rehearsal.region}")
    rehearsal.cdk("deploy", f"{rehearsal.name}-models", "--require-approval", "never")
    registry = f"{rehearsal.account}.dkr.ecr.{rehearsal.region}.amazonaws.com"
    image = f"{registry}/{rehearsal.name}:0.1.0"
    login = f"aws ecr get-login-password | docker login --username AWS --password-stdin {registry}"
    rehearsal.run(["sh", "-c", login], ROOT)
    options = ["--platform", "linux/amd64", "--provenance=false", "-f", "infra/container/Dockerfile"]
    rehearsal.run(["docker", "build", *options, "-t", image, "."], ROOT)
    rehearsal.run(["docker", "push", image], ROOT)
    return rehearsal.cdk("deploy", "--all", "--require-approval", "never")[-300:]


def land_an_event(rehearsal: Rehearsal) -> str:
    """Put one event on the stream and see it in landing."""
    event = EVENT | {"event_id": f"e-{time.time_ns()}", "event_time": datetime.now(UTC).isoformat()}
    data = json.dumps(event).encode()
    rehearsal.client("kinesis").put_record(StreamName=f"{rehearsal.name}-events", Data=data, PartitionKey="ann")
    return rehearsal.until("landing", lambda: ", ".join(rehearsal.objects("landing", "events/")[:2]))


def build_on_glue(rehearsal: Rehearsal) -> str:
    """Follow both jobs to the first run that ended, which is whether the zip of wheels installs."""

    def ended(job: str) -> str:
        runs = rehearsal.client("glue").get_job_runs(JobName=f"{rehearsal.name}-{job}")["JobRuns"]
        done = [run for run in runs if run["JobRunState"] not in ("STARTING", "RUNNING", "WAITING", "STOPPING")]
        if not done:
            return ""
        if done[-1]["JobRunState"] != "SUCCEEDED":
            raise RehearsalError(f"{job}: {done[-1]['JobRunState']}: {done[-1].get('ErrorMessage', '')}")
        return f"{job}: {done[-1].get('ExecutionTime', 0)} s, {done[-1].get('DPUSeconds', 0)} DPU-seconds"

    return "; ".join(rehearsal.until(job, partial(ended, job)) for job in ("cleanse", "score"))


def ask_athena(rehearsal: Rehearsal) -> str:
    """Count posts, and look whether their times have microseconds."""
    athena = rehearsal.client("athena")
    sql = f'select count(*), max(event_time) from "{rehearsal.name}_cleansed"."posts"'  # noqa: S608 - our own name
    query = athena.start_query_execution(QueryString=sql, WorkGroup=rehearsal.name)["QueryExecutionId"]

    def ended() -> str:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] in ("FAILED", "CANCELLED"):
            raise RehearsalError(f"Athena: {status.get('StateChangeReason', status['State'])}")
        return status["State"] if status["State"] == "SUCCEEDED" else ""

    rehearsal.until("Athena", ended)
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return str([[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]])


def ask_redshift(rehearsal: Rehearsal) -> str:
    """Count a mart that dbt built, through the Data API."""
    api, sql = rehearsal.client("redshift-data"), "select count(*) from marts.fct_posts"
    workgroup = f"{rehearsal.name}-warehouse"
    statement = api.execute_statement(WorkgroupName=workgroup, Database="socialsent", Sql=sql)["Id"]

    def ended() -> str:
        found = api.describe_statement(Id=statement)
        if found["Status"] in ("FAILED", "ABORTED"):
            raise RehearsalError(f"Redshift: {found.get('Error', found['Status'])}")
        return found["Status"] if found["Status"] == "FINISHED" else ""

    rehearsal.until("Redshift", ended)
    return str(api.get_statement_result(Id=statement)["Records"])


def ring_alarms(rehearsal: Rehearsal) -> str:
    """Let an alarm ring, and count what SNS published and EventBridge could not."""
    watch = rehearsal.client("cloudwatch")
    alarm = f"{rehearsal.name}-iterator-age"
    watch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="rehearsal")

    def counted(namespace: str, metric: str, dimension: str, value: str) -> float:
        end = time.time()
        points = watch.get_metric_statistics(
            Namespace=namespace, MetricName=metric, Dimensions=[{"Name": dimension, "Value": value}],
            StartTime=end - 3600, EndTime=end, Period=3600, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in points))

    def published() -> str:
        number = counted("AWS/SNS", "NumberOfMessagesPublished", "TopicName", f"{rehearsal.name}-alerts")
        return f"{number:g} messages published" if number else ""

    failed = counted("AWS/Events", "FailedInvocations", "RuleName", f"{rehearsal.name}-glue-failures")
    return f"{rehearsal.until('SNS', published)}; EventBridge failed {failed:g} times"


def deploy_again(rehearsal: Rehearsal) -> str:
    """Deploy a new task, and measure how long Dagster is away."""
    ecs, began = rehearsal.client("ecs"), time.monotonic()
    service = {"cluster": rehearsal.name, "service": f"{rehearsal.name}-dagster"}
    ecs.update_service(**service, forceNewDeployment=True)

    def settled() -> str:
        found = ecs.describe_services(cluster=service["cluster"], services=[service["service"]])["services"][0]
        return str(found["runningCount"]) if len(found["deployments"]) == 1 and found["runningCount"] else ""

    rehearsal.until("ECS", settled)
    return f"one task again after {time.monotonic() - began:.0f} s"


def tear_down(rehearsal: Rehearsal) -> str:
    """Stop Dagster, remove what the graph made, destroy the stacks, and list what is left."""
    ecs, models = rehearsal.client("ecs"), rehearsal.client("sagemaker")
    cluster = {"cluster": rehearsal.name, "service": f"{rehearsal.name}-dagster"}
    for call, arguments in (
        (ecs.update_service, {**cluster, "desiredCount": 0}),
        (models.delete_endpoint, {"EndpointName": f"{rehearsal.name}-sentiment"}),
    ):
        try:
            call(**arguments)
        except Exception as error:  # noqa: BLE001 - what was never made cannot be removed, and the rest must be
            rehearsal.answers.append(f"- tear-down: {type(error).__name__}: {error}")
    rehearsal.cdk("destroy", "--all", "--force")
    tagged = rehearsal.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "project", "Values": [rehearsal.name]}]
    )["ResourceTagMappingList"]
    return f"left: {[item['ResourceARN'] for item in tagged] or 'nothing'}"


STEPS = (
    Step("account", "Is this the account, and is it free of this name?", check_account),
    Step("deploy", "Does CloudFormation take every property of every stack?", deploy),
    Step("landing", "Do stream, event source mapping and consumer carry an event to S3?", land_an_event),
    Step("glue", "Does Glue install the zip of wheels, commit to its catalog, and in what time?", build_on_glue),
    Step("athena", "Does Athena read the Iceberg tables, microseconds included?", ask_athena),
    Step("redshift", "Does Spectrum read them, and did dbt build the marts?", ask_redshift),
    Step("alarms", "Do alarms reach SNS through the key, and EventBridge too?", ring_alarms),
    Step("again", "How long is Dagster away during a deployment?", deploy_again),
)
TEAR_DOWN = Step("tear-down", "Does everything go, and what stays?", tear_down)
