"""Tables of the lake in the Glue Data Catalog."""

from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.catalog_tables import (
    LONGEST_COMMENT,
    partition_input,
    partition_values,
    table_input,
    table_location,
)
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS, TABLES, Table

HOUR = EventHour(datetime(2026, 11, 22, 3, tzinfo=UTC))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: "/".join(table.asset_key))
def test_a_catalog_table_has_the_columns_of_the_contract_in_order(table: Table) -> None:
    """Prevents a catalog that drifts from the files: engines that read by position would then swap columns."""
    columns = table_input(table, "s3://b/t")["StorageDescriptor"]["Columns"]
    assert [(c["Name"], c["Type"], c["Comment"]) for c in columns] == [
        (c.name, c.type, c.meaning) for c in table.columns
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: "/".join(table.asset_key))
def test_no_comment_is_longer_than_glue_keeps(table: Table) -> None:
    """Prevents a deployment that Glue refuses because somebody explained a column at length."""
    described = table_input(table, "s3://b/t")
    columns = [*described["StorageDescriptor"]["Columns"], *described["PartitionKeys"]]
    assert max(len(column["Comment"]) for column in columns) <= LONGEST_COMMENT


def test_partition_columns_are_text_and_never_in_the_files() -> None:
    """Prevents hr=03 read as the number 3, which finds no folder."""
    described = table_input(POSTS, "s3://b/t")
    assert [(key["Name"], key["Type"]) for key in described["PartitionKeys"]] == [("dt", "string"), ("hr", "string")]
    assert not {"dt", "hr"} & {column["Name"] for column in described["StorageDescriptor"]["Columns"]}


def test_a_partition_points_at_the_folder_of_its_hour() -> None:
    """Prevents partitions whose values and place disagree, so that a filter reads another hour."""
    described = partition_input(POSTS, "s3://lake/cleansed/", HOUR)
    assert described["Values"] == partition_values(HOUR) == ["2026-11-22", "03"]
    assert described["StorageDescriptor"]["Location"] == "s3://lake/cleansed/posts/dt=2026-11-22/hr=03/"


def test_a_partition_lies_below_its_table() -> None:
    """Prevents a table and its partitions in two places."""
    table = table_input(POSTS, table_location("s3://lake/cleansed", POSTS))["StorageDescriptor"]["Location"]
    partition = partition_input(POSTS, "s3://lake/cleansed", HOUR)["StorageDescriptor"]["Location"]
    assert table == "s3://lake/cleansed/posts/"
    assert partition.startswith(table)


def test_two_descriptions_share_nothing() -> None:
    """Prevents a caller that completes one TableInput and so changes every other."""
    first = table_input(POSTS, "s3://b/t")
    first["StorageDescriptor"]["SerdeInfo"]["Parameters"]["own"] = "1"
    first["Parameters"]["own"] = "1"
    assert "own" not in str(table_input(POSTS, "s3://b/t"))
