"""Dagster's task: the code reads the settings that it is given, its commands are Dagster's own, nothing is open."""

from __future__ import annotations

import re
import runpy
import socket
from typing import Any

import pytest
import yaml

from infra.sizes import load_size
from socialsent_assets.settings import Settings
from tests.infra.granted import granted
from tests.infra.synthesized import ACCOUNT, REGION, ROOT, Assembly, Properties

pytestmark = pytest.mark.aws

wait_for_code: Any = runpy.run_path(str(ROOT / "infra" / "dagster" / "wait_for_code.py"))["main"]

CONTAINERS = ("code", "webserver", "daemon")

# Settings that a deployment has no use for, each with its reason.
NOT_DEPLOYED = {
    "SOCIALSENT_HOME": "the image's own",
    "SOCIALSENT_WAREHOUSE": "DuckDB's file",
    "SOCIALSENT_SPARK_MEMORY": "Spark runs on Glue",
    "SOCIALSENT_SPARK_MASTER": "Spark runs on Glue",
    "SOCIALSENT_RUN_HISTORY_DAYS": "the default fits",
    "SOCIALSENT_RUN_HISTORY_RUNS": "the default fits",
    "SOCIALSENT_LOG_MB": "CloudWatch keeps the logs",
    "SOCIALSENT_FOLLOW": "a service of its own follows networks on AWS (stacks/following.py)",
    "SOCIALSENT_LABELLED_POSTS": "for tests",
    "SOCIALSENT_WINDOW_START": "of one run",
    "SOCIALSENT_WINDOW_END": "of one run",
    "SOCIALSENT_REDSHIFT_PASSWORD": "the role logs in, without one",
    "SOCIALSENT_REDSHIFT_CLUSTER": "of a provisioned cluster alone",
    "SOCIALSENT_SPECTRUM_ROLE_ARN": "for a Redshift that the stacks did not make",
    "SOCIALSENT_ATHENA_DATA": "the marts are in Redshift",
    "SOCIALSENT_ATHENA_DEADLINE_SECONDS": "the default fits",
    "SOCIALSENT_SENTIMENT": "the default fits",
    "SOCIALSENT_MASTODON_TOKEN": "a source is followed by a command, on one machine",
    "SOCIALSENT_REDDIT_CLIENT_ID": "a source is followed by a command, on one machine",
    "SOCIALSENT_REDDIT_CLIENT_SECRET": "a source is followed by a command, on one machine",
    "SOCIALSENT_DASHBOARD_PASSWORD": "the live dashboard runs on one machine",
    "SOCIALSENT_DASHBOARD_URL": "the live dashboard runs on one machine",
    "SOCIALSENT_RETENTION": "lifecycle rules of the buckets keep the days there, see docs/erasure.md",
    "SOCIALSENT_WORD_AUTHORS": "the default fits",
    "SOCIALSENT_DELETION_MINUTES": "the default fits",
    "SOCIALSENT_PSEUDONYM_KEY": "marts are exported by a command, on one machine",
    "SOCIALSENT_MODEL_DIGEST": "of the model container",
}


def task(assembly: Assembly) -> Properties:
    return assembly.one("orchestration", "AWS::ECS::TaskDefinition")


def container(assembly: Assembly, name: str) -> dict[str, Any]:
    (found,) = (c for c in task(assembly)["ContainerDefinitions"] if c["Name"] == name)
    return found


def command(assembly: Assembly, name: str) -> list[str]:
    """What a container runs in the end, behind `sh -c '… && exec "$@"' NAME`."""
    shell, flag, text, called, *arguments = container(assembly, name)["EntryPoint"]
    assert (shell, flag, called) == ("sh", "-c", name)
    assert text.endswith(' && exec "$@"')
    return arguments


def first(assembly: Assembly, name: str) -> list[str]:
    """What it runs before that."""
    return container(assembly, name)["EntryPoint"][2].partition(" && ")[0].split()


def environment(assembly: Assembly, name: str = "code") -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in container(assembly, name)["Environment"]}


def documented() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#? ?(SOCIALSENT_\w+)=", text, flags=re.MULTILINE)) | {"SOCIALSENT_MODEL_DIGEST"}


