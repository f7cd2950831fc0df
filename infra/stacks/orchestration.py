"""Dagster on AWS: web server, daemon and code in one task of ECS Fargate, and the PostgreSQL that keeps its runs.

One task, because there may be only one daemon, and because containers of a task find each other at localhost: three
services would want service discovery and three times the memory for the same imports. A deployment stops the old task
before it starts the new one; the sensor requests the runs that it ends again.

The UI has no password of its own, so nothing of it is public: it is reached by a tunnel through Systems Manager,
or by an internal load balancer with a list of who may.

Not here: what runs in the task (dagster_containers.py), Dagster's own configuration (dagster/dagster.yaml), the image
(container/Dockerfile), Airflow (airflow.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import nag
from infra.deployment import TIERS, Deployment
from infra.policies import Statement
from infra.policies import dagster as may
from infra.policies import models as may_host
from infra.policies.compute import query_athena
from infra.stacks.compute import ComputeStack
from infra.stacks.dagster_containers import DagsterContainers
from infra.stacks.lake import ACCESS_LOGS, LakeStack
from infra.stacks.models import ModelsStack
from infra.stacks.network import DATABASE_PORT, HTTPS, WEBSERVER_PORT, NetworkStack
from infra.stacks.notifications import NotificationsStack
from infra.stacks.stack import SocialSentStack
from infra.stacks.warehouse import WarehouseStack
from socialsent_assets.domain.events.ingest_metrics import NAMESPACE

UI_LOGS = "dagster-ui"
DATABASE_USER = "dagster"


class OrchestrationStack(SocialSentStack):
    """Dagster.

    Attributes:
        key: encrypts the database, its password and the logs.
        settings: every setting of the containers, none of them secret.
        task_role: what our code may do.
        database: PostgreSQL with Dagster's runs and events.
        password: its secret, with `username` and `password`.
        cluster, service: of ECS; their names are `<name>` and `<name>-dagster`.
        ui_url: address of the UI, inside the network that may reach it.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        deployment: Deployment,
        lake: LakeStack,
        compute: ComputeStack,
        network: NetworkStack,
        warehouse: WarehouseStack,
        models: ModelsStack,
        notifications: NotificationsStack,
    ) -> None:
        super().__init__(scope, part, deployment, "Dagster on ECS Fargate")
        for stack in (lake, compute, network, warehouse, models, notifications):
            self.add_stack_dependency(stack)
        self.key = self.make_key("Dagster's database and logs")
        self.database = self._database(network)
        self.password = self._password()
        self.balancer = self._load_balancer(network, lake) if network.load_balancer else None
        self.settings = self._settings(compute, warehouse, models, notifications)
        self.task_role = self._task_role(lake, compute, warehouse, models, notifications)
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=deployment.name,
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.service = self._service(network, models)
        if self.balancer:
            self._listen(self.balancer)
        self.output("ClusterName", self.cluster.cluster_name, "Cluster of ECS")
        self.output("ServiceName", self.service.service_name, "Service of Dagster")
        self.output("UiUrl", self.ui_url, "Dagster's UI, for who may reach it")

    @property
    def ui_url(self) -> str:
        """Address of the UI; without a load balancer the near end of a tunnel."""
        if self.balancer is None:
            return f"http://localhost:{WEBSERVER_PORT}"
        return f"https://{self.deployment.size.orchestration.domain or self.balancer.load_balancer_dns_name}"

    def _settings(
        self,
        compute: ComputeStack,
        warehouse: WarehouseStack,
        models: ModelsStack,
        notifications: NotificationsStack,
    ) -> dict[str, str]:
        deployment, catalog = self.deployment, self.deployment.catalog
        minutes = deployment.size.compute.glue_timeout_minutes
        settings = {
            "SOCIALSENT_START": deployment.start,
            "SOCIALSENT_REFRESH_SECONDS": str(60 * deployment.size.orchestration.refresh_minutes),
            **{f"SOCIALSENT_LAKE_{tier.upper()}": deployment.lake_uri(tier) for tier in TIERS},
            "SOCIALSENT_COMPUTE": "glue",
            "SOCIALSENT_GLUE_JOB_CLEANSE": compute.job_names["cleanse"],
            "SOCIALSENT_GLUE_JOB_SCORE": compute.job_names["score"],
            "SOCIALSENT_GLUE_JOB_UPKEEP": compute.job_names["upkeep"],
            "SOCIALSENT_GLUE_PIPES": f"{deployment.lake_uri('artifacts')}/pipes",
            # Longer than Glue's own limit: it counts the time in the queue too.
            "SOCIALSENT_GLUE_DEADLINE_MINUTES": str(2 * minutes),
            "SOCIALSENT_CATALOG": "glue",
            "SOCIALSENT_GLUE_DATABASE_CLEANSED": catalog.cleansed,
            "SOCIALSENT_GLUE_DATABASE_ANALYTICS": catalog.analytics,
            "SOCIALSENT_ATHENA_WORKGROUP": compute.workgroup,
            "SOCIALSENT_ATHENA_MARTS": deployment.marts_database,
            "SOCIALSENT_ALERTS_TOPIC_ARN": notifications.topic_arn,
            "SOCIALSENT_METRICS_NAMESPACE": NAMESPACE,
            "SOCIALSENT_UI_URL": self.ui_url,
        }
        dagster = {
            "DAGSTER_PG_HOST": self.database.db_instance_endpoint_address,
            "DAGSTER_PG_PORT": str(DATABASE_PORT),
            "DAGSTER_PG_USER": DATABASE_USER,
            "DAGSTER_PG_DATABASE": DATABASE_USER,
            "DAGSTER_LOGS_BUCKET": deployment.bucket_name("artifacts"),
        }
        region = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return {**region, **settings, **warehouse.settings, **models.settings, **dagster}

    def _database(self, network: NetworkStack) -> rds.DatabaseInstance:
        size = self.deployment.size.orchestration
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_9)
        name = self.deployment.named("dagster")
        # RDS would create it by itself, with unlimited retention.
        log_group = self.make_log_group("DatabaseLogs", f"/aws/rds/instance/{name}/postgresql")
        database = rds.DatabaseInstance(
            self,
            "Database",
            instance_identifier=name,
            engine=engine,
            instance_type=ec2.InstanceType(size.database_instance),
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_groups=[network.database],
            port=DATABASE_PORT,
            database_name=DATABASE_USER,
            credentials=rds.Credentials.from_generated_secret(
                DATABASE_USER,
                secret_name=self.deployment.named(may.DATABASE_SECRET),
                encryption_key=self.key,
                exclude_characters="\"'%/@:\\ #?&+[]{}$`",  # it becomes part of an address
            ),
            allocated_storage=size.database_gib,
            max_allocated_storage=4 * size.database_gib,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=self.key,
            multi_az=size.database_multi_az,
            publicly_accessible=False,
            backup_retention=cdk.Duration.days(size.database_backup_days),
            deletion_protection=self.deployment.keeps_data,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT if self.deployment.keeps_data else cdk.RemovalPolicy.DESTROY,
            auto_minor_version_upgrade=True,
            cloudwatch_logs_exports=["postgresql"],
            parameter_group=rds.ParameterGroup(self, "Parameters", engine=engine, parameters={"rds.force_ssl": "1"}),
        )
        database.node.add_dependency(log_group)
        nag.acknowledge(
            database,
            "A container reads the password when it starts: a renewed one would lock the running task out. To renew "
            "it, change it in the database and the secret and deploy again.",
            "SMG4",
        )
        if not size.database_multi_az:
            nag.acknowledge(database, "A trial can wait until the one database is back.", "RDS3")
        if not self.deployment.keeps_data:
            nag.acknowledge(database, "A trial goes away with everything; runs can be repeated.", "RDS10")
        return database

    def _password(self) -> secretsmanager.ISecret:
        """The database's secret as if it were another stack's, else CDK lets its key name the role that reads it."""
        secret = self.database.secret
        assert secret is not None  # noqa: S101 - for the type checker: the password was generated
        return secretsmanager.Secret.from_secret_complete_arn(self, "Password", secret.secret_arn)

    def _task_role(
        self,
        lake: LakeStack,
        compute: ComputeStack,
        warehouse: WarehouseStack,
        models: ModelsStack,
        notifications: NotificationsStack,
    ) -> iam.Role:
        deployment = self.deployment
        statements: Sequence[Statement] = [
            *may.lake_access(deployment, lake.key.key_arn),
            *may.glue_jobs(deployment, list(compute.job_names.values())),
            *may.catalog(deployment),
            query_athena(deployment),
            *warehouse.connecting,
            *may_host.hosting(deployment, models.endpoint_role.role_arn),
            *may.telling(notifications.topic_arn, notifications.key.key_arn, NAMESPACE),
            *may.tunnels(),
        ]
        role = self.make_role("TaskRole", "ecs-tasks.amazonaws.com", "Dagster's code", statements)
        cfn_role = role.node.default_child
        assert isinstance(cfn_role, iam.CfnRole)  # noqa: S101 - for the type checker
        cfn_role.role_name = may.role_name(deployment)  # Redshift's user is called after it
        return role

    def _execution_role(self) -> iam.Role:
        return self.make_role(
            "ExecutionRole",
            "ecs-tasks.amazonaws.com",
            "ECS starting Dagster",
            may.execution(self.deployment, self.password.secret_arn, self.key.key_arn),
        )

    def _service(self, network: NetworkStack, models: ModelsStack) -> ecs.FargateService:
        size = self.deployment.size.orchestration
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=self.deployment.named("dagster"),
            cpu=size.cpu,
            memory_limit_mib=size.memory_mb,
            runtime_platform=ecs.RuntimePlatform(
                # The one that serverless endpoints of SageMaker run, which share the image.
                cpu_architecture=ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=self.task_role.without_policy_updates(),
            execution_role=self._execution_role().without_policy_updates(),
        )
        image = ecs.ContainerImage.from_registry(models.image_uri)
        log_group = self.make_log_group("Logs", may.log_group_name(self.deployment), self.key)
        # A tunnel ends inside the container, a load balancer outside of it.
        door = "0.0.0.0" if self.balancer else "127.0.0.1"  # noqa: S104
        DagsterContainers(task, image, log_group, self.settings, self.password).add(door)
        nag.acknowledge(task, "Names and addresses alone; the one secret comes from Secrets Manager.", "ECS2")
        return ecs.FargateService(
            self,
            "Service",
            service_name=self.deployment.named("dagster"),
            cluster=self.cluster,
            task_definition=task,
            desired_count=1,
            min_healthy_percent=0,  # never two daemons
            max_healthy_percent=100,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            enable_execute_command=True,
            security_groups=[network.dagster],
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            assign_public_ip=False,
            # Before that the load balancer would stop a task that still starts.
            health_check_grace_period=cdk.Duration.minutes(15) if self.balancer else None,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,  # it would start a second one
        )

    def _load_balancer(self, network: NetworkStack, lake: LakeStack) -> balancing.ApplicationLoadBalancer:
        lake.access_logs.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogsOfTheUi",
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[f"{self.deployment.bucket_arn(ACCESS_LOGS)}/{UI_LOGS}/AWSLogs/{self.account}/*"],
            )
        )
        load_balancer = balancing.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            load_balancer_name=self.deployment.named("dagster"),
            vpc=network.vpc,
            internet_facing=False,
            security_group=network.load_balancer,
            drop_invalid_header_fields=True,
            deletion_protection=self.deployment.keeps_data,
        )
        load_balancer.set_attribute("access_logs.s3.enabled", "true")
        load_balancer.set_attribute("access_logs.s3.bucket", self.deployment.bucket_name(ACCESS_LOGS))
        load_balancer.set_attribute("access_logs.s3.prefix", UI_LOGS)
        return load_balancer

    def _listen(self, load_balancer: balancing.ApplicationLoadBalancer) -> None:
        arn = self.deployment.size.orchestration.certificate_arn
        listener = load_balancer.add_listener(
            "Ui",
            port=HTTPS,
            protocol=balancing.ApplicationProtocol.HTTPS,
            certificates=[certificates.Certificate.from_certificate_arn(self, "Certificate", arn)],
            ssl_policy=balancing.SslPolicy.RECOMMENDED_TLS,
            open=False,
        )
        listener.add_targets(
            "Webserver",
            port=WEBSERVER_PORT,
            protocol=balancing.ApplicationProtocol.HTTP,
            targets=[self.service.load_balancer_target(container_name="webserver", container_port=WEBSERVER_PORT)],
            health_check=balancing.HealthCheck(path="/server_info", interval=cdk.Duration.seconds(30)),
            deregistration_delay=cdk.Duration.seconds(10),
        )
