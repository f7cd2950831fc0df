"""Notifiers: the log of this machine, or an Amazon SNS topic.

Not here: messages (domain/monitoring/), state (monitoring/state.py), the topic itself (infra/).
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

import dagster as dg

from socialsent_assets.domain.monitoring.alerts import Message
from socialsent_assets.monitoring.delivery import NotificationError

LOGGER = "socialsent.alerts"


class Notifications(dg.ConfigurableResource[None], ABC):
    """Destination of messages; see `monitoring.delivery.Notifier`."""

    @abstractmethod
    def send(self, message: Message) -> str:
        """Deliver one message; returns the destination. Raises NotificationError."""


class LogNotifications(Notifications):
    """On one machine: a line in the log of the daemon; `socialsent alerts` has the full text."""

    def send(self, message: Message) -> str:
        """See `Notifications.send`."""
        level = logging.ERROR if message.severity == "critical" and message.stage != "recovery" else logging.WARNING
        logging.getLogger(LOGGER).log(level, message.title)
        return "log"


class SnsNotifications(Notifications):
    """An SNS topic: the full text for e-mail, one line for SMS, JSON for queues and functions.

    `severity`, `kind`, `stage` and `topic` are message attributes, so that a subscription can filter by them.

    Attributes:
        topic_arn: also names the region.
    """

    topic_arn: str

    def send(self, message: Message) -> str:
        """See `Notifications.send`."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        # A sensor has one minute for all of its work; the next tick tries again.
        config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
        try:
            client = boto3.client("sns", region_name=self.topic_arn.split(":")[3], config=config)
            answer = client.publish(TopicArn=self.topic_arn, **publication(message))
        except (ClientError, BotoCoreError) as error:
            raise NotificationError(f"SNS did not accept '{message.title}': {error}") from error
        return f"sns {answer['MessageId']}"


def publication(message: Message) -> dict[str, Any]:
    """Arguments of `sns:Publish` for a message."""
    body = f"{message.text}\n"
    attributes = {
        "severity": message.severity,
        "kind": message.kind,
        "stage": message.stage,
        "message_id": message.id,
        **({"topic": message.subject} if message.kind == "sentiment" else {}),
    }
    machine = json.dumps({key: value for key, value in asdict(message).items() if key not in ("sms", "suppressed")})
    bodies = {"default": body, "email": body, "sms": message.sms, "sqs": machine, "lambda": machine}
    return {
        "Subject": message.title,
        "Message": json.dumps(bodies),
        "MessageStructure": "json",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
