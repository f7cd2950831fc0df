"""A public network that is followed all the time: `socialsent follow` as one small service of ECS Fargate.

There is one task and never two, because two would read everything twice. What it sends goes on the stream like the
events of any other producer; its place lies in the artifacts tier, so that a new task goes on where the old one was.
Only made where sizes.toml names a network.

Not here: the stream and the consumer (ingest.py), what may be followed (socialsent_assets/settings/following.py).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import nag
from infra.deployment import TIERS, Deployment
from infra.policies import following as may
from infra.stacks.ingest import IngestStack
from infra.stacks.lake import LakeStack
from infra.stacks.models import ModelsStack
from infra.stacks.network import HTTPS, NetworkStack
from infra.stacks.stack import SocialSentStack
from socialsent_assets.settings import FollowSettings

CPU, MEMORY_MB = 256, 1024  # a quarter of a CPU reads some thousand records a second
TOKENS = {
    "mastodon": ("SOCIALSENT_MASTODON_TOKEN",),
    "reddit": ("SOCIALSENT_REDDIT_CLIENT_ID", "SOCIALSENT_REDDIT_CLIENT_SECRET"),
}
"""Keys of the secret, which are the variables that the command reads."""


class FollowingStack(SocialSentStack):
    """The service.

    Attributes:
        settings: environment of the container, nothing of it secret.
        service: of ECS, called `<name>-following`.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        deployment: Deployment,
        lake: LakeStack,
        ingest: IngestStack,
        network: NetworkStack,
        models: ModelsStack,
    ) -> None:
        super().__init__(scope, part, deployment, "a public network that is followed")
        for stack in (lake, ingest, network, models):
            self.add_stack_dependency(stack)
        size = deployment.size.ingest
        followed = FollowSettings.from_env({"SOCIALSENT_FOLLOW": size.follow})
        self.settings = {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "SOCIALSENT_FOLLOW": size.follow,
            "SOCIALSENT_START": deployment.start,
            **{f"SOCIALSENT_LAKE_{tier.upper()}": deployment.lake_uri(tier) for tier in TIERS},
        }
        task = self._task(lake, ingest, models, TOKENS.get(followed.network, ()) if followed else ())
        self.service = ecs.FargateService(
            self,
            "Service",
            service_name=deployment.named(may.LOG_GROUP),
            cluster=ecs.Cluster(
                self,
                "Cluster",
                cluster_name=deployment.named(may.LOG_GROUP),
                vpc=network.vpc,
                container_insights_v2=ecs.ContainerInsights.ENABLED,
            ),
            task_definition=task,
            desired_count=1,
            min_healthy_percent=0,  # never two
            max_healthy_percent=100,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            security_groups=[self._security_group(network)],
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            assign_public_ip=False,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,  # it would start a second one
        )

    def _security_group(self, network: NetworkStack) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Following",
            vpc=network.vpc,
            description="SocialSent: follows a public network",
            allow_all_outbound=False,
            disable_inline_rules=True,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "the network, and APIs of AWS")
        return group

    def _task(
        self, lake: LakeStack, ingest: IngestStack, models: ModelsStack, tokens: tuple[str, ...]
    ) -> ecs.FargateTaskDefinition:
        deployment = self.deployment
        secret_arn = deployment.size.ingest.follow_secret_arn
        role = self.make_role(
            "FollowerRole",
            "ecs-tasks.amazonaws.com",
            "following a public network",
            may.follower(deployment, ingest.key.key_arn, lake.key.key_arn),
        )
        execution = self.make_role(
            "FollowerExecutionRole",
            "ecs-tasks.amazonaws.com",
            "ECS starting what follows a public network",
            may.execution(deployment, secret_arn),
        )
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=deployment.named(may.LOG_GROUP),
            cpu=CPU,
            memory_limit_mib=MEMORY_MB,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64,  # that of the image
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=role.without_policy_updates(),
            execution_role=execution.without_policy_updates(),
        )
        secrets = {}
        if secret_arn:
            secret = secretsmanager.Secret.from_secret_complete_arn(self, "Token", secret_arn)
            secrets = {name: ecs.Secret.from_secrets_manager(secret, name) for name in tokens}
        task.add_container(
            "follow",
            image=ecs.ContainerImage.from_registry(models.image_uri),
            entry_point=["socialsent", "follow", "--stream", ingest.stream.stream_name],
            environment=self.settings,
            secrets=secrets,
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix="follow",
                log_group=self.make_log_group("Logs", may.log_group_name(deployment), self.make_key("logs")),
            ),
            linux_parameters=ecs.LinuxParameters(self, "Linux", init_process_enabled=True),
            stop_timeout=cdk.Duration.seconds(60),  # the batch under way is sent, and the place kept
        )
        nag.acknowledge(task, "Names and addresses alone; tokens come from Secrets Manager.", "ECS2")
        return task
