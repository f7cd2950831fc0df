"""An AWS account on a moto server of its own process, and everything in it that the templates describe.

moto's CloudFormation leaves out many types without a word, so each is made by the call of boto3 that CloudFormation
would make; names, ARNs and settings are the template's alone. PROVISIONED, PLAYED and NOT_DRIVEN together name every
type of the templates, so that a new one has to be dealt with.

Limits: moto's (socialsent_assets/local_aws/server.py); encryption is left out, permissions are not checked.

Not here: what runs in the account (functions.py, alarms.py, dagster_task.py), who may (tests/aws/least_privilege).
"""

from __future__ import annotations

import functools
import io
import json
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from socialsent_assets.local_aws.server import EmbeddedAws
from tests.infra.synthesized import ACCOUNT, REGION, ROOT, Assembly, Properties
from tests.s3_buckets import aws_variables

_SERVER = """
import sys
from socialsent_assets.local_aws.server import embedded_aws
with embedded_aws() as aws:
    print(aws.endpoint, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Account(EmbeddedAws):
    """The account and region of the templates; `endpoint` is the only other setting that a process needs."""

    def client(self, service: str) -> Any:
        """A boto3 client of a service, in the region of the templates."""
        return _client(self.endpoint, service)

    def forget_everything(self) -> None:
        """Make it a new account."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()

    def fetch(self, uri: str) -> bytes:
        """The object at `s3://bucket/key`. Raises botocore's ClientError."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


@functools.cache  # making a client costs more than most calls
def _client(endpoint: str, service: str) -> Any:
    import boto3
    from botocore.config import Config

    given = aws_variables(endpoint)
    keys = given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]
    config = Config(proxies={}, retries={"total_max_attempts": 2})
    session: Any = boto3.session.Session(*keys, region_name=REGION)
    return session.client(service, endpoint_url=endpoint, config=config)


@contextmanager
def new_account() -> Iterator[Account]:
    """A server in a process of its own: others in this process share what moto knows, and would be forgotten too."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Account(process.stdout.readline().strip())
        finally:
            process.stdin.close()


def provision(deployed: Assembly, aws: Account, parts: Sequence[str] | None = None) -> None:
    """Make everything of PROVISIONED, in that order, in some stacks or in all."""
    chosen = list(deployed.templates) if parts is None else parts
    _publish_assets(deployed, aws, chosen)
    for kind, make in PROVISIONED.items():
        for part in chosen:
            for logical_id, properties in deployed.resources(part, kind).items():
                make(aws, deployed.resolved(part, {"Ref": logical_id}), properties)


def _publish_assets(deployed: Assembly, aws: Account, parts: Sequence[str]) -> None:
    """What `cdk deploy` does before it hands over the templates: files to the bucket of the bootstrap stack."""
    s3 = aws.client("s3")
    for manifest in (next(deployed.folder.glob(f"*-{part}.assets.json")) for part in parts):
        for asset in json.loads(manifest.read_text(encoding="utf-8"))["files"].values():
            source = deployed.folder / asset["source"]["path"]
            content = source.read_bytes() if asset["source"]["packaging"] == "file" else _zipped(source)
            for place in asset["destinations"].values():
                bucket = place["bucketName"].replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)
                _bucket(aws, bucket, {})
                s3.put_object(Bucket=bucket, Key=place["objectKey"], Body=content)


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def _bucket(aws: Account, name: str, _properties: Properties) -> None:
    s3 = aws.client("s3")
    try:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return


def _unpacked(aws: Account, _name: str, properties: Properties) -> None:
    """CDK's BucketDeployment: the content of zips, below a prefix."""
    s3 = aws.client("s3")
    for bucket, key in zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True):
        with zipfile.ZipFile(io.BytesIO(aws.fetch(f"s3://{bucket}/{key}"))) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    s3.put_object(
                        Bucket=properties["DestinationBucketName"],
                        Key=f"{properties['DestinationBucketKeyPrefix']}/{name}",
                        Body=archive.read(name),
                    )


def _role(aws: Account, name: str, properties: Properties) -> None:
    document = json.dumps(properties["AssumeRolePolicyDocument"])
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)


def _stream(aws: Account, name: str, properties: Properties) -> None:
    mode, shards = properties["StreamModeDetails"], properties["ShardCount"]
    aws.client("kinesis").create_stream(StreamName=name, ShardCount=shards, StreamModeDetails=mode)


def _queue(aws: Account, name: str, _properties: Properties) -> None:
    aws.client("sqs").create_queue(QueueName=name)


def _topic(aws: Account, name: str, _properties: Properties) -> None:
    aws.client("sns").create_topic(Name=name.rpartition(":")[2])  # `Ref` of a topic is its ARN


def _repository(aws: Account, name: str, _properties: Properties) -> None:
    aws.client("ecr").create_repository(repositoryName=name)


def _database(aws: Account, _name: str, properties: Properties) -> None:
    aws.client("glue").create_database(DatabaseInput=properties["DatabaseInput"])


def _job(aws: Account, _name: str, properties: Properties) -> None:
    aws.client("glue").create_job(**properties)  # the template spells them as the API does


def _crawler(aws: Account, name: str, properties: Properties) -> None:
    aws.client("glue").create_crawler(Name=name, Role=properties["Role"], Targets=properties["Targets"])


def _workgroup(aws: Account, name: str, properties: Properties) -> None:
    aws.client("athena").create_work_group(Name=name, Configuration=properties["WorkGroupConfiguration"])


def _model_group(aws: Account, _name: str, properties: Properties) -> None:
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName=properties["ModelPackageGroupName"])


def _schedule(aws: Account, _name: str, properties: Properties) -> None:
    aws.client("scheduler").create_schedule(**properties)


