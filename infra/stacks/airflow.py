"""Amazon MWAA, for who schedules with Airflow; the size switches it on. Its one DAG steers Dagster.

The DAG's files are copied into the bucket after the deployment: `aws s3 sync infra/mwaa/dags s3://BUCKET/dags`.

Not here: the DAG (mwaa/dags/).
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_mwaa as mwaa
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.deployment import Deployment
from infra.policies import airflow as may
from infra.stacks.lake import LakeStack
from infra.stacks.network import NetworkStack
from infra.stacks.orchestration import OrchestrationStack
from infra.stacks.stack import SocialSentStack
from socialsent_assets.settings import UserError

VERSION = "3.0.6"
AIRFLOW_LOGS = "airflow"
_SUBNETS = 2  # MWAA takes exactly two


class AirflowStack(SocialSentStack):
    """The environment and its bucket.

    Attributes:
        key: encrypts the bucket.
        bucket: holds `dags/`.
        role: what Airflow may do.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        deployment: Deployment,
        lake: LakeStack,
        network: NetworkStack,
        orchestration: OrchestrationStack,
    ) -> None:
        super().__init__(scope, part, deployment, "Airflow that steers Dagster")
        if network.load_balancer is None or network.airflow is None:
            raise UserError("sizes.toml: orchestration.airflow needs orchestration.load_balancer = true, set it")
        self.add_stack_dependency(orchestration)
        self.key = self.make_key("Airflow's bucket")
        self.bucket = self._bucket(lake)
        self.role = self._role()
        self._environment(network, network.airflow.security_group_id, orchestration.ui_url)
        self.output("AirflowBucket", self.bucket.bucket_name, "Bucket of the DAGs")

    def _bucket(self, lake: LakeStack) -> s3.Bucket:
        # The bucket of the logs is another stack's: CDK cannot let S3 write there by itself.
        lake.take_access_logs(AIRFLOW_LOGS, self.deployment.bucket_arn(may.ENVIRONMENT))
        return s3.Bucket(
            self,
            "Bucket",
            bucket_name=self.deployment.bucket_name(may.ENVIRONMENT),
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,  # required by MWAA
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            server_access_logs_bucket=s3.Bucket.from_bucket_name(self, "AccessLogs", lake.access_logs.bucket_name),
            server_access_logs_prefix=f"{AIRFLOW_LOGS}/",
            removal_policy=self.deployment.removal_policy,
        )

    def _role(self) -> iam.Role:
        return self.make_role(
            "AirflowRole",
            iam.CompositePrincipal(
                iam.ServicePrincipal("airflow.amazonaws.com"), iam.ServicePrincipal("airflow-env.amazonaws.com")
            ),
            "Amazon MWAA",
            may.execution(self.deployment, self.key.key_arn),
        )

    def _environment(self, network: NetworkStack, security_group: str, ui_url: str) -> None:
        size = self.deployment.size.orchestration

        def log(level: str) -> mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty:
            return mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty(enabled=True, log_level=level)

        mwaa.CfnEnvironment(
            self,
            "Environment",
            name=self.deployment.named(may.ENVIRONMENT),
            airflow_version=VERSION,
            environment_class=size.airflow_class,
            min_workers=1,
            max_workers=size.airflow_max_workers,
            source_bucket_arn=self.bucket.bucket_arn,
            dag_s3_path="dags",
            execution_role_arn=self.role.role_arn,
            webserver_access_mode="PUBLIC_ONLY" if size.airflow_public_ui else "PRIVATE_ONLY",
            airflow_configuration_options={"socialsent.dagster_url": ui_url},
            network_configuration=mwaa.CfnEnvironment.NetworkConfigurationProperty(
                security_group_ids=[security_group], subnet_ids=network.private_subnets[:_SUBNETS]
            ),
            logging_configuration=mwaa.CfnEnvironment.LoggingConfigurationProperty(
                task_logs=log("INFO"),
                dag_processing_logs=log("WARNING"),
                scheduler_logs=log("WARNING"),
                webserver_logs=log("WARNING"),
                worker_logs=log("WARNING"),
            ),
        )
