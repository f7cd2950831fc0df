"""Glue jobs, databases, crawler and Athena: what they run on, who may commit, what a query may cost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.sizes import load_size
from socialsent_assets.settings import CatalogSettings
from tests.infra.granted import granted
from tests.infra.synthesized import ACCOUNT, REGION, ROOT, Assembly, Properties

pytestmark = pytest.mark.aws

JOBS = ("cleanse", "score", "upkeep")
DATABASES = CatalogSettings.from_env({"SOCIALSENT_CATALOG": "glue"}, Path())


def job(assembly: Assembly, name: str) -> Properties:
    return assembly.one("compute", "AWS::Glue::Job", Name=f"socialsent-{name}")


def code_folder(assembly: Assembly) -> str:
    """`code/<digest>`, from the address of a job's script."""
    match = re.fullmatch(
        rf"s3://socialsent-artifacts-{ACCOUNT}-{REGION}/(code/[0-9a-f]{{16}})/run_job.py",
        job(assembly, "cleanse")["Command"]["ScriptLocation"],
    )
    assert match
    return match[1]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_on_the_line_of_spark_that_the_tests_run(assembly: Assembly, name: str) -> None:
    """A job that names no version gets the newest, whose Spark raises where ours gives null."""
    made = job(assembly, name)
    assert made["GlueVersion"] == "5.1"
    assert made["Command"]["Name"] == "glueetl"
    assert made["Command"]["PythonVersion"] == "3"


@pytest.mark.parametrize("name", JOBS)
def test_a_job_grows_by_itself_within_its_size_and_ends_in_time(
    assembly: Assembly, small: Assembly, name: str
) -> None:
    size = load_size("small" if assembly == small else "production").compute
    made = job(assembly, name)
    assert made["DefaultArguments"]["--enable-auto-scaling"] == "true"
    assert made["NumberOfWorkers"] == getattr(size, f"{name}_max_workers") >= 2
    assert made["Timeout"] == size.glue_timeout_minutes
    assert made["ExecutionProperty"] == {"MaxConcurrentRuns": size.glue_runs_at_once}
    assert made["MaxRetries"] == 0, "Dagster retries; a second retry would run hours that nobody waits for"
    assert made["DefaultArguments"]["--job-bookmark-option"] == "job-bookmark-disable"


@pytest.mark.parametrize("name", JOBS)
def test_a_job_installs_a_zip_of_wheels_and_asks_no_index(assembly: Assembly, name: str) -> None:
    """Prevents nodes that install from PyPI at every start. CDK would name a file asset by its hash: no such zip."""
    arguments = job(assembly, name)["DefaultArguments"]
    uri = arguments["--additional-python-modules"]
    assert uri.endswith(".gluewheels.zip")
    assert uri.startswith(f"s3://socialsent-artifacts-{ACCOUNT}-{REGION}/{code_folder(assembly)}/")
    assert arguments["--python-modules-installer-option"] == "--no-index"


def test_wheel_and_script_are_uploaded_to_where_the_jobs_look(assembly: Assembly) -> None:
    (upload,) = assembly.resources("compute", "Custom::CDKBucketDeployment").values()
    assert upload["DestinationBucketName"] == f"socialsent-artifacts-{ACCOUNT}-{REGION}"
    assert upload["DestinationBucketKeyPrefix"] == code_folder(assembly)
    assert upload["Prune"] is False, "an upload must not remove the code of a deployment that may come back"
    folders = [assembly.folder / f"asset.{Path(key).stem}" for key in upload["SourceObjectKeys"]]
    uploaded = {file.name: file for folder in folders for file in folder.iterdir()}
    wheel = job(assembly, "cleanse")["DefaultArguments"]["--additional-python-modules"].rpartition("/")[2]
    assert set(uploaded) == {wheel, "run_job.py"}
    assert uploaded["run_job.py"].read_text() == (ROOT / "infra/glue/run_job.py").read_text()


