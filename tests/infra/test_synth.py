"""All stacks together: they synthesize, nothing is open to the public, no role may do everything.

cdk-nag runs inside the synthesis: a finding without a reason makes the fixtures of this folder fail.

Not here: properties of one stack (test_lake_stack.py, test_ingest_stack.py, …).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.app import main
from tests.infra.synthesized import ROOT, Assembly

pytestmark = pytest.mark.aws

# W3005: CDK writes a dependency although a reference implies it; more than needed, and harmless.
ACCEPTED_WARNINGS = ("W3005",)


def test_cfn_lint_finds_nothing(assembly: Assembly) -> None:
    """Prevents a property that CloudFormation rejects half an hour into a deployment."""
    files = [str(path) for path in sorted(assembly.folder.glob("*.template.json"))]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", "--regions", "eu-central-1"]
    done = subprocess.run(
        [*command, "--ignore-checks", *ACCEPTED_WARNINGS, "--", *files], capture_output=True, text=True, timeout=300
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_every_stack_stands_in_the_assembly(assembly: Assembly) -> None:
    always = {"lake", "ingest", "compute", "network", "warehouse", "models", "notifications", "orchestration"}
    assert always | {"observability"} <= set(assembly.templates)


def test_every_bucket_is_encrypted_private_and_speaks_tls_alone(assembly: Assembly) -> None:
    closed = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    policies = {policy["Bucket"]: policy for _, policy in assembly.every("AWS::S3::BucketPolicy")}
    buckets = dict(assembly.every("AWS::S3::Bucket"))
    assert len(buckets) >= 5
    for name, bucket in buckets.items():
        assert bucket["PublicAccessBlockConfiguration"] == closed, name
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], name
        assert refuses_plain_http(policies[bucket["BucketName"]]["PolicyDocument"]), name


def test_every_queue_and_topic_is_encrypted_and_speaks_tls_alone(assembly: Assembly) -> None:
    policies = [p["PolicyDocument"] for _, p in assembly.every("AWS::SQS::QueuePolicy")]
    queues = dict(assembly.every("AWS::SQS::Queue"))
    assert len(policies) == len(queues)
    assert all(refuses_plain_http(policy) for policy in policies)
    for name, holder in [*queues.items(), *assembly.every("AWS::SNS::Topic")]:
        assert holder["KmsMasterKeyId"], name
    topics = [p["PolicyDocument"] for _, p in assembly.every("AWS::SNS::TopicPolicy")]
    assert all(refuses_plain_http(policy) for policy in topics)


def test_every_key_is_renewed(assembly: Assembly) -> None:
    for name, key in assembly.every("AWS::KMS::Key"):
        assert key["EnableKeyRotation"] is True, name


def test_every_log_group_forgets(assembly: Assembly) -> None:
    """Prevents logs that are paid for without a limit."""
    for name, group in assembly.every("AWS::Logs::LogGroup"):
        assert group["RetentionInDays"] > 0, name


def test_no_role_may_do_every_action_of_a_service(assembly: Assembly) -> None:
    for name, statement in statements_of_roles(assembly):
        if statement["Effect"] == "Allow":
            assert not [action for action in listed(statement["Action"]) if "*" in action], f"{name}: {statement}"


def test_a_statement_names_every_resource_only_where_aws_knows_none(assembly: Assembly) -> None:
    """Prevents a role that reads each bucket of the account because one line was shorter so."""
    of_data = ("s3:", "kms:", "kinesis:", "sqs:", "lambda:", "glue:Get", "glue:Batch", "secretsmanager:", "athena:")
    for name, statement in statements_of_roles(assembly):
        if "*" in listed(statement["Resource"]) and statement["Effect"] == "Allow":
            actions = [a for a in listed(statement["Action"]) if a != "glue:GetSecurityConfiguration"]
            assert not [action for action in actions if action.startswith(of_data)], f"{name}: {statement}"


def test_small_goes_with_its_stacks_and_production_keeps_its_data(small: Assembly, production: Assembly) -> None:
    """Prevents a trial that leaves buckets behind, and a slip that takes a year of events with it.

    RetainExceptOnCreate: a first deployment that fails must not leave names that the next one finds taken.
    """
    for assembly, policy in ((small, "Delete"), (production, "RetainExceptOnCreate")):
        template = assembly.templates["lake"]["Resources"]
        kept = {r["DeletionPolicy"] for r in template.values() if r["Type"] in ("AWS::S3::Bucket", "AWS::KMS::Key")}
        assert kept == {policy}
    emptied = small.resources("lake", "Custom::S3AutoDeleteObjects").values()
    buckets = small.resources("lake", "AWS::S3::Bucket").values()
    assert {e["BucketName"] for e in emptied} == {b["BucketName"] for b in buckets}, "a full bucket cannot be deleted"
    assert not production.resources("lake", "Custom::S3AutoDeleteObjects")
    manifest = json.loads((production.folder / "manifest.json").read_text())
    stacks = [a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"]
    assert all(stack["properties"]["terminationProtection"] for stack in stacks)


def test_templates_name_no_account(assembly: Assembly) -> None:
    """Prevents a template that only deploys where it was written."""
    for part, template in assembly.templates.items():
        assert "123456789012" not in json.dumps(template), part


def test_a_second_deployment_shares_no_name_with_the_first(small: Assembly, tmp_path: Path) -> None:
    """Started as the CDK's command line starts it: the command in cdk.json, in its folder."""
    command = json.loads((ROOT / "infra" / "cdk.json").read_text())["app"]
    environment = {**os.environ, "CDK_OUTDIR": str(tmp_path), "DEPLOYMENT_NAME": "acme"}
    done = subprocess.run(
        f"{command} --build {small.folder.parent / 'build'}",
        shell=True,
        cwd=ROOT / "infra",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    other = Assembly(tmp_path)
    assert set(other.templates) == set(small.templates)
    for part, template in other.templates.items():
        assert not re.search(r"socialsent[-_](?!assets)", json.dumps(template["Resources"])), part


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "huge"], "small, production"),
        (["--name", "Not A Name"], "lower-case"),
        (["--start", "yesterday"], "2026-01-01T00:00Z"),
        (["--build", "/nowhere"], "make lambdas wheel"),
        (["--sizes", "/nowhere.toml"], "/nowhere.toml"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert len(message.strip().splitlines()) == 1


def test_help_comes_without_starting_the_cdk() -> None:
    """Node.js takes seconds to start; help that does so runs once."""
    code = "import sys, infra.app\ntry: infra.app.main(['--help'])\nfinally: print('aws_cdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "npx aws-cdk@2.1148.1" in done.stdout
    assert done.stdout.strip().endswith("False")


def test_a_finding_of_cdk_nag_without_a_reason_stops_the_synthesis(tmp_path: Path) -> None:
    """Prevents a check whose findings are dropped."""
    import aws_cdk as cdk
    from aws_cdk import aws_s3 as s3

    from infra import nag

    app = cdk.App(outdir=str(tmp_path))
    s3.Bucket(cdk.Stack(app, "open"), "Open")
    nag.check(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def refuses_plain_http(policy: dict[str, Any]) -> bool:
    return any(
        s["Effect"] == "Deny" and s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for s in policy["Statement"]
    )


def statements_of_roles(assembly: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in assembly.every("AWS::IAM::Role"):
        for policy in role.get("Policies", ()):
            yield from ((name, s) for s in listed(policy["PolicyDocument"]["Statement"]))
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for name, policy in assembly.every(kind):
            yield from ((name, s) for s in listed(policy["PolicyDocument"]["Statement"]))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
