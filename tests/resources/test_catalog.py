"""The Glue Data Catalog follows the lake: one partition per hour with an object, none for another, whatever happens.

Against moto's catalog. It says nothing about permissions, throttling or what engines make of a partition, so faults
come from a stub of botocore's, with the error codes of the API reference.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from socialsent_assets.lake.commit import partition_key
from socialsent_assets.lake.glue_catalog import MOST_DELETED, MOST_WRITTEN, GlueCatalog, Registered
from socialsent_assets.lake.receipts import Receipt, write_receipt
from socialsent_assets.resources.catalog import GlueDataCatalog, NoCatalog, catalog_of

from socialsent_assets.aws.client import AwsCallError
from socialsent_assets.domain.catalog_tables import partition_values, table_input, table_location
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.tables import LAKE_HOURS, POSTS, SENTIMENT, TABLES
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.local_aws.server import EmbeddedAws
from socialsent_assets.settings import CatalogSettings, Settings

HOUR = EventHour(datetime(2026, 11, 22, 3, tzinfo=UTC))
DATABASES = CatalogSettings(cleansed="mood_cleansed", analytics="mood_analytics")


class PlacedFolder(FolderStorage):
    """A folder that says it is a bucket, as the catalog has to name it."""

    def __init__(self, root: Path, uri: str) -> None:
        super().__init__(root)
        self.uri = uri


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    tiers = ("landing", "cleansed", "analytics", "artifacts")
    return Lake(**{tier: PlacedFolder(tmp_path / tier, f"s3://lake/{tier}") for tier in tiers})


def finish(lake: Lake, hour: EventHour, *tables: str) -> None:
    """Both jobs are done with an hour, and these cleansed tables have rows."""
    outputs = {partition_key(table, hour): "digest" for table in tables}
    scored = {partition_key("sentiment", hour): "digest"} if tables else {}
    counts = Counts(records=len(tables), accepted=len(tables), duplicates=0, quarantined=0)
    write_receipt(lake.cleansed, Receipt("cleanse", hour, "in", "1", counts, {}, outputs))
    write_receipt(lake.analytics, Receipt("score", hour, "in", "1", counts, {}, scored))


@pytest.fixture
def glue(server: EmbeddedAws) -> Iterator[Any]:
    client = server.client("glue")
    yield client
    for database in (DATABASES.cleansed, DATABASES.analytics):
        for table in client.get_tables(DatabaseName=database)["TableList"]:
            client.delete_table(DatabaseName=database, Name=table["Name"])
        client.delete_database(Name=database)


@pytest.fixture
def catalog(glue: Any, lake: Lake) -> GlueCatalog:
    made = GlueCatalog(glue, DATABASES, pause=lambda _: None)
    made.ensure_tables(lake)
    return made


def places(glue: Any, table: Any = POSTS) -> dict[tuple[str, ...], str]:
    database = {"cleansed": DATABASES.cleansed, "analytics": DATABASES.analytics}[table.tier]
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table.name)
    return {tuple(p["Values"]): p["StorageDescriptor"]["Location"] for page in pages for p in page["Partitions"]}


def test_the_tables_of_the_catalog_are_those_of_the_contract(catalog: GlueCatalog, glue: Any, lake: Lake) -> None:
    """Prevents a catalog with a column too few, in another order or of another type than the files."""
    for table in TABLES:
        database = {"cleansed": DATABASES.cleansed, "analytics": DATABASES.analytics}[table.tier]
        standing = glue.get_table(DatabaseName=database, Name=table.name)["Table"]
        wanted = table_input(table, table_location(f"s3://lake/{table.tier}", table))
        assert {key: standing[key] for key in wanted} == wanted
    assert catalog.ensure_tables(lake) == []


def test_a_table_that_drifted_is_brought_back_and_keeps_what_is_not_ours(
    catalog: GlueCatalog, glue: Any, lake: Lake
) -> None:
    """Prevents a column added by hand or by a crawler from hiding one of the contract."""
    drifted = table_input(POSTS, "s3://elsewhere/posts")
    drifted["StorageDescriptor"]["Columns"].pop()
    drifted["Parameters"]["CrawlerSchemaSerializerVersion"] = "1.0"
    glue.update_table(DatabaseName=DATABASES.cleansed, TableInput=drifted)
    assert catalog.ensure_tables(lake) == ["cleansed.posts"]
    standing = glue.get_table(DatabaseName=DATABASES.cleansed, Name="posts")["Table"]
    assert standing["StorageDescriptor"] == table_input(POSTS, "s3://lake/cleansed/posts")["StorageDescriptor"]
    assert standing["Parameters"]["CrawlerSchemaSerializerVersion"] == "1.0"


def test_an_hour_has_a_partition_in_the_tables_that_hold_rows_of_it(
    catalog: GlueCatalog, glue: Any, lake: Lake
) -> None:
    """Prevents built hours that Spectrum and Athena cannot see."""
    finish(lake, HOUR, "posts", "users")
    assert catalog.register(lake, [HOUR]) == Registered(added=4)
    assert places(glue) == {("2026-11-22", "03"): "s3://lake/cleansed/posts/dt=2026-11-22/hr=03/"}
    assert len(places(glue, SENTIMENT)) == len(places(glue, LAKE_HOURS)) == 1


def test_registering_again_changes_nothing(catalog: GlueCatalog, lake: Lake) -> None:
    """Prevents a new version of every partition with every run, and errors about those that exist."""
    finish(lake, HOUR, "posts")
    catalog.register(lake, [HOUR])
    assert catalog.register(lake, [HOUR, HOUR]) == Registered()


def test_an_hour_that_lost_its_rows_loses_its_partition(catalog: GlueCatalog, glue: Any, lake: Lake) -> None:
    """Prevents Athena from listing a folder that is gone for ever after."""
    finish(lake, HOUR, "posts", "comments")
    catalog.register(lake, [HOUR])
    finish(lake, HOUR, "comments")
    assert catalog.register(lake, [HOUR]) == Registered(removed=1)
    assert places(glue) == {}


def test_a_partition_that_points_elsewhere_is_pointed_back(catalog: GlueCatalog, glue: Any, lake: Lake) -> None:
    """Prevents a lake that moved to another bucket from being read in the old one."""
    finish(lake, HOUR, "posts")
    catalog.register(lake, [HOUR])
    lake.cleansed.uri = "s3://new/cleansed"
    assert catalog.register(lake, [HOUR]) == Registered(changed=1)
    assert places(glue) == {("2026-11-22", "03"): "s3://new/cleansed/posts/dt=2026-11-22/hr=03/"}


def test_an_hour_that_was_never_finished_is_left_alone(catalog: GlueCatalog, glue: Any, lake: Lake) -> None:
    """Prevents the hour of a killed run from vanishing for readers who still see its earlier state."""
    finish(lake, HOUR, "posts")
    catalog.register(lake, [HOUR])
    lake.cleansed.delete(f"_receipts/{HOUR.path}/cleanse.json")
    assert catalog.register(lake, [HOUR]) == Registered()
    assert len(places(glue)) == 1


def test_a_backfill_registers_every_hour_within_the_limits_of_a_call(
    catalog: GlueCatalog, glue: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a call that Glue refuses for its size, and one call per partition."""
    sizes: dict[str, list[int]] = {}
    original = glue._make_api_call

    def measured(operation: str, arguments: dict[str, Any]) -> Any:
        lists = [value for value in arguments.values() if isinstance(value, list)]
        sizes.setdefault(operation, []).extend(len(value) for value in lists)
        return original(operation, arguments)

    monkeypatch.setattr(glue, "_make_api_call", measured)
    hours = list(hours_between(HOUR, EventHour(datetime(2026, 11, 27, 3, tzinfo=UTC))))
    for hour in hours:
        finish(lake, hour, "posts")
    assert catalog.register(lake, hours).added == 3 * len(hours)
    for hour in hours:
        finish(lake, hour)
    assert catalog.register(lake, hours).removed == 2 * len(hours)
    assert set(sizes["BatchCreatePartition"]) == {MOST_WRITTEN, len(hours) - MOST_WRITTEN}
    assert max(sizes["BatchDeletePartition"]) == MOST_DELETED
    assert len(sizes["BatchGetPartition"]) == 2 * len(TABLES)


