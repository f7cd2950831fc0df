"""Requirements of AWS' services on resource policies, with the condition keys that their requests carry.

A key that a service does not send is missing here: a policy that requires it lets nothing through. Each line has its
source.

Not here: what services do with a role (tests/aws/least_privilege/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.infra.iam.engine import Request
from tests.infra.synthesized import ACCOUNT, REGION, Assembly

_SOURCE = {"aws:SourceAccount": ACCOUNT}
_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"

PUBLISHERS: dict[str, dict[str, str]] = {
    # CloudWatch user guide, "Notifying users on alarm changes": conditions for an encrypted topic.
    "cloudwatch.amazonaws.com": {
        **_SOURCE,
        "aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:socialsent-iterator-age",
    },
    # SNS developer guide, "Key management", note on sources: aws:SourceAccount, aws:SourceArn and aws:SourceOrgID
    # "are not supported in EventBridge-to-encrypted topics".
    "events.amazonaws.com": {},
    # Billing and Cost Management user guide, "Creating an Amazon SNS topic for budget notifications".
    "budgets.amazonaws.com": {**_SOURCE, "aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:*"},
}
"""Services that publish alerts -> condition keys that they send, to the topic and to its key alike."""


def publishing(assembly: Assembly) -> Iterator[Request]:
    """Every publisher at the alerts' topic and at the topic's key."""
    (topic,) = assembly.resources("notifications", "AWS::SNS::Topic").values()
    (policy,) = assembly.resources("notifications", "AWS::SNS::TopicPolicy").values()
    (key,) = assembly.resources("notifications", "AWS::KMS::Key").values()
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic['TopicName']}"
    for service, context in PUBLISHERS.items():
        yield Request("sns:Publish", arn, service, context, resource_policy=policy["PolicyDocument"])
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            yield Request(action, _KEY, service, context, resource_policy=key["KeyPolicy"])


def logging(assembly: Assembly) -> Iterator[Request]:
    """CloudWatch Logs with every log group that has a key (its user guide, "Encrypt log data using KMS")."""
    for place, group in assembly.every("AWS::Logs::LogGroup"):
        if not group.get("KmsKeyId"):
            continue
        context = {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group['LogGroupName']}"
        }
        policy = _policy_of_key(assembly, place.partition("/")[0], group["KmsKeyId"])
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"):
            yield Request(action, _KEY, f"logs.{REGION}.amazonaws.com", context, resource_policy=policy)


def access_logs(assembly: Assembly) -> Iterator[Request]:
    """S3 and the load balancer at the bucket that they put access logs into.

    Sources: S3 user guide, "Permissions for log delivery"; Elastic Load Balancing user guide, "Access logs": its
    delivery is granted without conditions.
    """
    policies = {policy["Bucket"]: policy["PolicyDocument"] for _, policy in assembly.every("AWS::S3::BucketPolicy")}
    for _, bucket in assembly.every("AWS::S3::Bucket"):
        if target := bucket.get("LoggingConfiguration"):
            name = target["DestinationBucketName"]
            context = {**_SOURCE, "aws:SourceArn": f"arn:aws:s3:::{bucket['BucketName']}"}
            place = f"arn:aws:s3:::{name}/{target['LogFilePrefix']}2026-11-29-a"
            yield Request("s3:PutObject", place, "logging.s3.amazonaws.com", context, resource_policy=policies[name])
    for _, balancer in assembly.every("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        settings = {item["Key"]: item["Value"] for item in balancer["LoadBalancerAttributes"]}
        name, prefix = settings["access_logs.s3.bucket"], settings["access_logs.s3.prefix"]
        place = f"arn:aws:s3:::{name}/{prefix}/AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/11/29/a.log.gz"
        service = "logdelivery.elasticloadbalancing.amazonaws.com"
        yield Request("s3:PutObject", place, service, resource_policy=policies[name])


def _policy_of_key(assembly: Assembly, part: str, key: str) -> Any:
    """Policy of the key that an ARN or a resolved name means, of this stack or the one that it names."""
    owner = next((other for other in assembly.templates if f"{other}-Key" in key), part)
    (found,) = assembly.resources(owner, "AWS::KMS::Key").values()
    return found["KeyPolicy"]
