"""QuickSight shows the marts that dbt builds, as a user that can read them and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.marts import mart_columns
from infra.stacks.dashboards import SHOWN, shown_type
from infra.stacks.network import WAREHOUSE_PORT
from tests.infra.synthesized import Assembly

pytestmark = pytest.mark.aws


def tables(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Mart -> table of its data set."""
    found = assembly.resources("dashboards", "AWS::QuickSight::DataSet").values()
    return {
        data_set["Name"]: table["RelationalTable"]
        for data_set in found
        for table in data_set["PhysicalTableMap"].values()
    }


def test_quicksight_is_made_only_when_asked_for(small: Assembly, production: Assembly) -> None:
    """An account that is not signed up rejects every one of its resources, and with them the deployment."""
    for assembly in (small, production):
        assert "dashboards" not in assembly.templates
        assert assembly.resources("warehouse", "AWS::SecretsManager::Secret") == {}


def test_data_sets_are_the_marts_with_their_columns(everything: Assembly) -> None:
    found = tables(everything)
    assert set(found) == set(SHOWN)
    for mart, table in found.items():
        columns = {column["Name"]: column["Type"] for column in table["InputColumns"]}
        assert columns == {name: shown_type(kind) for name, kind in mart_columns(mart).items()}
        assert (table["Schema"], table["Name"]) == ("marts", mart)


def test_every_chart_draws_columns_of_its_data_set(everything: Assembly) -> None:
    """QuickSight takes a dashboard with an unknown column, and shows an empty one."""
    dashboard = everything.one("dashboards", "AWS::QuickSight::Dashboard")
    declared = {d["Identifier"] for d in dashboard["Definition"]["DataSetIdentifierDeclarations"]}
    drawn = list(columns_in(dashboard["Definition"]["Sheets"]))
    assert len(drawn) > 8
    for mart, column in drawn:
        assert mart in declared
        assert column in mart_columns(mart)


def test_the_reader_logs_in_with_a_secret_over_tls_inside_the_network(everything: Assembly) -> None:
    source = everything.one("dashboards", "AWS::QuickSight::DataSource")
    assert source["SslProperties"] == {"DisableSsl": False}
    assert source["VpcConnectionProperties"]["VpcConnectionArn"]
    assert "CredentialPair" not in json.dumps(source)
    assert source["Credentials"]["SecretArn"]
    assert source["DataSourceParameters"]["RedshiftParameters"]["Port"] == WAREHOUSE_PORT
    contents = everything.one("warehouse", "Custom::WarehouseContents")
    assert contents["ReaderSecretArn"] == source["Credentials"]["SecretArn"]
    (secret,) = everything.resources("warehouse", "AWS::SecretsManager::Secret").values()
    assert "KmsKeyId" not in secret, "QuickSight's own role reads it, and could not use a key of ours"


def test_a_type_that_no_mart_has_had_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        shown_type("super")


def columns_in(value: Any) -> Iterator[tuple[str, str]]:
    """(data set, column) of every column that is named anywhere in a definition."""
    if isinstance(value, list):
        for item in value:
            yield from columns_in(item)
    elif isinstance(value, dict):
        if set(value) == {"ColumnName", "DataSetIdentifier"}:
            yield value["DataSetIdentifier"], value["ColumnName"]
        for item in value.values():
            yield from columns_in(item)