def test_only_the_hours_of_the_run_are_asked_about(catalog: GlueCatalog, lake: Lake, glue: Any) -> None:
    """Prevents a cost per run that grows with the history."""
    for hour in hours_between(HOUR, EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))):
        finish(lake, hour, "posts")
    catalog.register(lake, [HOUR])
    assert list(places(glue)) == [tuple(partition_values(HOUR))]


# Faults: botocore's stub answers in order.


@pytest.fixture
def stubbed(lake: Lake) -> Iterator[tuple[GlueCatalog, Stubber]]:
    client = boto3.client("glue", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield GlueCatalog(client, DATABASES, pause=lambda _: None), stub


@pytest.mark.parametrize(
    ("code", "raised", "says"),
    [
        ("AccessDeniedException", UserError, "glue:BatchGetPartition is not allowed on table mood_cleansed.posts"),
        ("EntityNotFoundException", UserError, "deploy the lake stack again"),
        ("ExpiredTokenException", UserError, "credentials have expired"),
        ("ThrottlingException", AwsCallError, "throttled"),
        ("InternalServiceException", AwsCallError, "InternalServiceException"),
    ],
)
def test_what_glue_refuses_is_one_line_that_says_what_to_do(
    stubbed: tuple[GlueCatalog, Stubber], lake: Lake, code: str, raised: type[Exception], says: str
) -> None:
    """Prevents a traceback of botocore's, or a run that goes on as if the hour were registered."""
    catalog, stub = stubbed
    finish(lake, HOUR, "posts")
    stub.add_client_error("batch_get_partition", code, "because")
    with pytest.raises(raised, match=says) as error:
        catalog.register(lake, [HOUR])
    assert "\n" not in str(error.value)


def fails_first(glue: Any, call: str, code: str, times: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a batch call say of every item, that many times, that it failed with `code`; returns what it was given."""
    original, given = getattr(glue, call), []

    def failing(**arguments: Any) -> Any:
        given.append(arguments)
        if len(given) > times:
            return original(**arguments)
        detail = {"ErrorCode": code, "ErrorMessage": "because"}
        items = arguments.get("PartitionInputList") or arguments["PartitionsToDelete"]
        return {"Errors": [{"PartitionValues": item["Values"], "ErrorDetail": detail} for item in items]}

    monkeypatch.setattr(glue, call, failing)
    return given


def test_a_partition_that_glue_could_not_make_at_once_is_tried_again(
    catalog: GlueCatalog, glue: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents an hour lost to an internal error that a batch call only mentions in its answer."""
    finish(lake, HOUR, "posts")
    fails_first(glue, "batch_create_partition", "InternalServiceException", 2, monkeypatch)
    catalog.register(lake, [HOUR])
    assert len(places(glue)) == 1


def test_a_partition_that_cannot_be_made_fails_the_run(
    catalog: GlueCatalog, glue: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a run that reports an hour as done which no reader can see."""
    finish(lake, HOUR, "posts")
    fails_first(glue, "batch_create_partition", "InternalServiceException", 99, monkeypatch)
    with pytest.raises(AwsCallError, match=r"mood_cleansed.posts: 1 partitions, the first 2026-11-22/03 \(Internal"):
        catalog.register(lake, [HOUR])


def test_two_runs_that_register_the_same_hour_both_succeed(
    catalog: GlueCatalog, glue: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a failed run because another one was a moment quicker."""
    finish(lake, HOUR, "posts")
    tries = fails_first(glue, "batch_create_partition", "AlreadyExistsException", 99, monkeypatch)
    catalog.register(lake, [HOUR])
    assert len(tries) == 3  # one per table, none again


def test_keys_that_glue_did_not_get_to_are_asked_for_again(
    catalog: GlueCatalog, glue: Any, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents an existing partition taken for a missing one under load."""
    finish(lake, HOUR, "posts")
    catalog.register(lake, [HOUR])
    original, asked = glue.batch_get_partition, []

    def slow(**arguments: Any) -> Any:
        asked.append(arguments["TableName"])
        if asked.count(arguments["TableName"]) == 1:
            return {"Partitions": [], "UnprocessedKeys": arguments["PartitionsToGet"]}
        return original(**arguments)

    monkeypatch.setattr(glue, "batch_get_partition", slow)
    assert catalog.register(lake, [HOUR]) == Registered()


# In the graph


def test_without_a_catalog_nothing_of_aws_is_asked(lake: Lake) -> None:
    """Prevents a run on one machine that needs credentials."""
    catalog = catalog_of(Settings.from_env({}))
    assert isinstance(catalog, NoCatalog)
    catalog.register(lake, [HOUR], pytest.fail)


def test_the_settings_choose_the_catalog_and_its_databases() -> None:
    """Prevents a graph that registers in another stage's databases."""
    catalog = catalog_of(
        Settings.from_env({"SOCIALSENT_CATALOG": "glue", "SOCIALSENT_GLUE_DATABASE_CLEANSED": "mine"})
    )
    assert isinstance(catalog, GlueDataCatalog)
    assert (catalog.cleansed, catalog.analytics) == ("mine", "socialsent_analytics")


def test_the_resource_registers_through_the_default_chain(account: Any, server: EmbeddedAws, lake: Lake) -> None:
    """Prevents an endpoint or region fixed in the code."""
    glue = server.client("glue")
    GlueCatalog(glue, DATABASES).ensure_tables(lake)
    finish(lake, HOUR, "posts")
    said: list[str] = []
    GlueDataCatalog(cleansed=DATABASES.cleansed, analytics=DATABASES.analytics).register(lake, [HOUR], said.append)
    assert said == ["Glue Data Catalog: 3 partitions added, 0 changed, 0 removed"]
    assert "glue:BatchCreatePartition" in account.actions
