"""The warehouse of the templates: private, encrypted, bounded, and set up by what the handler understands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.warehouse_setup import handler
from socialsent_assets.settings import CatalogSettings
from tests.infra.granted import granted
from tests.infra.synthesized import Assembly
from tests.infra.test_warehouse_setup import FakeAws

pytestmark = pytest.mark.aws


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_POLL_SECONDS", 0.0)


def contents(assembly: Assembly) -> dict[str, Any]:
    return assembly.one("warehouse", "Custom::WarehouseContents")


def test_a_serverless_warehouse_is_private_encrypted_and_bounded(assembly: Assembly) -> None:
    workgroup = assembly.one("warehouse", "AWS::RedshiftServerless::Workgroup")
    namespace = assembly.one("warehouse", "AWS::RedshiftServerless::Namespace")
    assert workgroup["PubliclyAccessible"] is False
    assert workgroup["EnhancedVpcRouting"] is True
    assert workgroup["BaseCapacity"] <= workgroup["MaxCapacity"]
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in workgroup["ConfigParameters"]
    assert len(workgroup["SubnetIds"]) == 3
    assert namespace["KmsKeyId"]
    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace


def test_production_leaves_a_snapshot_behind(small: Assembly, production: Assembly) -> None:
    namespace = production.one("warehouse", "AWS::RedshiftServerless::Namespace")
    assert namespace["FinalSnapshotName"]
    assert "FinalSnapshotName" not in small.one("warehouse", "AWS::RedshiftServerless::Namespace")


def test_a_cluster_is_private_encrypted_and_speaks_tls_alone(everything: Assembly) -> None:
    cluster = everything.one("warehouse", "AWS::Redshift::Cluster")
    assert cluster["PubliclyAccessible"] is False
    assert cluster["Encrypted"] is True
    assert cluster["ManageMasterPassword"] is True
    assert cluster["EnhancedVpcRouting"] is True
    parameters = everything.one("warehouse", "AWS::Redshift::ClusterParameterGroup")["Parameters"]
    assert {"ParameterName": "require_ssl", "ParameterValue": "true"} in parameters
    assert everything.resources("warehouse", "AWS::RedshiftServerless::Workgroup") == {}


def test_the_handler_understands_what_the_stack_asks_of_it(assembly: Assembly, everything: Assembly) -> None:
    """Prevents a property that is misspelt on one side, and a warehouse without schemas."""
    for each in (assembly, everything):
        aws = FakeAws()
        handler.set_up({"RpuHoursADay": "1", **contents(each), "ReaderSecretArn": ""}, aws.client)
        ran = "\n".join(asked["Sql"] for asked in aws.ran)
        catalog = CatalogSettings.from_env({"SOCIALSENT_CATALOG": "glue"}, Path())
        assert catalog is not None
        assert f"\"spectrum_cleansed\" from data catalog database '{catalog.cleansed}'" in ran
        assert f"\"spectrum_analytics\" from data catalog database '{catalog.analytics}'" in ran
        assert bool(aws.set_limits) == (each is not everything)


def test_what_the_handler_asks_aws_is_what_its_role_may(assembly: Assembly) -> None:
    assert set(granted(assembly, "warehouse", "SetupRoleArn")) >= {
        "redshift-data:ExecuteStatement",
        "redshift-data:DescribeStatement",
        "redshift-serverless:GetNamespace",
        "redshift-serverless:ListUsageLimits",
        "redshift-serverless:CreateUsageLimit",
        "redshift-serverless:UpdateUsageLimit",
        "secretsmanager:GetSecretValue",
        "kms:Decrypt",
    }


def test_the_handler_is_shipped_without_anything_else(assembly: Assembly) -> None:
    function = assembly.one("warehouse", "AWS::Lambda::Function", FunctionName="socialsent-warehouse-setup")
    folder = assembly.folder / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
    assert sorted(path.name for path in folder.iterdir()) == ["handler.py"]
    assert function["Handler"] == "handler.lambda_handler"


def test_spectrum_reads_the_two_tiers_and_nothing_else(assembly: Assembly) -> None:
    """Prevents a warehouse from which anybody with SQL reads landing, where the raw records lie."""
    may = granted(assembly, "warehouse", "SpectrumRoleArn")
    of_s3 = {arn for arns in may.values() for arn in arns if ":s3:::" in arn}
    assert {arn.split(":::")[1].split("-")[1] for arn in of_s3} == {"cleansed", "analytics"}
    assert not [a for a in may if "Put" in a or "Delete" in a or "Create" in a or "Update" in a]


def test_the_role_of_spectrum_is_attached_to_the_warehouse(assembly: Assembly, everything: Assembly) -> None:
    """Redshift takes on only roles that it was given."""
    role = assembly.output("warehouse", "SpectrumRoleArn")
    assert assembly.one("warehouse", "AWS::RedshiftServerless::Namespace")["IamRoles"] == [role]
    assert contents(assembly)["SpectrumRoleArn"] == role
    role = everything.output("warehouse", "SpectrumRoleArn")
    assert everything.one("warehouse", "AWS::Redshift::Cluster")["IamRoles"] == [role]
