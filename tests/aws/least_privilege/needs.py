"""Permissions that a request to moto needs, with resources in full.

Sources: AWS service authorization reference (actions, resource types, condition keys), for S3 the user guide's
"Required permissions for Amazon S3 API operations", for keys the pages on encryption of each service. moto itself
compares names of actions, but hands no resource on (`*`) outside S3, looks at no condition, at no key, and not at
the source of a copy.

Not here: the decision (evaluation.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import xmltodict

from tests.aws.least_privilege.evaluation import Need
from tests.infra.synthesized import ACCOUNT, REGION

Parameters = Mapping[str, Any]
Keys = Mapping[str, str]
"""ARN of a bucket, stream, queue or topic -> ARN of the key that encrypts it."""

READ, WRITE = "kms:Decrypt", "kms:GenerateDataKey"


class UnknownCallError(AssertionError):
    """A policy names an action whose resources this module does not know."""


def arn(service: str, resource: str) -> str:
    """Of the account of the tests."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _job(p: Parameters) -> list[str]:
    return [arn("glue", f"job/{p['JobName']}")]


def _table(p: Parameters) -> list[str]:
    table = p.get("TableName") or p.get("Name") or "any"
    return [*_database({"Name": p["DatabaseName"]}), arn("glue", f"table/{p['DatabaseName']}/{table}")]


def _database(p: Parameters) -> list[str]:
    return [arn("glue", "catalog"), arn("glue", f"database/{p.get('Name') or 'any'}")]


def _stream(p: Parameters) -> list[str]:
    return [p.get("StreamARN") or arn("kinesis", f"stream/{p['StreamName']}")]


def _iterated(p: Parameters) -> list[str]:
    from moto.kinesis.utils import decompose_shard_iterator

    return [arn("kinesis", f"stream/{decompose_shard_iterator(p['ShardIterator'])[0]}")]


def _workgroup(p: Parameters) -> list[str]:
    return [arn("athena", f"workgroup/{p['WorkGroup']}")]


def _workgroup_of_query(p: Parameters) -> list[str]:
    from moto.athena.models import athena_backends

    return _workgroup(
        {"WorkGroup": athena_backends[ACCOUNT][REGION].executions[p["QueryExecutionId"]].workgroup.name}
    )


def _named(kind: str, parameter: str) -> Callable[[Parameters], list[str]]:
    return lambda p: [arn("sagemaker", f"{kind}/{p[parameter]}")]


def _package(p: Parameters) -> list[str]:
    return [p.get("ModelPackageArn") or arn("sagemaker", f"model-package/{p['ModelPackageGroupName']}/1")]


def _endpoint_and_config(p: Parameters) -> list[str]:
    return [
        arn("sagemaker", f"endpoint/{p['EndpointName']}"),
        arn("sagemaker", f"endpoint-config/{p['EndpointConfigName']}"),
    ]


def _queue(p: Parameters) -> list[str]:
    return [arn("sqs", p["QueueUrl"].rpartition("/")[2])]


def _log_stream(p: Parameters) -> list[str]:
    return [arn("logs", f"log-group:{p['logGroupName']}:log-stream:{p['logStreamName']}")]


def _log_group(p: Parameters) -> list[str]:
    return [arn("logs", f"log-group:{p['logGroupName']}")]


def _warehouse(p: Parameters) -> list[str]:
    if "WorkgroupName" in p:
        return [arn("redshift-serverless", f"workgroup/{p['WorkgroupName']}")]
    return [arn("redshift", f"cluster:{p['ClusterIdentifier']}")]


def _none(_: Parameters) -> list[str]:
    return ["*"]