def test_the_settings_read_what_the_task_is_given(assembly: Assembly) -> None:
    """Prevents a value that the code rejects, found when the first task does not start."""
    given = environment(assembly)
    host = "socialsent-warehouse.123456789012.eu-central-1.redshift-serverless.amazonaws.com"
    settings = Settings.from_env({**given, "SOCIALSENT_REDSHIFT_HOST": host})
    assert settings.landing == f"s3://socialsent-landing-{ACCOUNT}-{REGION}"
    assert settings.glue is not None
    jobs = {settings.glue.cleanse_job, settings.glue.score_job, settings.glue.upkeep_job}
    assert jobs == {job["Name"] for _, job in assembly.every("AWS::Glue::Job")}
    assert settings.catalog is not None
    databases = {database["DatabaseInput"]["Name"] for _, database in assembly.every("AWS::Glue::Database")}
    assert {settings.catalog.cleansed, settings.catalog.analytics} <= databases
    assert settings.athena is not None
    assert settings.athena.workgroup in {group["Name"] for _, group in assembly.every("AWS::Athena::WorkGroup")}
    assert settings.redshift is not None
    workgroup = assembly.one("warehouse", "AWS::RedshiftServerless::Workgroup")
    assert (settings.redshift.port, settings.redshift.sslmode) == (workgroup["Port"], "verify-full")
    assert settings.sagemaker is not None
    assert settings.alerts.topic_arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:socialsent-alerts"
    assert assembly.one("notifications", "AWS::SNS::Topic")["TopicName"] == "socialsent-alerts"
    assert settings.alerts.ui_url


def test_every_documented_setting_is_given_or_left_out_for_a_reason(assembly: Assembly) -> None:
    """Prevents a new setting that is missing on AWS, and a misspelt one that is never read."""
    given = {name for name in environment(assembly) if name.startswith("SOCIALSENT_")}
    assert given - documented() == set()
    assert documented() - given - set(NOT_DEPLOYED) == set()


def test_a_cluster_is_reached_by_its_own_name_and_user(everything: Assembly) -> None:
    given = environment(everything)
    cluster = everything.one("warehouse", "AWS::Redshift::Cluster")
    assert given["SOCIALSENT_REDSHIFT_CLUSTER"] == cluster["ClusterIdentifier"]
    contents = everything.one("warehouse", "Custom::WarehouseContents")
    assert contents["Builder"] == given["SOCIALSENT_REDSHIFT_USER"]
    user = f"arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:{cluster['ClusterIdentifier']}/{contents['Builder']}"
    assert user in granted(everything, "orchestration", "TaskRoleArn")["redshift:GetClusterCredentials"]


def test_redshift_knows_the_role_by_the_name_that_it_has(assembly: Assembly) -> None:
    """A serverless Redshift calls its user after the role: another name would be a user without rights."""
    names = [role.get("RoleName") for role in assembly.resources("orchestration", "AWS::IAM::Role").values()]
    (name,) = (name for name in names if name)
    assert assembly.one("warehouse", "Custom::WarehouseContents")["Builder"] == f"IAMR:{name}"
    assert environment(assembly)["SOCIALSENT_REDSHIFT_USER"] == f"IAMR:{name}"


def test_every_container_gets_the_same_settings_and_none_of_them_is_a_secret(assembly: Assembly) -> None:
    for name in CONTAINERS:
        assert environment(assembly, name) == environment(assembly), name
        assert [s["Name"] for s in container(assembly, name)["Secrets"]] == ["DAGSTER_PG_PASSWORD"]
    assert not [name for name in environment(assembly) if "PASSWORD" in name or "SECRET" in name]


