"""Allowed connections between components; none from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.deployment import Deployment
from infra.sizes import load_size
from infra.stacks.network import DATABASE_PORT, HTTPS, WAREHOUSE_PORT, WEBSERVER_PORT, ZONES, NetworkStack
from socialsent_assets.settings import UserError
from tests.infra.synthesized import Assembly, Properties

pytestmark = pytest.mark.aws

INGRESS = "AWS::EC2::SecurityGroupIngress"


def rules(assembly: Assembly, kind: str = INGRESS) -> list[Properties]:
    return list(assembly.resources("network", kind).values())


def opened(assembly: Assembly, port: int) -> list[str]:
    """Descriptions of the ways in at a port."""
    return sorted(rule["Description"] for rule in rules(assembly) if rule.get("FromPort") == port)


def test_nobody_outside_the_network_can_open_a_connection(assembly: Assembly, everything: Assembly) -> None:
    """Prevents a database, a warehouse or a UI without password that the whole internet can reach."""
    for each in (assembly, everything):
        assert not [rule for rule in rules(each) if "0.0.0.0/0" in str(rule) or "::/0" in str(rule)]
        groups = each.resources("network", "AWS::EC2::SecurityGroup").values()
        assert not [group for group in groups if group.get("SecurityGroupIngress")]


def test_only_dagster_reaches_the_database_and_the_warehouse(assembly: Assembly) -> None:
    assert opened(assembly, DATABASE_PORT) == ["Dagster to Database"]
    assert opened(assembly, WAREHOUSE_PORT) == ["Dagster to Warehouse"]


def test_without_a_load_balancer_nothing_reaches_the_ui(small: Assembly) -> None:
    assert opened(small, WEBSERVER_PORT) == []


def test_the_ui_is_reached_by_the_load_balancer_and_that_by_the_list_and_airflow(everything: Assembly) -> None:
    assert opened(everything, WEBSERVER_PORT) == ["LoadBalancer to Dagster"]
    assert opened(everything, HTTPS) == [
        "Airflow to LoadBalancer",
        "Dagster to Endpoints",
        "Warehouse to Endpoints",
        "allowed_cidrs",
        "allowed_cidrs",
    ]
    listed = [rule for rule in rules(everything) if rule["Description"] == "allowed_cidrs"]
    assert {rule["CidrIp"] for rule in listed} == {"10.8.0.0/16"}
    assert len({rule["GroupId"] for rule in listed}) == 2, "the load balancer and Airflow's own UI"


def test_nothing_may_call_out_but_to_apis_and_to_its_own_partners(assembly: Assembly) -> None:
    """Prevents a container that a stranger got into from talking to any port of any host."""
    for rule in rules(assembly, "AWS::EC2::SecurityGroupEgress"):
        if rule.get("CidrIp") == "0.0.0.0/0":
            assert (rule["FromPort"], rule["ToPort"]) == (HTTPS, HTTPS), rule


def test_there_is_a_private_subnet_in_each_of_three_zones(assembly: Assembly) -> None:
    """Redshift Serverless rejects fewer."""
    subnets = assembly.resources("network", "AWS::EC2::Subnet").values()
    private = [subnet for subnet in subnets if not subnet["MapPublicIpOnLaunch"] and "CidrBlock" in subnet]
    zones = {str(subnet["AvailabilityZone"]) for subnet in private}
    assert len(zones) == ZONES
    assert not [subnet for subnet in subnets if subnet["MapPublicIpOnLaunch"]]


def test_bytes_of_the_lake_do_not_pass_a_nat_gateway(assembly: Assembly) -> None:
    """NAT costs by the gigabyte; the gateway endpoint of S3 costs nothing."""
    (endpoint,) = assembly.resources("network", "AWS::EC2::VPCEndpoint").values()
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == "com.amazonaws.eu-central-1.s3"
    assert len(endpoint["RouteTableIds"]) >= ZONES


def test_what_the_network_let_through_is_logged(assembly: Assembly) -> None:
    (log,) = assembly.resources("network", "AWS::EC2::FlowLog").values()
    assert log["TrafficType"] == "ALL"


def test_the_warehouse_has_a_way_to_the_data_catalog(assembly: Assembly) -> None:
    """With enhanced VPC routing Redshift reaches Glue through this network: by a NAT gateway, or not at all."""
    routes = assembly.resources("network", "AWS::EC2::Route").values()
    to_nat = {route["RouteTableId"] for route in routes if route.get("NatGatewayId")}
    tables = assembly.resources("network", "AWS::EC2::SubnetRouteTableAssociation").values()
    private = {table["RouteTableId"] for table in tables if "private" in str(table["SubnetId"])}
    assert private == to_nat
    out = [r for r in rules(assembly, "AWS::EC2::SecurityGroupEgress") if "Warehouse" in str(r["GroupId"])]
    assert [(r["CidrIp"], r["FromPort"]) for r in out if r.get("CidrIp")] == [("0.0.0.0/0", HTTPS)]


@pytest.mark.parametrize(
    ("section", "changes", "told"),
    [
        ("network", {"nat_gateways": 0}, "add glue"),
        ("network", {"cidr": "8.8.0.0/16"}, "private range"),
        ("network", {"cidr": "10.0.0.0/24"}, "/16 to /19"),
        ("network", {"cidr": "10.0.0.1/16"}, "10.20.0.0/16"),
        ("orchestration", {"load_balancer": True}, "certificate_arn"),
    ],
)
def test_a_network_that_would_not_do_is_told(section: str, changes: dict[str, Any], told: str) -> None:
    """Prevents a UI over plain HTTP, a warehouse without its catalog, and addresses that lead elsewhere."""
    import aws_cdk as cdk

    size = load_size("small")
    changed = replace(size, **{section: replace(getattr(size, section), **changes)})
    with pytest.raises(UserError, match=told):
        NetworkStack(cdk.App(), "network", deployment=Deployment(changed))
