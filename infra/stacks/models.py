"""Stack of the models: container image, SageMaker model group, role of the endpoint.

The endpoint that follows the champion is made and changed by the graph (the job `host`), because only the graph
knows the champion; two owners would undo each other's changes. What CloudFormation can own is an endpoint that
stays with one archive: it is made when the size names `fixed_archive`, beside the other, under a name of its own.

Not here: the image's content (container/Dockerfile), hosting the champion
(socialsent_assets/resources/model_endpoint.py).
"""

from __future__ import annotations

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from infra import nag
from infra.deployment import Deployment
from infra.policies import models as may
from infra.stacks.lake import LakeStack
from infra.stacks.stack import SocialSentStack
from socialsent_assets.settings import UserError

KEPT_IMAGES = 10


class ModelsStack(SocialSentStack):
    """ECR repository and SageMaker.

    Attributes:
        key: encrypts the images.
        repository: of the one image that Dagster and the endpoint share.
        image_uri: of the tag that the size names.
        endpoint_role: what an endpoint reads its archive and image with.
        endpoint_name, model_group: names that the graph uses.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack) -> None:
        super().__init__(scope, part, deployment, "images, model registry and endpoint")
        self.add_stack_dependency(lake)
        self.key = self.make_key("container images")
        self.endpoint_name = deployment.named(may.ENDPOINT)
        self.model_group = deployment.named(may.MODEL_GROUP)
        self.repository = self._repository()
        self.image_uri = self.repository.repository_uri_for_tag(deployment.size.orchestration.image_tag)
        self.endpoint_role = self._endpoint_role(lake)
        self._registry()
        self._fixed_endpoint()
        self.output("RepositoryUri", self.repository.repository_uri, "Where the image is pushed")

    @property
    def settings(self) -> dict[str, str]:
        """The SOCIALSENT_* settings of hosting."""
        size = self.deployment.size.models
        return {
            "SOCIALSENT_SAGEMAKER_ENDPOINT": self.endpoint_name,
            "SOCIALSENT_SAGEMAKER_ROLE_ARN": self.endpoint_role.role_arn,
            "SOCIALSENT_SAGEMAKER_IMAGE_URI": self.image_uri,
            "SOCIALSENT_SAGEMAKER_MODEL_GROUP": self.model_group,
            "SOCIALSENT_SAGEMAKER_ARCHIVES": self.deployment.lake_uri("artifacts"),
            "SOCIALSENT_SAGEMAKER_MEMORY_MB": str(size.endpoint_memory_mb),
            "SOCIALSENT_SAGEMAKER_MAX_CONCURRENCY": str(size.endpoint_concurrency),
        }

    def _repository(self) -> ecr.Repository:
        repository = ecr.Repository(
            self,
            "Images",
            repository_name=self.deployment.name,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=self.key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,  # a tag is a version: going back is naming the old one
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT_IMAGES)],
            removal_policy=self.deployment.removal_policy,
            empty_on_delete=not self.deployment.keeps_data,
        )
        # SageMaker wants the repository to let its service read, besides the endpoint's role.
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EndpointsOfThisAccount",
                principals=[iam.ServicePrincipal("sagemaker.amazonaws.com")],
                actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return repository

    def _endpoint_role(self, lake: LakeStack) -> iam.Role:
        return self.make_role(
            "EndpointRole",
            "sagemaker.amazonaws.com",
            "the model endpoint",
            may.endpoint(self.deployment, lake.key.key_arn),
        )

    def _registry(self) -> None:
        group = sagemaker.CfnModelPackageGroup(
            self,
            "ModelGroup",
            model_package_group_name=self.model_group,
            model_package_group_description="SocialSent sentiment classifiers; each was champion of its lake.",
        )
        group.apply_removal_policy(self.deployment.removal_policy)

    def _fixed_endpoint(self) -> None:
        size = self.deployment.size.models
        if bool(size.fixed_archive) != bool(size.fixed_digest):
            raise UserError("sizes.toml: models.fixed_archive and models.fixed_digest go together: set both or none")
        if not size.fixed_archive:
            return
        model = sagemaker.CfnModel(
            self,
            "FixedModel",
            execution_role_arn=self.endpoint_role.role_arn,
            enable_network_isolation=False,  # serverless endpoints do not offer it
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=self.image_uri,
                model_data_url=size.fixed_archive,
                environment={"SOCIALSENT_MODEL_DIGEST": size.fixed_digest},
            ),
        )
        config = sagemaker.CfnEndpointConfig(
            self,
            "FixedConfig",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    model_name=model.attr_model_name,
                    variant_name="fixed",
                    initial_variant_weight=1,
                    serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                        memory_size_in_mb=size.endpoint_memory_mb, max_concurrency=size.endpoint_concurrency
                    ),
                )
            ],
        )
        nag.acknowledge(
            config, "A serverless endpoint has no volume of its own that a key could encrypt.", "SM2", "SM3"
        )
        sagemaker.CfnEndpoint(
            self,
            "FixedEndpoint",
            endpoint_name=f"{self.endpoint_name}-fixed",
            endpoint_config_name=config.attr_endpoint_config_name,
        )