def test_the_instance_is_given_every_variable_that_its_file_names(assembly: Assembly) -> None:
    text = (ROOT / "infra" / "dagster" / "dagster.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\{env: (\w+)\}", text))
    assert named == {name for name in environment(assembly) if name.startswith("DAGSTER_")} | {"DAGSTER_PG_PASSWORD"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_dagster_knows_the_commands_of_its_containers(assembly: Assembly, name: str) -> None:
    """Parses each command with Dagster's own parser, without running it."""
    from dagster._cli import create_dagster_cli
    from dagster._daemon.cli import create_dagster_daemon_cli
    from dagster_webserver.cli import dagster_webserver

    known: dict[str, Any] = {
        "dagster": create_dagster_cli(),
        "dagster-daemon": create_dagster_daemon_cli(),
        "dagster-webserver": dagster_webserver,
    }
    for program, *arguments in (command(assembly, name), first(assembly, name)):
        if program == "python":
            assert (ROOT / arguments[0]).is_file()
            continue
        parser = known[program]
        while hasattr(parser, "commands"):
            parser = parser.commands[arguments.pop(0)]
        with parser.make_context(program, list(arguments)) as context:
            assert context.command is parser


def test_web_server_and_daemon_look_for_the_code_where_it_listens(assembly: Assembly) -> None:
    arguments = command(assembly, "code")
    listens = arguments[arguments.index("--host") + 1], int(arguments[arguments.index("--port") + 1])
    for name in ("webserver", "daemon"):
        arguments = command(assembly, name)
        workspace = yaml.safe_load((ROOT / arguments[arguments.index("--workspace") + 1]).read_text())
        (server,) = (entry["grpc_server"] for entry in workspace["load_from"])
        assert (server["host"], server["port"]) == listens


def test_tables_are_there_before_code_and_code_before_who_asks_it(assembly: Assembly) -> None:
    """Prevents three processes that make the same tables together, and a daemon that finds no code.

    On Fargate, ECS waits two minutes at most for a container that others depend on: so these wait by themselves.
    """
    assert first(assembly, "code") == ["dagster", "instance", "migrate"]
    arguments = command(assembly, "code")
    port = arguments[arguments.index("--port") + 1]
    for name in ("webserver", "daemon"):
        assert first(assembly, name) == ["python", "infra/dagster/wait_for_code.py", port]
        assert container(assembly, name)["DependsOn"] == [{"ContainerName": "code", "Condition": "START"}]
    assert container(assembly, "code")["HealthCheck"]["Command"][0] == "CMD"


def test_who_waits_for_the_code_goes_on_when_it_answers_and_ends_when_it_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert wait_for_code(port, seconds=5) == 0
    assert wait_for_code(port, seconds=0.1, pause=0.01) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_task_that_still_starts_is_left_alone(everything: Assembly) -> None:
    """Dagster takes minutes to import: an early health check would stop every new task."""
    service = everything.one("orchestration", "AWS::ECS::Service")
    check = container(everything, "code")["HealthCheck"]
    assert service["HealthCheckGracePeriodSeconds"] >= 3 * check["StartPeriod"]


def test_there_are_never_two_daemons(assembly: Assembly) -> None:
    """Two daemons start every run twice."""
    service = assembly.one("orchestration", "AWS::ECS::Service")
    assert service["DesiredCount"] == 1
    assert service["DeploymentConfiguration"]["MaximumPercent"] == 100
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_without_a_load_balancer_the_ui_listens_to_its_own_task_alone(small: Assembly, everything: Assembly) -> None:
    assert "127.0.0.1" in container(small, "webserver")["EntryPoint"]
    assert small.resources("orchestration", "AWS::ElasticLoadBalancingV2::LoadBalancer") == {}
    assert "0.0.0.0" in container(everything, "webserver")["EntryPoint"]


def test_the_load_balancer_is_internal_and_takes_tls_with_a_certificate(everything: Assembly) -> None:
    balancer = everything.one("orchestration", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Scheme"] == "internal"
    listener = everything.one("orchestration", "AWS::ElasticLoadBalancingV2::Listener")
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    attributes = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}
    assert attributes["access_logs.s3.enabled"] == "true"
    policy = everything.one("lake", "AWS::S3::BucketPolicy", Bucket=attributes["access_logs.s3.bucket"])
    written = [s["Resource"] for s in policy["PolicyDocument"]["Statement"] if s.get("Sid") == "LogsOfTheUi"]
    assert written == [f"arn:aws:s3:::{policy['Bucket']}/{attributes['access_logs.s3.prefix']}/AWSLogs/{ACCOUNT}/*"]
    assert environment(everything)["SOCIALSENT_UI_URL"] == "https://dagster.example.org"


def test_the_database_is_private_encrypted_and_kept_as_the_size_says(small: Assembly, production: Assembly) -> None:
    for assembly, kept in ((small, False), (production, True)):
        database = assembly.one("orchestration", "AWS::RDS::DBInstance")
        size = load_size("production" if kept else "small").orchestration
        assert database["StorageEncrypted"] is True
        assert database["PubliclyAccessible"] is False
        assert database["DeletionProtection"] is kept
        assert database["MultiAZ"] is size.database_multi_az
        assert database["BackupRetentionPeriod"] == size.database_backup_days
        parameters = assembly.one("orchestration", "AWS::RDS::DBParameterGroup")["Parameters"]
        assert parameters == {"rds.force_ssl": "1"}


def test_runs_write_no_row_of_the_lake(assembly: Assembly) -> None:
    """Rows are the Glue jobs' to write. The first to open a table creates it: that takes metadata alone."""
    may = granted(assembly, "orchestration", "TaskRoleArn")
    artifacts = f"arn:aws:s3:::socialsent-artifacts-{ACCOUNT}-{REGION}/*"
    assert may["s3:DeleteObject"] == [artifacts]
    assert sorted(may["s3:PutObject"]) == [
        f"arn:aws:s3:::socialsent-analytics-{ACCOUNT}-{REGION}/*/metadata/*",
        artifacts,
        f"arn:aws:s3:::socialsent-cleansed-{ACCOUNT}-{REGION}/*/metadata/*",
        f"arn:aws:s3:::socialsent-landing-{ACCOUNT}-{REGION}/labels/*",
    ]


def test_glue_is_waited_for_longer_than_it_may_take(assembly: Assembly) -> None:
    """A deadline below Glue's own limit would stop runs that Glue still lets run."""
    settings = Settings.from_env({**environment(assembly), "SOCIALSENT_REDSHIFT_HOST": "x.serverless.y"})
    assert settings.glue is not None
    for _, job in assembly.every("AWS::Glue::Job"):
        assert settings.glue.deadline_minutes > job["Timeout"]
