"""Every value of the templates is within AWS' limits, and the checker detects each kind of violation.

Not here: the intended content of a template (the tests beside this folder).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.limits.apis import apis, taken
from tests.infra.limits.findings import Finding, findings, findings_of, other_cases, resources, unmatched
from tests.infra.limits.guides import entries, values_at
from tests.infra.limits.prose import stated
from tests.infra.limits.shapes import python_pattern
from tests.infra.synthesized import Assembly

pytestmark = pytest.mark.aws

SIZES = ["small", "production", "everything"]


@pytest.mark.parametrize("size", SIZES)
def test_every_value_is_within_the_limits_of_aws(size: str, request: pytest.FixtureRequest) -> None:
    """Prevents a deployment that CloudFormation takes back half an hour in, for a number that was never allowed."""
    found = findings(request.getfixturevalue(size))
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("size", SIZES)
def test_every_property_is_compared_or_explained(size: str, request: pytest.FixtureRequest) -> None:
    """Prevents a new resource whose limits nothing reads."""
    assert unmatched(request.getfixturevalue(size)) == {}


WRONG: list[tuple[str, Mapping[str, Any], str]] = [
    (
        "AWS::ECS::TaskDefinition",
        {"RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": [{"StartTimeout": 600}]},
        "2-120 seconds",
    ),
    ("AWS::ECS::TaskDefinition", {"Cpu": "1024", "Memory": "1024"}, "task size"),
    ("AWS::Lambda::Function", {"Timeout": 901}, "Lambda quotas"),
    ("AWS::Lambda::Function", {"FunctionName": "a" * 65}, "64 characters"),
    ("AWS::Lambda::Function", {"MemorySize": 100}, "at least 128"),
    ("AWS::Lambda::EventSourceMapping", {"ParallelizationFactor": 11}, "at most 10"),
    ("AWS::Lambda::EventSourceMapping", {"MaximumBatchingWindowInSeconds": 301}, "300"),
    ("AWS::SQS::Queue", {"MessageRetentionPeriod": 1_209_601}, "1,209,600"),
    ("AWS::SQS::Queue", {"VisibilityTimeout": 43_201}, "43,200"),
    ("AWS::S3::Bucket", {"BucketName": "Events"}, "naming rules"),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 15}, "PutRetentionPolicy"),
    ("AWS::MWAA::Environment", {"AirflowVersion": "3.9.9"}, "Valid values"),
    ("AWS::MWAA::Environment", {"MaxWorkers": 0}, "at least 1"),
    ("AWS::RDS::DBInstance", {"BackupRetentionPeriod": 36}, "0 to 35"),
    ("AWS::Redshift::Cluster", {"NodeType": "ra4.huge"}, "ra3.large"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Name": "a" * 33}, "32 characters"),
    ("AWS::Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "SOMETIMES"}}, "none of"),
    ("AWS::IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": ["a" * 10_240]}}]}, "10240"),
    ("AWS::CloudWatch::Alarm", {"EvaluationPeriods": 8, "Period": 86_400}, "604800"),
]


@pytest.mark.parametrize(("kind", "properties", "said"), WRONG)
def test_a_value_outside_of_a_limit_is_found(kind: str, properties: Mapping[str, Any], said: str) -> None:
    """Prevents a deaf checker: limits as data, as a model's words, as a line of a guide."""
    found = [str(finding) for finding in findings_of("part/Id", kind, properties)]
    assert [line for line in found if said in line], found


def test_words_about_another_case_say_nothing_here() -> None:
    text = "<p>On the EC2 launch type, valid values are 1-600.</p> <p>The valid values for Fargate are 2-120.</p>"
    (limit,) = stated(text, number=True, other_cases=("EC2 launch type",))
    assert (limit.lowest, limit.highest) == (2, 120)


def test_every_pattern_of_aws_is_read(everything: Assembly) -> None:
    """AWS writes Java's patterns: one that Python cannot read would be a limit that nothing holds."""
    known, unread = apis(), set()
    for _, kind, properties in resources(everything):
        for given in taken(known[kind], properties):
            pattern = given.shape.metadata.get("pattern") if given.shape is not None else None
            if pattern and python_pattern(pattern) is None:
                unread.add((kind, given.path, pattern))
    assert unread == set()


def test_every_line_of_the_guides_meets_a_property_and_names_its_source(everything: Assembly) -> None:
    """Prevents a limit whose path is misspelt; those of another size of task are there for other sizes."""
    present = [(kind, properties) for _, kind, properties in resources(everything)]
    for kind, lines in entries().items():
        for line in lines:
            assert line["source"]
            if kind != "AWS::ECS::TaskDefinition" and kind != "AWS::RedshiftServerless::Workgroup":
                assert any(k == kind and values_at(p, line["property"]) for k, p in present) or _in_no_option(kind), (
                    line
                )


def _in_no_option(kind: str) -> bool:
    return kind.startswith("AWS::RedshiftServerless::")  # `everything` has a cluster instead


def test_a_finding_says_where_and_why(small: Assembly) -> None:
    finding = Finding("a/B", "AWS::X", "Y", "1: at most 0")
    assert str(finding) == "a/B AWS::X Y: 1: at most 0"
    assert other_cases("AWS::ECS::TaskDefinition", {}) != ()
    assert sum(1 for _ in resources(small)) > 100
