"""Custom resource of CloudFormation: external schemas, users and the day's limit of a Redshift warehouse.

CloudFormation has no resource for any of them. The Lambda runs SQL as the warehouse's administrator through the
Redshift Data API and waits for each statement, so that a rejected one fails the deployment with Redshift's words.
Everything can be repeated: an update runs the same statements again. Deleting does nothing; what it would delete
goes with the warehouse.

Standard library and the boto3 of Lambda's runtime alone.

Not here: the properties that it is given (stacks/warehouse.py), grants on marts (dbt makes them as their owner).
"""

from __future__ import annotations

import json
import logging
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

_EXISTS = "already exists"
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 240.0  # for one statement; a warehouse that was idle takes some tens of seconds to wake

Properties = Mapping[str, Any]


class SetupError(RuntimeError):
    """A statement that Redshift rejected or did not finish."""


def lambda_handler(event: Mapping[str, Any], context: Any) -> None:
    """Handle the event and report the result to CloudFormation; never raises, else the stack would hang."""
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    try:
        if event["RequestType"] != "Delete":
            set_up(event["ResourceProperties"], _client)
    except Exception as error:  # without a response the stack waits for an hour
        log.exception("the warehouse was not set up")
        answer |= {"Status": "FAILED", "Reason": f"{error} (log stream {context.log_stream_name})"[:4000]}
    _answer(event["ResponseURL"], answer)


def set_up(properties: Properties, client: Callable[[str], Any]) -> None:
    """Run the statements and set the limit.

    Args:
        properties: `Warehouse` (arguments that identify it in the Data API), `Database`, `Region`,
            `SpectrumRoleArn`, `ExternalSchemas` ({schema: Glue database}), `Builder` (user that owns the marts),
            `MartsSchema`, `ReaderSecretArn` ("": no reader); of a cluster `AdminSecretArn`, of a serverless one
            `Namespace`, `WorkgroupArn` and `RpuHoursADay`.
        client: makes a boto3 client of a service.

    Raises:
        SetupError: see there.
    """
    run = _Runner(client("redshift-data"), properties, _admin_secret(properties, client))
    for statement in statements(properties):
        run(statement)
    if properties.get("ReaderSecretArn"):
        secret = client("secretsmanager").get_secret_value(SecretId=properties["ReaderSecretArn"])
        reader = json.loads(secret["SecretString"])
        for statement in reader_statements(properties, reader["username"], reader["password"]):
            run(statement)
    if properties.get("WorkgroupArn"):
        limit_a_day(client("redshift-serverless"), properties["WorkgroupArn"], int(properties["RpuHoursADay"]))


def statements(properties: Properties) -> list[str]:
    """A user without a password that builds the marts, and external schemas over the Data Catalog that it reads."""
    builder = _quoted(properties["Builder"])
    made = [
        f"create user {builder} password disable",  # Redshift has no `if not exists` here
        f"grant create, temp on database {_quoted(properties['Database'])} to {builder}",
        f"create schema if not exists {_quoted(properties['MartsSchema'])} authorization {builder}",
    ]
    for schema, glue_database in properties["ExternalSchemas"].items():
        made += [
            f"create external schema if not exists {_quoted(schema)} from data catalog"
            f" database {_text(glue_database)} region {_text(properties['Region'])}"
            f" iam_role {_text(properties['SpectrumRoleArn'])}",
            f"grant usage on schema {_quoted(schema)} to {builder}",
        ]
    return made


def reader_statements(properties: Properties, user: str, password: str) -> list[str]:
    """A user with a password that reads the marts and nothing else, also those that are built later."""
    marts, builder, reader = _quoted(properties["MartsSchema"]), _quoted(properties["Builder"]), _quoted(user)
    return [
        f"create user {reader} password disable",
        f"alter user {reader} password {_text(password)}",
        f"grant usage on schema {marts} to {reader}",
        f"grant select on all tables in schema {marts} to {reader}",
        f"alter default privileges for user {builder} in schema {marts} grant select on tables to {reader}",
    ]


def limit_a_day(serverless: Any, workgroup_arn: str, rpu_hours: int) -> None:
    """Let the workgroup reject queries after so many RPU-hours a day (UTC), until the next day."""
    usage = "serverless-compute"
    found = serverless.list_usage_limits(resourceArn=workgroup_arn, usageType=usage)["usageLimits"]
    daily = [limit for limit in found if limit["period"] == "daily"]
    if daily:
        serverless.update_usage_limit(
            usageLimitId=daily[0]["usageLimitId"], amount=rpu_hours, breachAction="deactivate"
        )
    else:
        serverless.create_usage_limit(
            resourceArn=workgroup_arn, usageType=usage, amount=rpu_hours, period="daily", breachAction="deactivate"
        )


class _Runner:
    """Runs one statement after the other as the administrator."""

    def __init__(self, data: Any, properties: Properties, admin_secret_arn: str) -> None:
        self._data = data
        self._where = {
            **properties["Warehouse"],
            "Database": properties["Database"],
            "SecretArn": admin_secret_arn,
        }

    def __call__(self, statement: str) -> None:
        """Run it and wait for its end; an object that is there already is as good as a new one."""
        shown = statement.split(" password ")[0]  # never a password, neither in the log nor in an error
        log.info("%s", shown)
        started = self._data.execute_statement(**self._where, Sql=statement)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = self._data.describe_statement(Id=started["Id"])
            if found["Status"] == "FINISHED":
                return
            if found["Status"] in ("FAILED", "ABORTED"):
                reason = found.get("Error", "no reason given")
                if _EXISTS in reason:
                    return
                raise SetupError(f"Redshift refused `{shown}`: {reason}")
            if time.monotonic() > deadline:
                raise SetupError(f"Redshift did not finish `{shown}` in {_PATIENCE_SECONDS:g} seconds; deploy again")
            time.sleep(_POLL_SECONDS)


def _admin_secret(properties: Properties, client: Callable[[str], Any]) -> str:
    """Secret of the administrator's password; CloudFormation knows it of a cluster, not of a serverless namespace."""
    if properties.get("AdminSecretArn"):
        return str(properties["AdminSecretArn"])
    found = client("redshift-serverless").get_namespace(namespaceName=properties["Namespace"])
    return str(found["namespace"]["adminPasswordSecretArn"])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _client(service: str) -> Any:
    import boto3

    session: Any = boto3.Session()  # its stubs list every service there is
    return session.client(service)


def _answer(url: str, answer: Mapping[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's own presigned address
        url, data=json.dumps(answer).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        log.info("CloudFormation answered %s", reply.status)
