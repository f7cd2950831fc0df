"""checkov on the templates and cloudsplaining on the roles: each finding is accepted with a reason, or there is none.

Not here: cdk-nag, which stops the synthesis (infra/nag.py), cfn-lint (test_synth.py).
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.aws.least_privilege.account import policies_of
from tests.infra.synthesized import ROOT, Assembly

pytestmark = pytest.mark.aws

PROGRAMS = ROOT / "build" / "witnesses" / "scanners" / "bin"

CHECKOV = {
    "CKV_AWS_158": "log groups of the network, of PostgreSQL and of deployments hold no events; AWS encrypts them",
    "CKV_AWS_116": "Kinesis and Scheduler report failures to queues of their own; the others answer to a deployment",
    "CKV_AWS_117": "the Lambdas reach APIs of AWS alone: in the network each would need a NAT gateway for that",
    "CKV_AWS_115": "a reserved concurrency would stop the consumer before its stream stops (check_fan_out)",
    "CKV_AWS_173": "names and numbers alone are in the environment; Lambda encrypts it with its own key",
    "CKV_AWS_18": "the bucket that takes the access logs: logging its own access would never end",
    "CKV_AWS_21": "the bucket that takes the access logs: nothing of it is ever overwritten",
    "CKV_AWS_118": "Dagster's database is small; CloudWatch's metrics of the instance and its disk alarm are enough",
    "CKV_AWS_161": "Dagster logs in with a password out of Secrets Manager, which its storage takes and tokens not",
    "CKV_AWS_149": "QuickSight's secret is under AWS' own key, which the role of QuickSight can use",
    "CKV_AWS_91": "the log of the load balancer is set as attributes that checkov does not read",
    "CKV_AWS_111": "key policies name `*`, which there means the key itself",
    "CKV_AWS_71": "a cluster's log goes to CloudWatch; checkov looks for a bucket",
    "CKV_AWS_370": "serverless endpoints offer no network isolation",
}
"""Id of the check -> why it is accepted."""

CHECKOV_OF_SMALL = {"CKV_AWS_157": "a trial's database of Dagster is in one zone; production's is in two"}
"""The same, for a size that is not production's."""

CLOUDSPLAINING = {
    "ecr:GetAuthorizationToken": "the one way to pull an image; it has no resource to name",
    "ec2:CreateNetworkInterface": "QuickSight asks for it in this form (its user guide)",
    "ec2:DeleteNetworkInterface": "QuickSight asks for it in this form (its user guide)",
    "ec2:ModifyNetworkInterfaceAttribute": "QuickSight asks for it in this form (its user guide)",
}
"""Action -> why it is accepted."""


def program(name: str) -> str:
    found = PROGRAMS / name
    if not found.exists():
        pytest.skip(f"{name} is not installed on this machine: make witnesses")
    return str(found)


@pytest.mark.parametrize("size", ["production", "everything"])
def test_checkov_finds_nothing_that_was_not_accepted(size: str, request: pytest.FixtureRequest) -> None:
    """Prevents what cdk-nag has no rule for: another pair of eyes, with other rules."""
    assembly: Assembly = request.getfixturevalue(size)
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "-o", "json"]
    command = [program("checkov"), "-d", str(assembly.folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 200, "checkov looked at nothing"
    found = {(item["check_id"], item["check_name"], item["resource"]) for item in answer["results"]["failed_checks"]}
    accepted = {**CHECKOV, **(CHECKOV_OF_SMALL if size != "production" else {})}
    assert {finding for finding in found if finding[0] not in accepted} == set()


def test_cloudsplaining_finds_nothing_that_was_not_accepted(everything: Assembly, tmp_path: Path) -> None:
    """Prevents a role that could raise its own rights, leak data or change infrastructure without a limit."""
    statements = [s for role in policies_of(everything).values() for s in role]
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    command = [program("cloudsplaining"), "scan-policy-file", "--input-file", str(policy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = re.sub(r"\x1b\[\d+m", "", done.stdout)
    found = {action.strip() for line in re.findall(r"Actions: (.*)", said) for action in line.split(",")}
    assert found, f"cloudsplaining looked at nothing: {said[-500:]} {done.stderr[-500:]}"
    assert found - set(CLOUDSPLAINING) == set()