def test_jobs_wait_for_their_code(assembly: Assembly) -> None:
    resources = assembly.templates["compute"]["Resources"]
    upload = next(name for name, r in resources.items() if r["Type"] == "Custom::CDKBucketDeployment")
    jobs = [r for r in resources.values() if r["Type"] == "AWS::Glue::Job"]
    assert len(jobs) == len(JOBS)
    assert all(upload in r["DependsOn"] for r in jobs)


def test_jobs_and_crawlers_encrypt_objects_logs_and_bookmarks(assembly: Assembly) -> None:
    key = assembly.output("lake", "LakeKeyArn")
    (security,) = assembly.resources("compute", "AWS::Glue::SecurityConfiguration").values()
    told = security["EncryptionConfiguration"]
    assert told["S3Encryptions"] == [{"KmsKeyArn": key, "S3EncryptionMode": "SSE-KMS"}]
    assert told["CloudWatchEncryption"] == {"KmsKeyArn": key, "CloudWatchEncryptionMode": "SSE-KMS"}
    assert told["JobBookmarksEncryption"] == {"KmsKeyArn": key, "JobBookmarksEncryptionMode": "CSE-KMS"}
    assert {job(assembly, name)["SecurityConfiguration"] for name in JOBS} == {security["Name"]}
    crawlers = assembly.resources("compute", "AWS::Glue::Crawler").values()
    assert {crawler["CrawlerSecurityConfiguration"] for crawler in crawlers} == {security["Name"]}


@pytest.mark.parametrize("name", JOBS)
def test_a_jobs_logs_go_to_groups_that_forget(assembly: Assembly, name: str) -> None:
    prefix = job(assembly, name)["DefaultArguments"]["--custom-logGroup-prefix"]
    for stream in ("error", "output"):
        assert assembly.one("compute", "AWS::Logs::LogGroup", LogGroupName=f"{prefix}/{stream}")["RetentionInDays"]


def test_a_job_reads_the_tier_before_it_and_writes_its_own_alone(assembly: Assembly) -> None:
    """Prevents a bug of one job from reaching what another has built."""
    assert tiers_written(assembly, "CleanseRoleArn") == {"cleansed/", "artifacts/pipes/"}
    assert tiers_written(assembly, "ScoreRoleArn") == {"analytics/", "artifacts/pipes/"}
    assert tiers_written(assembly, "UpkeepRoleArn") == {"cleansed/", "analytics/", "artifacts/pipes/"}
    assert tiers_touched(assembly, "CleanseRoleArn") == {"landing", "cleansed", "artifacts"}
    assert tiers_touched(assembly, "ScoreRoleArn") == {"cleansed", "analytics", "artifacts"}
    assert tiers_touched(assembly, "UpkeepRoleArn") == {"cleansed", "analytics", "artifacts"}
    assert tiers_written(assembly, "AthenaReaderRoleArn") == {"artifacts/athena/"}
    assert tiers_touched(assembly, "LandingCrawlerRoleArn") == {"landing"}
    assert not tiers_written(assembly, "LandingCrawlerRoleArn")


def test_a_job_commits_to_its_own_tier_alone_and_deletes_no_table(assembly: Assembly) -> None:
    """Prevents a job that swaps the pointer of a table which another has built."""
    for role, tier in (("CleanseRoleArn", "cleansed"), ("ScoreRoleArn", "analytics")):
        may = granted(assembly, "compute", role)
        arn = f"arn:aws:glue:{REGION}:{ACCOUNT}"
        own = {f"{arn}:catalog", f"{arn}:database/socialsent_{tier}", f"{arn}:table/socialsent_{tier}/*"}
        assert set(may["glue:UpdateTable"]) == set(may["glue:CreateTable"]) == own
        assert not [action for action in may if action.startswith("glue:Delete")]


