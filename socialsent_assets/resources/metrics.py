"""Metrics sinks: none, or Amazon CloudWatch.

Not here: the metrics (domain/monitoring/metrics_catalog.py), alarms on them (infra/).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import dagster as dg

from socialsent_assets.domain.monitoring.metrics import MetricDatum
from socialsent_assets.monitoring.delivery import MetricsError

MAX_DATUMS_PER_CALL = 500
"""PutMetricData accepts 1,000 values and 1 MB; a datum with its dimensions is a few hundred bytes."""


class Metrics(dg.ConfigurableResource[None], ABC):
    """Destination of metrics; see `monitoring.delivery.MetricsSink`."""

    is_on: bool = True

    @abstractmethod
    def send(self, points: Sequence[MetricDatum]) -> None:
        """Deliver all of them. Safe to repeat: statistics are maxima and averages. Raises MetricsError."""


class NullMetrics(Metrics):
    """No sink: on one machine the Dagster UI plots the same counts."""

    is_on: bool = False

    def send(self, points: Sequence[MetricDatum]) -> None:
        """Does nothing."""


class CloudWatchMetrics(Metrics):
    """A namespace of CloudWatch."""

    namespace: str

    def send(self, points: Sequence[MetricDatum]) -> None:
        """See `Metrics.send`."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
        try:
            client: Any = boto3.client("cloudwatch", config=config)  # types only what tests install
            for start in range(0, len(points), MAX_DATUMS_PER_CALL):
                data = [datum(point) for point in points[start : start + MAX_DATUMS_PER_CALL]]
                client.put_metric_data(Namespace=self.namespace, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            raise MetricsError(f"CloudWatch did not accept {len(points)} metrics: {error}") from error


def datum(point: MetricDatum) -> dict[str, Any]:
    """A datum in the form of PutMetricData."""
    return {
        "MetricName": point.metric.name,
        "Dimensions": [
            {"Name": name, "Value": value}
            for name, value in zip(point.metric.dimensions, point.dimensions, strict=True)
        ],
        "Timestamp": point.at,
        "Value": point.value,
        "Unit": point.metric.unit,
    }
