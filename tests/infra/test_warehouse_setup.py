"""Set-up inside Redshift: complete, repeatable, and clear about a denial."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from infra.warehouse_setup import handler

PROPERTIES: dict[str, Any] = {
    "Warehouse": {"WorkgroupName": "socialsent-warehouse"},
    "Namespace": "socialsent-warehouse",
    "WorkgroupArn": "arn:aws:redshift-serverless:eu-central-1:123456789012:workgroup/1",
    "RpuHoursADay": "8",
    "Database": "socialsent",
    "Region": "eu-central-1",
    "SpectrumRoleArn": "arn:aws:iam::123456789012:role/spectrum",
    "ExternalSchemas": {"spectrum_cleansed": "socialsent_cleansed", "spectrum_analytics": "socialsent_analytics"},
    "Builder": "IAMR:socialsent-dagster",
    "MartsSchema": "marts",
    "ReaderSecretArn": "",
}
PASSWORD = "hunter2Hunter2"


class FakeAws:
    """Redshift's Data API, serverless API and Secrets Manager in one; records the requests."""

    def __init__(self, errors: dict[str, str] | None = None, limits: list[dict[str, str]] | None = None) -> None:
        self.errors = errors or {}
        self.limits = limits or []
        self.ran: list[dict[str, Any]] = []
        self.set_limits: list[dict[str, Any]] = []
        self.polls = 0

    def client(self, _service: str) -> FakeAws:
        return self

    def execute_statement(self, **asked: Any) -> dict[str, str]:
        self.ran.append(asked)
        return {"Id": asked["Sql"]}

    def describe_statement(self, Id: str) -> dict[str, str]:
        self.polls += 1
        if self.polls % 2:  # every statement takes a while
            return {"Status": "STARTED"}
        error = next((error for start, error in self.errors.items() if Id.startswith(start)), None)
        return {"Status": "FAILED", "Error": error} if error else {"Status": "FINISHED"}

    def get_namespace(self, namespaceName: str) -> dict[str, Any]:
        return {"namespace": {"adminPasswordSecretArn": f"secret-of-{namespaceName}"}}

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        assert SecretId == "reader-secret"
        return {"SecretString": json.dumps({"username": "dashboards", "password": PASSWORD})}

    def list_usage_limits(self, **_asked: Any) -> dict[str, Any]:
        return {"usageLimits": self.limits}

    def create_usage_limit(self, **asked: Any) -> None:
        self.set_limits.append({"made": True, **asked})

    def update_usage_limit(self, **asked: Any) -> None:
        self.set_limits.append({"made": False, **asked})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_POLL_SECONDS", 0.0)


def sql(aws: FakeAws) -> list[str]:
    return [asked["Sql"] for asked in aws.ran]


def test_every_tier_that_the_marts_read_becomes_a_schema() -> None:
    aws = FakeAws()
    handler.set_up(PROPERTIES, aws.client)
    for schema, database in PROPERTIES["ExternalSchemas"].items():
        assert (
            f"create external schema if not exists \"{schema}\" from data catalog database '{database}' "
            "region 'eu-central-1' iam_role 'arn:aws:iam::123456789012:role/spectrum'" in sql(aws)
        )
        assert f'grant usage on schema "{schema}" to "IAMR:socialsent-dagster"' in sql(aws)


def test_statements_run_as_the_administrator_whose_secret_is_looked_up() -> None:
    """CloudFormation does not return the secret of a serverless namespace; AWS's API does."""
    aws = FakeAws()
    handler.set_up(PROPERTIES, aws.client)
    assert {asked["SecretArn"] for asked in aws.ran} == {"secret-of-socialsent-warehouse"}
    assert {asked["WorkgroupName"] for asked in aws.ran} == {"socialsent-warehouse"}


def test_a_second_deployment_takes_what_is_there_for_done() -> None:
    """Redshift has no `create user if not exists`: without this every update of the stack would fail."""
    aws = FakeAws(errors={"create user": 'ERROR: user "IAMR:socialsent-dagster" already exists'})
    handler.set_up(PROPERTIES, aws.client)
    assert sql(aws)[-1].startswith("grant usage")


