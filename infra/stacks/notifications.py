"""Stack of the notifications: one encrypted SNS topic and its subscriptions.

Dagster publishes here what is wrong with the data (domain/monitoring/), CloudWatch what is wrong with the machinery
(observability.py).

Not here: what is worth an alert.
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.deployment import Deployment
from infra.stacks.stack import SocialSentStack

TOPIC = "alerts"
_SENDERS = ("cloudwatch", "events", "budgets")


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
        """CloudWatch, EventBridge and Budgets of this account: the topic and its key, which are theirs to ask for."""
        principals = [iam.ServicePrincipal(f"{service}.amazonaws.com") for service in _SENDERS]
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ServicesOfThisAccount",
                principals=principals,
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=ours,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ServicesOfThisAccount",
                principals=principals,
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's policy: this key
                conditions=ours,
            )
        )
