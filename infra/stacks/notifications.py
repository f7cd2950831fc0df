"""Stack of the notifications: one encrypted SNS topic and its subscriptions.

Dagster publishes here what is wrong with the data (domain/monitoring/), CloudWatch what is wrong with the machinery
(observability.py).

Not here: what is worth an alert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.deployment import Deployment
from infra.stacks.stack import SocialSentStack

TOPIC = "alerts"
_SENDERS = ("cloudwatch", "budgets")
"""Services that send the account that they act for."""


class NotificationsStack(SocialSentStack):
    """The topic.

    Attributes:
        key: encrypts the messages.
        topic: `<name>-alerts`.
        topic_arn: its ARN, by name.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment) -> None:
        super().__init__(scope, part, deployment, "alerts by e-mail and SMS")
        self.key = self.make_key("alerts")
        self.topic = sns.Topic(
            self,
            "Alerts",
            topic_name=deployment.named(TOPIC),
            display_name="SocialSent",  # the sender of an SMS
            master_key=self.key,
            enforce_ssl=True,
        )
        self.topic_arn = deployment.arn("sns", deployment.named(TOPIC))
        self._let_services_publish()
        for address in deployment.size.observability.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))
        for number in deployment.size.observability.phones:
            self.topic.add_subscription(subscriptions.SmsSubscription(number))
        self.output("AlertsTopicArn", self.topic.topic_arn, "Topic of all alerts")

    def _let_services_publish(self) -> None:
        """The topic and its key, with the permissions that each service requires."""
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        self._let("ServicesOfThisAccount", [f"{service}.amazonaws.com" for service in _SENDERS], ours)
        # EventBridge sends no aws:SourceAccount to an encrypted topic (SNS developer guide, "Key management"): a
        # condition would keep it out. It publishes for rules of the topic's own account alone.
        self._let("EventBridge", ["events.amazonaws.com"], None)

    def _let(self, sid: str, services: Sequence[str], conditions: Mapping[str, Any] | None) -> None:
        principals = [iam.ServicePrincipal(service) for service in services]
        for policy, actions, resource in (
            (self.topic, ["sns:Publish"], self.topic.topic_arn),
            (self.key, ["kms:Decrypt", "kms:GenerateDataKey"], "*"),  # in a key's policy: this key
        ):
            policy.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid, principals=principals, actions=actions, resources=[resource], conditions=conditions
                )
            )