def test_a_refused_statement_stops_the_setup_with_the_words_of_redshift() -> None:
    aws = FakeAws(errors={"create external schema": "ERROR: not authorized to assume role"})
    with pytest.raises(handler.SetupError, match=r"spectrum_cleansed.*not authorized to assume role"):
        handler.set_up(PROPERTIES, aws.client)
    assert aws.set_limits == []


def test_a_statement_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a stack that waits until CloudFormation loses patience, an hour later."""
    monkeypatch.setattr(handler, "_PATIENCE_SECONDS", -1.0)
    with pytest.raises(handler.SetupError, match="did not finish"):
        handler.set_up(PROPERTIES, FakeAws().client)


def test_the_reader_may_read_marts_that_are_built_later(caplog: pytest.LogCaptureFixture) -> None:
    aws = FakeAws()
    with caplog.at_level(logging.INFO):
        handler.set_up({**PROPERTIES, "ReaderSecretArn": "reader-secret"}, aws.client)
    assert (
        'alter default privileges for user "IAMR:socialsent-dagster" in schema "marts" grant select on tables to '
        '"dashboards"' in sql(aws)
    )
    assert any(PASSWORD in statement for statement in sql(aws))
    assert PASSWORD not in caplog.text


def test_a_password_that_redshift_refuses_is_not_told() -> None:
    aws = FakeAws(errors={"alter user": "ERROR: password too short"})
    with pytest.raises(handler.SetupError) as refused:
        handler.set_up({**PROPERTIES, "ReaderSecretArn": "reader-secret"}, aws.client)
    assert PASSWORD not in str(refused.value)
    assert "password too short" in str(refused.value)


@pytest.mark.parametrize("standing", [[], [{"usageLimitId": "1", "period": "weekly"}]])
def test_a_warehouse_without_a_days_limit_gets_one(standing: list[dict[str, str]]) -> None:
    aws = FakeAws(limits=standing)
    handler.set_up(PROPERTIES, aws.client)
    (limit,) = aws.set_limits
    assert limit == {
        "made": True,
        "resourceArn": PROPERTIES["WorkgroupArn"],
        "usageType": "serverless-compute",
        "amount": 8,
        "period": "daily",
        "breachAction": "deactivate",
    }


def test_a_changed_limit_replaces_the_one_that_stands() -> None:
    """AWS allows several limits; a second one beside the first would not raise it."""
    aws = FakeAws(limits=[{"usageLimitId": "7", "period": "daily"}])
    handler.set_up({**PROPERTIES, "RpuHoursADay": "16"}, aws.client)
    assert aws.set_limits == [{"made": False, "usageLimitId": "7", "amount": 16, "breachAction": "deactivate"}]


def test_quotes_in_a_name_end_no_statement() -> None:
    odd = {**PROPERTIES, "Builder": 'a"; drop', "ExternalSchemas": {"s": "d'b"}}
    assert any('"a""; drop"' in statement for statement in handler.statements(odd))
    assert any("database 'd''b'" in statement for statement in handler.statements(odd))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The response to CloudFormation."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(handler, "_answer", lambda url, answer: told.append({"url": url, **answer}))
    return told


def event(kind: str) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation.example/answer",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Contents",
        "ResourceProperties": PROPERTIES,
    }


def test_cloudformation_hears_of_success(answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws()
    monkeypatch.setattr(handler, "_client", aws.client)
    handler.lambda_handler(event("Create"), SimpleNamespace(log_stream_name="stream"))
    assert [answer["Status"] for answer in answers] == ["SUCCESS"]
    assert answers[0]["RequestId"] == "request"
    assert aws.ran


def test_cloudformation_hears_of_any_failure(answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a stack that waits for an hour because a Lambda died without a word."""
    monkeypatch.setattr(handler, "_client", lambda _service: 1 / 0)
    handler.lambda_handler(event("Update"), SimpleNamespace(log_stream_name="stream-7"))
    assert answers[0]["Status"] == "FAILED"
    assert "division by zero" in answers[0]["Reason"]
    assert "stream-7" in answers[0]["Reason"]


def test_deleting_the_stack_runs_nothing(answers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The warehouse may be gone by then: a statement would keep the stack from being deleted."""
    aws = FakeAws()
    monkeypatch.setattr(handler, "_client", aws.client)
    handler.lambda_handler({**event("Delete"), "PhysicalResourceId": "Contents"}, SimpleNamespace())
    assert answers[0]["Status"] == "SUCCESS"
    assert aws.ran == []
