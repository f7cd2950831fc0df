"""The network that the warehouse and Dagster live in, and who in it may talk to whom.

Everything of ours is in private subnets. The way out is a NAT gateway; S3, where the bytes are, is reached through a
gateway endpoint, which costs nothing. An interface endpoint costs per zone about a fifth of a NAT gateway: the
dozen APIs that Dagster calls would cost more than the NAT gateways that they replace.

Not here: what listens on the ports (warehouse.py, orchestration.py).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.deployment import Deployment
from infra.sizes import NetworkSize
from infra.stacks.stack import SocialSentStack
from socialsent_assets.settings import UserError

ZONES = 3
"""Redshift Serverless wants subnets in three zones (Amazon Redshift management guide, "Considerations when using
Amazon Redshift Serverless")."""

HTTPS = 443
DATABASE_PORT = 5433
WAREHOUSE_PORT = 5440
"""Not Redshift's usual 5439; of the range 5431 to 5455 that Redshift offers."""
WEBSERVER_PORT = 3000


class NetworkStack(SocialSentStack):
    """A VPC over three zones and one security group per component.

    Attributes:
        vpc: public subnets hold NAT gateways alone.
        dagster, database, warehouse: security groups of components that are always there.
        load_balancer, airflow, dashboards: of components that the size switches on; None without them.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment) -> None:
        super().__init__(scope, part, deployment, "the network of warehouse and Dagster")
        _check_way_to_catalog(deployment.size.network)
        if deployment.size.orchestration.load_balancer and not deployment.size.orchestration.certificate_arn:
            raise UserError(
                "sizes.toml: orchestration.load_balancer needs orchestration.certificate_arn (and domain): the UI "
                "starts runs, and a password typed over plain HTTP is everybody's"
            )
        self.vpc = self._vpc()
        size = deployment.size.orchestration
        self.dagster = self._security_group("Dagster", "web server, daemon and runs of Dagster")
        self.database = self._security_group("Database", "PostgreSQL with the runs and events of Dagster")
        self.warehouse = self._security_group("Warehouse", "Redshift")
        self.load_balancer = self._security_group("LoadBalancer", "door to the UI") if size.load_balancer else None
        self.airflow = self._security_group("Airflow", "Amazon MWAA") if size.airflow else None
        quicksight = deployment.size.dashboards.quicksight
        self.dashboards = self._security_group("Dashboards", "QuickSight") if quicksight else None
        self._endpoints(deployment.size.network.interface_endpoints)
        self._rules(size.allowed_cidrs)

    @property
    def availability_zones(self) -> list[str]:
        """The first three zones of the region, without asking an account for their names."""
        return [cdk.Fn.select(number, cdk.Fn.get_azs()) for number in range(ZONES)]

    @property
    def private_subnets(self) -> list[str]:
        """Ids of the private subnets, one per zone."""
        return [subnet.subnet_id for subnet in self.vpc.private_subnets]

    def _vpc(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=self.deployment.named("network"),
            ip_addresses=ec2.IpAddresses.cidr(_private_range(self.deployment.size.network.cidr)),
            max_azs=ZONES,
            nat_gateways=self.deployment.size.network.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="nat", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=26, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22),
            ],
            restrict_default_security_group=False,  # it would bring a Lambda; nothing of ours takes the default group
        )
        vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                self.make_log_group("FlowLogs", f"/{self.deployment.name}/network")
            ),
            traffic_type=ec2.FlowLogTrafficType.ALL,
            max_aggregation_interval=ec2.FlowLogMaxAggregationInterval.TEN_MINUTES,
        )
        vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        return vpc

    def _security_group(self, logical_id: str, what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self,
            logical_id,
            vpc=self.vpc,
            description=f"SocialSent: {what}",
            allow_all_outbound=False,  # every way out is a rule below
            disable_inline_rules=True,
        )

    def _endpoints(self, services: Sequence[str]) -> None:
        if not services:
            return
        group = self._security_group("Endpoints", "endpoints of APIs")
        _connect(self.dagster, group, HTTPS)
        _connect(self.warehouse, group, HTTPS)
        for service in services:
            self.vpc.add_interface_endpoint(
                "Endpoint" + service.title().replace(".", "").replace("-", ""),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                security_groups=[group],
                open=False,  # to the two above alone
            )

    def _rules(self, allowed_cidrs: Sequence[str]) -> None:
        _connect(self.dagster, self.database, DATABASE_PORT)
        _connect(self.dagster, self.warehouse, WAREHOUSE_PORT)
        for group in (self.dagster, self.warehouse):  # APIs of AWS; the warehouse: S3 and the Glue Data Catalog
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "APIs of AWS")
        if self.load_balancer:
            _connect(self.load_balancer, self.dagster, WEBSERVER_PORT)
            for cidr in allowed_cidrs:
                self.load_balancer.add_ingress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(HTTPS), "allowed_cidrs")
        if self.dashboards:
            _connect(self.dashboards, self.warehouse, WAREHOUSE_PORT)
            # QuickSight's network interfaces keep no state: answers count as new connections (its user guide).
            self.dashboards.add_ingress_rule(self.warehouse, ec2.Port.all_tcp(), "answers of the warehouse")
        if self.airflow:
            self.airflow.add_ingress_rule(self.airflow, ec2.Port.all_traffic(), "parts of Airflow among themselves")
            self.airflow.add_egress_rule(self.airflow, ec2.Port.all_traffic(), "parts of Airflow among themselves")
            self.airflow.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "APIs of AWS")
            for cidr in allowed_cidrs:  # the private UI is an endpoint in this network, behind this group
                self.airflow.add_ingress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(HTTPS), "allowed_cidrs")
            if self.load_balancer:
                _connect(self.airflow, self.load_balancer, HTTPS)


def _check_way_to_catalog(size: NetworkSize) -> None:
    """Redshift reaches the Glue Data Catalog through this network, because it routes everything through its VPC.

    Source: Amazon Redshift management guide, "Redshift Spectrum and enhanced VPC routing", access to AWS Glue: a NAT
    gateway, or an interface endpoint for Glue. Raises UserError for a size without either.
    """
    if not size.nat_gateways and "glue" not in size.interface_endpoints:
        raise UserError(
            "sizes.toml: without network.nat_gateways the warehouse does not reach the Data Catalog: add glue, and "
            "every other API that Dagster calls, to network.interface_endpoints"
        )


def _private_range(text: str) -> str:
    """A range of private IPv4 addresses that three zones fit into. Raises UserError for another."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise UserError(f"sizes.toml: network.cidr = {text}: {error}; write one like 10.20.0.0/16") from error
    if network.version != 4 or not network.is_private or not 16 <= network.prefixlen <= 19:
        raise UserError(f"sizes.toml: network.cidr = {text}: a private range of IPv4 from /16 to /19 is needed")
    return text


def _connect(client: ec2.SecurityGroup, server: ec2.SecurityGroup, port: int) -> None:
    """Let `client` open connections to `server`: one rule on each side."""
    why = f"{client.node.id} to {server.node.id}"
    client.add_egress_rule(server, ec2.Port.tcp(port), why)
    server.add_ingress_rule(client, ec2.Port.tcp(port), why)