def test_upkeep_swaps_the_pointers_of_both_tiers_and_makes_or_deletes_no_table(assembly: Assembly) -> None:
    """Prevents an upkeep that ends at its first commit, and one that can take a table away."""
    may = granted(assembly, "compute", "UpkeepRoleArn")
    tables = {resource for resource in may["glue:UpdateTable"] if ":table/" in resource}
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    assert tables == {f"{arn}:table/socialsent_{tier}/*" for tier in ("cleansed", "analytics")}
    assert not [action for action in may if action.startswith(("glue:Create", "glue:Delete"))]


def test_only_commits_make_tables_of_the_lake(assembly: Assembly) -> None:
    """Prevents a Hive table where Iceberg's is to be: the first commit would find it and stop."""
    assert assembly.resources("compute", "AWS::Glue::Table") == {}


def test_databases_are_called_as_the_settings_expect(assembly: Assembly) -> None:
    assert DATABASES is not None
    names = {d["DatabaseInput"]["Name"] for d in assembly.resources("compute", "AWS::Glue::Database").values()}
    assert names == {DATABASES.cleansed, DATABASES.analytics, "socialsent_marts", "socialsent_landing"}


def test_the_crawler_looks_at_what_landed_and_at_no_table_of_the_lake(assembly: Assembly) -> None:
    """A crawler over Iceberg would make a table out of every Parquet file that it finds."""
    (crawler,) = assembly.resources("compute", "AWS::Glue::Crawler").values()
    (target,) = crawler["Targets"]["S3Targets"]
    assert target["Path"] == f"s3://socialsent-landing-{ACCOUNT}-{REGION}/events/"
    assert crawler["DatabaseName"] == "socialsent_landing"
    assert crawler["Schedule"]["ScheduleExpression"].startswith("cron(")
    grouping = json.loads(crawler["Configuration"])["Grouping"]
    below_root = f"BUCKET/{target['Path'].split('/', 3)[3]}".rstrip("/").split("/")
    assert grouping["TableLevelConfiguration"] == len(below_root), "one table of all hours"
    # Glue rejects "new folders only" for a crawler that changes or deletes what it knows.
    assert crawler["RecrawlPolicy"]["RecrawlBehavior"] == "CRAWL_NEW_FOLDERS_ONLY"
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def test_a_query_costs_at_most_what_the_size_says_and_leaves_nothing_in_the_clear(
    assembly: Assembly, small: Assembly
) -> None:
    size = load_size("small" if assembly == small else "production").compute
    told = assembly.one("compute", "AWS::Athena::WorkGroup", Name="socialsent")["WorkGroupConfiguration"]
    assert told["BytesScannedCutoffPerQuery"] == size.athena_scan_limit_gib * 2**30
    assert told["EnforceWorkGroupConfiguration"] is True, "else a client chooses another place without a limit"
    assert told["PublishCloudWatchMetricsEnabled"] is True
    results = told["ResultConfiguration"]
    assert results["OutputLocation"] == f"s3://socialsent-artifacts-{ACCOUNT}-{REGION}/athena/"
    assert results["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": assembly.output("lake", "LakeKeyArn"),
    }


def s3_statements(assembly: Assembly, role: str) -> list[tuple[list[str], list[str]]]:
    """(actions, resources without `arn:aws:s3:::socialsent-`) of every statement about S3."""
    statements = assembly.role("compute", role)
    found = []
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if actions[0].startswith("s3:"):
            short = [re.sub(rf"arn:aws:s3:::socialsent-(\w+)-{ACCOUNT}-{REGION}", r"\1", r) for r in resources]
            found.append((actions, short))
    return found


def tiers_written(assembly: Assembly, role: str) -> set[str]:
    writes = [r for actions, r in s3_statements(assembly, role) if {"s3:PutObject", "s3:DeleteObject"} & set(actions)]
    return {resource.removesuffix("*") for resources in writes for resource in resources}


def tiers_touched(assembly: Assembly, role: str) -> set[str]:
    return {r.partition("/")[0] for _, resources in s3_statements(assembly, role) for r in resources}