def _alarm(aws: Account, _name: str, properties: Properties) -> None:
    aws.client("cloudwatch").put_metric_alarm(**properties)


def _rule(aws: Account, name: str, properties: Properties) -> None:
    events = aws.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(properties["EventPattern"]), State=properties["State"])
    answer = events.put_targets(Rule=name, Targets=properties["Targets"])
    assert not answer["FailedEntryCount"], answer


PROVISIONED: dict[str, Callable[[Account, str, Properties], None]] = {
    "AWS::IAM::Role": _role,
    "AWS::S3::Bucket": _bucket,
    "Custom::CDKBucketDeployment": _unpacked,
    "AWS::Kinesis::Stream": _stream,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::ECR::Repository": _repository,
    "AWS::Glue::Database": _database,
    "AWS::Glue::Job": _job,
    "AWS::Glue::Crawler": _crawler,
    "AWS::Athena::WorkGroup": _workgroup,
    "AWS::SageMaker::ModelPackageGroup": _model_group,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Events::Rule": _rule,
}
"""Type -> what makes one of it in moto, of its name (what `Ref` gives) and properties."""

PLAYED = {
    "AWS::Lambda::Function": "functions.py unpacks its zip and calls its handler with its environment",
    "AWS::Lambda::LayerVersion": "functions.py unpacks it beside the function",
    "AWS::Lambda::EventSourceMapping": "functions.py gives its numbers to local_aws/event_source_mapping.py",
    "AWS::Lambda::EventInvokeConfig": "functions.py sends a tick that fails to its queue",
    "AWS::ECS::TaskDefinition": "dagster_task.py runs the graph with its environment",
    "Custom::WarehouseContents": "dagster_task.py shows the databases that it names in PostgreSQL, as Spectrum would",
    "AWS::RedshiftServerless::Workgroup": "PostgreSQL behind the wire of tests/aws/redshift, at its own address",
    "AWS::RedshiftServerless::Namespace": "the same",
}
"""Type -> who does here what AWS would."""

_NETWORK = "packets of this machine take no route"
_KEYS = "moto encrypts nothing; who may use a key is checked in tests/infra and tests/aws/least_privilege"
_PERMISSIONS = "permissions: tests/aws/least_privilege"
_DAGSTER_RUNS = "Dagster keeps its runs in a temporary folder here; its instance is checked in tests/infra"
_OPTION = "size small has none"
NOT_DRIVEN = {
    "AWS::Budgets::Budget": "money is spent nowhere here",
    "AWS::CloudWatch::Dashboard": "a page for people; its metrics are checked in tests/infra",
    "AWS::EC2::EIP": _NETWORK,
    "AWS::EC2::FlowLog": _NETWORK,
    "AWS::EC2::InternetGateway": _NETWORK,
    "AWS::EC2::NatGateway": _NETWORK,
    "AWS::EC2::Route": _NETWORK,
    "AWS::EC2::RouteTable": _NETWORK,
    "AWS::EC2::SecurityGroup": _NETWORK,
    "AWS::EC2::SecurityGroupEgress": _NETWORK,
    "AWS::EC2::SecurityGroupIngress": _NETWORK,
    "AWS::EC2::Subnet": _NETWORK,
    "AWS::EC2::SubnetRouteTableAssociation": _NETWORK,
    "AWS::EC2::VPC": _NETWORK,
    "AWS::EC2::VPCEndpoint": _NETWORK,
    "AWS::EC2::VPCGatewayAttachment": _NETWORK,
    "AWS::ECS::Cluster": "no container runs here: the environment of the task does, in this process",
    "AWS::ECS::Service": "the same",
    "AWS::Glue::SecurityConfiguration": _KEYS,
    "AWS::IAM::ManagedPolicy": _PERMISSIONS,
    "AWS::IAM::Policy": _PERMISSIONS,
    "AWS::KMS::Key": _KEYS,
    "AWS::Logs::LogGroup": "logs are read from the processes themselves",
    "AWS::RDS::DBInstance": _DAGSTER_RUNS,
    "AWS::RDS::DBParameterGroup": _DAGSTER_RUNS,
    "AWS::RDS::DBSubnetGroup": _DAGSTER_RUNS,
    "AWS::S3::BucketPolicy": _PERMISSIONS,
    "AWS::SNS::TopicPolicy": _PERMISSIONS,
    "AWS::SQS::QueuePolicy": _PERMISSIONS,
    "AWS::SecretsManager::Secret": _DAGSTER_RUNS,
    "AWS::SecretsManager::SecretTargetAttachment": _DAGSTER_RUNS,
    "Custom::S3AutoDeleteObjects": "empties buckets when a stack is deleted",
    "AWS::ElasticLoadBalancingV2::Listener": _OPTION,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _OPTION,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _OPTION,
    "AWS::MWAA::Environment": f"{_OPTION}; tests/aws/airflow runs the real Airflow",
    "AWS::QuickSight::Dashboard": _OPTION,
    "AWS::QuickSight::DataSet": _OPTION,
    "AWS::QuickSight::DataSource": _OPTION,
    "AWS::QuickSight::VPCConnection": _OPTION,
    "AWS::Redshift::Cluster": _OPTION,
    "AWS::Redshift::ClusterParameterGroup": _OPTION,
    "AWS::Redshift::ClusterSubnetGroup": _OPTION,
    "AWS::SNS::Subscription": f"{_OPTION}: a queue listens to the topic in the place of people",
    "AWS::SageMaker::Endpoint": _OPTION,
    "AWS::SageMaker::EndpointConfig": _OPTION,
    "AWS::SageMaker::Model": _OPTION,
}
"""Type -> why nothing of the drive needs it."""
