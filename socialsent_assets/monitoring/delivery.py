"""Protocols of delivery: a notifier of messages, a sink of metrics.

Not here: SNS and CloudWatch (resources/notifications.py, resources/metrics.py), what is delivered (tick.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from socialsent_assets.domain.monitoring.alerts import Message
from socialsent_assets.domain.monitoring.metrics import MetricDatum


class NotificationError(RuntimeError):
    """The message was not accepted; the next tick tries again. The text gives the reason."""


class MetricsError(RuntimeError):
    """The metrics were not accepted; the next heartbeat sends them again. The text gives the reason."""


class Notifier(Protocol):
    """Destination of messages."""

    def send(self, message: Message) -> str:
        """Deliver one message; returns the destination's name for it. Raises NotificationError."""
        ...


class MetricsSink(Protocol):
    """Destination of metrics; `is_on` is False for one that drops them."""

    is_on: bool

    def send(self, points: Sequence[MetricDatum]) -> None:
        """Deliver all of them. Safe to repeat. Raises MetricsError."""
        ...
