"""The marts' home: Amazon Redshift, serverless or provisioned, private, reading the lake through Spectrum.

CloudFormation makes the warehouse; what has to be done inside it (external schemas, users, the day's limit) is done
by a custom resource in the same deployment: warehouse_setup/.

Not here: the network around it (network.py), tables (dbt_project/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_redshift as redshift
from aws_cdk import aws_redshiftserverless as serverless
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import nag
from infra.deployment import ROOT, Deployment
from infra.policies import Statement, allow
from infra.policies import warehouse as may
from infra.policies.dagster import role_name
from infra.stacks.lake import LakeStack
from infra.stacks.network import WAREHOUSE_PORT, NetworkStack
from infra.stacks.stack import SocialSentStack

DATABASE = "socialsent"
MARTS = "marts"
ADMIN = "warehouse_admin"
READER = "dashboards"
SPECTRUM = {"cleansed": "spectrum_cleansed", "analytics": "spectrum_analytics"}
LOGS = ["userlog", "connectionlog", "useractivitylog"]
CLUSTER_USER = "socialsent"
"""Database user of Dagster in a provisioned cluster; in a serverless one the user is named after the role."""


@dataclass(frozen=True)
class Access:
    """How a warehouse is reached, whichever kind it is.

    Attributes:
        arn: of the workgroup or cluster.
        data_api: arguments that name it to the Redshift Data API.
        host: of its endpoint.
        cluster: identifier of a provisioned cluster; "" for serverless.
        admin_secret: ARN of the administrator's password, which Redshift makes and renews; of a serverless one it
            ends in `*`, because CloudFormation does not return the rest.
        namespace_arn: of a serverless one; "" for a cluster.
    """

    arn: str
    data_api: dict[str, str]
    host: str
    cluster: str
    admin_secret: str
    namespace_arn: str


class WarehouseStack(SocialSentStack):
    """Redshift.

    Attributes:
        key: encrypts the warehouse, its passwords and logs.
        access: how it is reached.
        spectrum_role: what Redshift reads the lake with.
        reader: secret of the user of the dashboards; None without dashboards.
    """

    def __init__(
        self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack, network: NetworkStack
    ) -> None:
        super().__init__(scope, part, deployment, "Redshift with the marts")
        self.add_stack_dependency(lake)
        self.add_stack_dependency(network)
        self.key = self.make_key("the warehouse")
        self.spectrum_role = self._spectrum_role(lake)
        is_serverless = deployment.size.warehouse.kind == "serverless"
        self.access = self._workgroup(network) if is_serverless else self._cluster(network)
        self.reader = self._reader() if deployment.size.dashboards.quicksight else None
        self._set_up()
        self.output("WarehouseHost", self.access.host, "Host of the warehouse")

    @property
    def settings(self) -> dict[str, str]:
        """The SOCIALSENT_* settings that lead to this warehouse."""
        settings = {
            "SOCIALSENT_DBT_TARGET": "redshift",
            "SOCIALSENT_REDSHIFT_METHOD": "iam",
            "SOCIALSENT_REDSHIFT_HOST": self.access.host,
            "SOCIALSENT_REDSHIFT_PORT": str(WAREHOUSE_PORT),
            "SOCIALSENT_REDSHIFT_USER": self.builder,
            "SOCIALSENT_REDSHIFT_DATABASE": DATABASE,
            "SOCIALSENT_REDSHIFT_SCHEMA": MARTS,
            "SOCIALSENT_REDSHIFT_SSLMODE": "verify-full",
            "SOCIALSENT_SPECTRUM_CLEANSED": SPECTRUM["cleansed"],
            "SOCIALSENT_SPECTRUM_ANALYTICS": SPECTRUM["analytics"],
        }
        return settings | ({"SOCIALSENT_REDSHIFT_CLUSTER": self.access.cluster} if self.access.cluster else {})

    @property
    def builder(self) -> str:
        """Database user that owns the marts: Dagster's role, as Redshift calls it."""
        return CLUSTER_USER if self.access.cluster else f"IAMR:{role_name(self.deployment)}"

    @property
    def connecting(self) -> list[Statement]:
        """What Dagster's role needs to get the temporary password of `builder`."""
        if not self.access.cluster:
            return [allow("ConnectToWarehouse", ["redshift-serverless:GetCredentials"], [self.access.arn])]
        user = self.deployment.arn("redshift", f"dbuser:{self.access.cluster}/{CLUSTER_USER}")
        database = self.deployment.arn("redshift", f"dbname:{self.access.cluster}/{DATABASE}")
        return [allow("ConnectToWarehouse", ["redshift:GetClusterCredentials"], [user, database])]

    def _spectrum_role(self, lake: LakeStack) -> iam.Role:
        return self.make_role(
            "SpectrumRole",
            iam.CompositePrincipal(
                iam.ServicePrincipal("redshift.amazonaws.com"),
                iam.ServicePrincipal("redshift-serverless.amazonaws.com"),
            ),
            "Redshift reading the lake",
            may.spectrum(self.deployment, lake.key.key_arn),
        )

    def _workgroup(self, network: NetworkStack) -> Access:
        size, name = self.deployment.size.warehouse, self.deployment.named("warehouse")
        kept = self.deployment.keeps_data
        namespace = serverless.CfnNamespace(
            self,
            "Namespace",
            namespace_name=name,
            db_name=DATABASE,
            admin_username=ADMIN,
            manage_admin_password=True,
            admin_password_secret_kms_key_id=self.key.key_id,
            iam_roles=[self.spectrum_role.role_arn],
            default_iam_role_arn=self.spectrum_role.role_arn,
            kms_key_id=self.key.key_id,
            log_exports=LOGS,
            final_snapshot_name=f"{name}-final" if kept else None,
            final_snapshot_retention_period=90 if kept else None,
        )
        namespace.apply_removal_policy(self.deployment.removal_policy)
        parameters = {
            "require_ssl": "true",
            "enable_user_activity_logging": "true",
            "max_query_execution_time": "3600",  # seconds; a statement of dbt takes seconds to minutes
        }
        workgroup = serverless.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=name,
            namespace_name=name,
            base_capacity=size.base_rpu,
            max_capacity=size.max_rpu,
            port=WAREHOUSE_PORT,
            publicly_accessible=False,
            enhanced_vpc_routing=True,
            subnet_ids=network.private_subnets,
            security_group_ids=[network.warehouse.security_group_id],
            config_parameters=[
                serverless.CfnWorkgroup.ConfigParameterProperty(parameter_key=key, parameter_value=value)
                for key, value in parameters.items()
            ],
        )
        workgroup.add_resource_dependency(namespace)
        return Access(
            arn=workgroup.attr_workgroup_workgroup_arn,
            data_api={"WorkgroupName": name},
            host=workgroup.attr_workgroup_endpoint_address,
            cluster="",
            admin_secret=self.deployment.arn("secretsmanager", f"secret:redshift!{name}-{ADMIN}-*"),
            namespace_arn=namespace.attr_namespace_namespace_arn,
        )

    def _cluster(self, network: NetworkStack) -> Access:
        size, name = self.deployment.size.warehouse, self.deployment.named("warehouse")
        subnets = redshift.CfnClusterSubnetGroup(
            self, "Subnets", description="SocialSent: private subnets", subnet_ids=network.private_subnets
        )
        parameters = redshift.CfnClusterParameterGroup(
            self,
            "Parameters",
            description="SocialSent: TLS alone, statements logged",
            parameter_group_family="redshift-1.0",
            parameters=[
                redshift.CfnClusterParameterGroup.ParameterProperty(parameter_name=key, parameter_value="true")
                for key in ("require_ssl", "enable_user_activity_logging")
            ],
        )
        cluster = redshift.CfnCluster(
            self,
            "Cluster",
            cluster_identifier=name,
            cluster_type="multi-node" if size.nodes > 1 else "single-node",
            number_of_nodes=size.nodes if size.nodes > 1 else None,
            node_type=size.node_type,
            db_name=DATABASE,
            master_username=ADMIN,
            manage_master_password=True,
            master_password_secret_kms_key_id=self.key.key_id,
            encrypted=True,
            kms_key_id=self.key.key_id,
            port=WAREHOUSE_PORT,
            publicly_accessible=False,
            enhanced_vpc_routing=True,
            cluster_subnet_group_name=subnets.ref,
            cluster_parameter_group_name=parameters.ref,
            vpc_security_group_ids=[network.warehouse.security_group_id],
            iam_roles=[self.spectrum_role.role_arn],
            automated_snapshot_retention_period=size.snapshot_days,
            allow_version_upgrade=True,
            logging_properties=redshift.CfnCluster.LoggingPropertiesProperty(
                log_destination_type="cloudwatch", log_exports=LOGS
            ),
        )
        cluster.apply_removal_policy(
            cdk.RemovalPolicy.SNAPSHOT if self.deployment.keeps_data else cdk.RemovalPolicy.DESTROY
        )
        return Access(
            arn=self.deployment.arn("redshift", f"cluster:{name}"),
            data_api={"ClusterIdentifier": name},
            host=cluster.attr_endpoint_address,
            cluster=name,
            admin_secret=cluster.attr_master_password_secret_arn,
            namespace_arn="",
        )

    def _reader(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Reader",
            secret_name=self.deployment.named("warehouse-reader"),
            description="SocialSent: user of the dashboards, who reads the marts alone",
            # AWS' own key for secrets: QuickSight reads the secret with a role that no policy of ours can name before
            # the account is signed up by hand, and a key of ours would keep it out.
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=f'{{"username": "{READER}"}}',
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,  # Redshift takes no quotes, slashes and at signs
            ),
        )
        nag.acknowledge(
            secret,
            "QuickSight keeps a copy of the password: renewing it alone would lock the dashboards out. A new secret "
            "name in the stack renews both.",
            "SMG4",
        )
        return secret

    def _set_up(self) -> None:
        log_group = self.make_log_group("SetupLogs", may.setup_log_group(self.deployment))
        secrets = [self.access.admin_secret, *([self.reader.secret_arn] if self.reader else [])]
        role = self.make_role(
            "SetupRole",
            "lambda.amazonaws.com",
            "setting the warehouse up",
            may.setup(self.deployment, self.access.arn, secrets, self.key.key_arn, self.access.namespace_arn),
        )
        function = lambda_.Function(
            self,
            "Setup",
            function_name=self.deployment.named(may.SETUP),
            description="SocialSent: external schemas, users and limit of the warehouse",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.lambda_handler",
            code=lambda_.Code.from_asset(
                str(ROOT / "infra" / "warehouse_setup"), exclude=["__pycache__", "__init__.py"]
            ),
            role=role.without_policy_updates(),
            timeout=cdk.Duration.minutes(15),
            memory_size=256,
            log_group=log_group,
        )
        resource = cdk.CustomResource(
            self,
            "Contents",
            service_token=function.function_arn,
            resource_type="Custom::WarehouseContents",
            service_timeout=cdk.Duration.minutes(15),
            properties=self._contents(),
        )
        resource.node.add_dependency(role)

    def _contents(self) -> dict[str, Any]:
        """Properties of warehouse_setup/handler.py."""
        catalog = self.deployment.catalog
        contents: dict[str, Any] = {
            "Warehouse": self.access.data_api,
            "Database": DATABASE,
            "Region": self.region,
            "SpectrumRoleArn": self.spectrum_role.role_arn,
            "ExternalSchemas": {
                SPECTRUM["cleansed"]: catalog.cleansed,
                SPECTRUM["analytics"]: catalog.analytics,
            },
            "Builder": self.builder,
            "MartsSchema": MARTS,
            "ReaderSecretArn": self.reader.secret_arn if self.reader else "",
        }
        if self.access.cluster:
            contents["AdminSecretArn"] = self.access.admin_secret
        else:
            contents |= {
                "Namespace": self.deployment.named("warehouse"),
                "WorkgroupArn": self.access.arn,
                "RpuHoursADay": str(self.deployment.size.warehouse.rpu_hours_a_day),
            }
        return contents
