"""The rehearsal runs here against fakes: an account with prepared responses, and commands that are only recorded.

What AWS itself answers is what the rehearsal is for. Not here: the templates (the tests beside this one).
"""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.rehearsal import STEPS, Rehearsal, RehearsalError
from tests.infra.synthesized import ROOT

COMMAND = runpy.run_path(str(ROOT / "scripts" / "rehearse_aws.py"), run_name="rehearse_aws")
ANSWERS: dict[str, dict[str, Any]] = {
    "sts": {"get_caller_identity": {"Account": "123456789012"}},
    "s3": {"list_objects_v2": {"Contents": [{"Key": "events/dt=2026-11-29/hr=10/a.jsonl.gz"}]}},
    "glue": {"get_job_runs": {"JobRuns": [{"JobRunState": "SUCCEEDED", "ExecutionTime": 90, "DPUSeconds": 180}]}},
    "athena": {
        "start_query_execution": {"QueryExecutionId": "q"},
        "get_query_execution": {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}},
        "get_query_results": {"ResultSet": {"Rows": [{"Data": []}, {"Data": [{"VarCharValue": "7"}]}]}},
    },
    "redshift-data": {
        "execute_statement": {"Id": "s"},
        "describe_statement": {"Status": "FINISHED"},
        "get_statement_result": {"Records": [[{"longValue": 7}]]},
    },
    "cloudwatch": {"get_metric_statistics": {"Datapoints": [{"Sum": 1.0}]}},
    "ecs": {"describe_services": {"services": [{"runningCount": 1, "deployments": [{}]}]}},
    "resourcegroupstaggingapi": {"get_resources": {"ResourceTagMappingList": []}},
}


class Client:
    """A service: its entry in ANSWERS, else nothing; pages hold no stacks."""

    def __init__(self, service: str, called: list[str], answers: dict[str, dict[str, Any]]) -> None:
        self._service, self._called, self._answers = service, called, answers

    def get_paginator(self, _name: str) -> Any:
        stacks = self._answers.get("cloudformation", {}).get("list_stacks", {"StackSummaries": []})
        return type("Pages", (), {"paginate": staticmethod(lambda: [stacks])})

    def __getattr__(self, operation: str) -> Any:
        def call(**_arguments: Any) -> Any:
            self._called.append(f"{self._service}.{operation}")
            return self._answers.get(self._service, {}).get(operation, {})

        return call


def rehearsal(called: list[str], **answers: dict[str, Any]) -> Rehearsal:
    def run(command: Sequence[str], _folder: Path) -> str:
        called.append(" ".join(command))
        return "done"

    known = ANSWERS | {service.replace("_", "-"): found for service, found in answers.items()}
    return Rehearsal(
        "123456789012", "eu-central-1", "rehearsal", run, lambda s: Client(s, called, known), lambda _s: None, 3
    )


def test_every_step_runs_in_order_and_everything_is_taken_down(tmp_path: Path) -> None:
    called: list[str] = []
    assert COMMAND["rehearse"](rehearsal(called), tmp_path / "answers.md") == 0
    report = (tmp_path / "answers.md").read_text()
    places = [report.index(f"**{step.name}**") for step in STEPS]
    assert places == sorted(places)
    assert "left: nothing" in report
    cdk = [line for line in called if line.startswith("npx aws-cdk@")]
    assert [line.split()[2] for line in cdk] == ["bootstrap", "deploy", "deploy", "destroy"]
    assert called.index("sagemaker.delete_endpoint") < called.index(cdk[-1])


def test_a_step_that_fails_is_written_down_and_the_account_left_clean(tmp_path: Path) -> None:
    """Prevents a forgotten warehouse on the bill."""
    called: list[str] = []
    failed = {"get_job_runs": {"JobRuns": [{"JobRunState": "FAILED", "ErrorMessage": "no such wheel"}]}}
    assert COMMAND["rehearse"](rehearsal(called, glue=failed), tmp_path / "answers.md") == 1
    assert "no such wheel" in (tmp_path / "answers.md").read_text()
    assert "athena.start_query_execution" not in called
    assert any(" destroy " in line for line in called)


@pytest.mark.parametrize(
    "answers",
    [
        {"sts": {"get_caller_identity": {"Account": "999988887777"}}},
        {
            "cloudformation": {
                "list_stacks": {"StackSummaries": [{"StackName": "rehearsal-lake", "StackStatus": "X"}]}
            }
        },
    ],
)
def test_another_account_or_somebodys_stacks_are_left_alone(answers: dict[str, Any], tmp_path: Path) -> None:
    """Prevents the one mistake that cannot be taken back: tearing down what was there before."""
    called: list[str] = []
    assert COMMAND["rehearse"](rehearsal(called, **answers), tmp_path / "answers.md") == 1
    assert not [line for line in called if line.startswith(("npx", "docker"))]


def test_what_never_comes_ends_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match="nothing after"):
        rehearsal([], s3={"list_objects_v2": {}}).until("landing", lambda: "")


def test_the_plan_needs_no_account_and_a_start_needs_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert COMMAND["main"](["--plan"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(STEPS) + 1
    assert COMMAND["main"]([]) == 2