_PARTITION_CALLS = (
    *("GetPartition", "GetPartitions", "BatchGetPartition", "CreatePartition", "UpdatePartition", "DeletePartition"),
    *("BatchCreatePartition", "BatchUpdatePartition", "BatchDeletePartition"),
)
RESOURCES: dict[str, Callable[[Parameters], list[str]]] = {
    **{f"glue:{call}": _job for call in ("StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun")},
    **{f"glue:{call}": _table for call in (*_PARTITION_CALLS, "GetTable", "GetTables", "CreateTable", "UpdateTable")},
    **{f"glue:{call}": _database for call in ("GetDatabase", "GetDatabases")},
    "glue:GetSecurityConfiguration": _none,
    **{f"kinesis:{call}": _stream for call in ("PutRecord", "PutRecords", "DescribeStream", "DescribeStreamSummary")},
    **{f"kinesis:{call}": _stream for call in ("ListShards", "GetShardIterator")},
    "kinesis:GetRecords": _iterated,
    **{f"athena:{call}": _workgroup for call in ("StartQueryExecution", "GetWorkGroup")},
    **{f"athena:{call}": _workgroup_of_query for call in ("GetQueryExecution", "GetQueryResults")},
    "athena:StopQueryExecution": _workgroup_of_query,
    **{f"sagemaker:{call}ModelPackageGroup": _named("model-package-group", "ModelPackageGroupName")
       for call in ("Describe", "Create")},
    **{f"sagemaker:{call}": _package for call in ("ListModelPackages", "CreateModelPackage", "UpdateModelPackage")},
    **{f"sagemaker:{call}Model": _named("model", "ModelName") for call in ("Describe", "Create")},
    **{f"sagemaker:{call}EndpointConfig": _named("endpoint-config", "EndpointConfigName")
       for call in ("Describe", "Create")},
    "sagemaker:DescribeEndpoint": _named("endpoint", "EndpointName"),
    **{f"sagemaker:{call}Endpoint": _endpoint_and_config for call in ("Create", "Update")},
    "sns:Publish": lambda p: [p["TopicArn"]],
    "sqs:SendMessage": _queue,
    "cloudwatch:PutMetricData": _none,
    "secretsmanager:GetSecretValue": lambda p: [p["SecretId"]],
    "lambda:InvokeFunction": lambda p: [arn("lambda", f"function:{p['FunctionName']}")],
    "redshift:GetClusterCredentials": lambda p: [
        arn("redshift", f"dbuser:{p['ClusterIdentifier']}/{p['DbUser']}"),
        arn("redshift", f"dbname:{p['ClusterIdentifier']}/{p['DbName']}"),
    ],
    "logs:CreateLogGroup": _log_group,
    **{f"logs:{call}": _log_stream for call in ("CreateLogStream", "PutLogEvents")},
    "logs:AssociateKmsKey": _log_group,
    **{f"xray:{call}": _none for call in ("PutTraceSegments", "PutTelemetryRecords")},
    "redshift-data:ExecuteStatement": _warehouse,
    "redshift-data:DescribeStatement": _none,
    "ecr:GetAuthorizationToken": _none,
    **{f"ecr:{call}": lambda p: [arn("ecr", f"repository/{p['repositoryName']}")]
       for call in ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability")},
}  # fmt: skip
"""Action -> ARNs that have to be allowed, all of them."""

_CALLED_OTHERWISE = {"lambda:Invoke": "lambda:InvokeFunction"}
_CONTEXT = {"cloudwatch:PutMetricData": ("cloudwatch:namespace", "Namespace")}
_WITH_KEY = {
    **{f"kinesis:{call}": (WRITE,) for call in ("PutRecord", "PutRecords")},
    "kinesis:GetRecords": (READ,),
    "sqs:SendMessage": (WRITE, READ),
    "sns:Publish": (WRITE, READ),
}


def needs(service: str, operation: str, p: Parameters, keys: Keys) -> list[Need] | None:
    """What a call of any service but S3 needs; None for an action that this module does not know."""
    action = _CALLED_OTHERWISE.get(f"{service}:{operation}", f"{service}:{operation}")
    if action not in RESOURCES:
        return None
    context = {}
    if action in _CONTEXT:
        key, parameter = _CONTEXT[action]
        context[key] = p[parameter]
    found = [Need(action, resource, context) for resource in RESOURCES[action](p)]
    found += [Need(use, keys[n.resource]) for n in found if n.resource in keys for use in _WITH_KEY.get(action, ())]
    if action == "sagemaker:CreateModel":
        found.append(Need("iam:PassRole", p["ExecutionRoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"}))
    return found


def s3_needs(method: str, path: str, query: str, copied: str, body: bytes, action: str, keys: Keys) -> list[Need]:
    """What a request in path style needs; `action` is moto's word for it, `copied` the source of a copy."""
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    of_bucket = f"arn:aws:s3:::{bucket}"
    if method == "POST" and not key and re.match(r"delete\b", query):
        objects = xmltodict.parse(body, force_list=("Object",))["Delete"]["Object"]
        return [Need("s3:DeleteObject", f"{of_bucket}/{item['Key']}") for item in objects]
    if not key:
        return [Need("s3:ListBucket" if action == "HeadBucket" else f"s3:{action}", of_bucket if bucket else "*")]
    found = [Need(f"s3:{action}", f"{of_bucket}/{key}")]
    uses: tuple[str, ...] = {"GetObject": (READ,), "PutObject": (WRITE,)}.get(action, ())
    if "uploadId=" in query and action == "PutObject":
        uses = (WRITE, READ)  # parts are put together
    found += [Need(use, keys[of_bucket]) for use in uses if of_bucket in keys]
    if method in ("GET", "HEAD") and _is_absent(bucket, key):
        found.append(Need("s3:ListBucket", of_bucket))  # without it S3 returns 403 instead of 404
    if copied:
        source = f"arn:aws:s3:::{unquote(copied).lstrip('/').partition('?')[0]}"
        origin = source.partition("/")[0]
        found += [Need("s3:GetObject", source), *([Need(READ, keys[origin])] if origin in keys else [])]
    return found


def _is_absent(bucket: str, key: str) -> bool:
    from moto.s3.models import s3_backends

    held = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    return held is not None and key not in held.keys
