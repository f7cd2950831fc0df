"""Where the pipeline's numbers go besides the Dagster UI: nowhere, or to Amazon CloudWatch.

Not here: the metrics (domain/monitoring/metrics_catalog.py), alarms on them (infra/).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import dagster as dg

from socialsent_assets.domain.monitoring.metrics import Point

POINTS_PER_CALL = 500
"""PutMetricData takes 1,000 values and 1 MB; a point with its dimensions is some hundred bytes."""


class NotMeasuredError(RuntimeError):
    """CloudWatch did not take the points; the text says why."""


class Metrics(dg.ConfigurableResource, ABC):
    """Something that keeps points."""

    is_on: bool = True

    @abstractmethod
    def send(self, points: Sequence[Point]) -> None:
        """Deliver all points. Safe to repeat: statistics are maxima and averages. Raises NotMeasuredError."""


class NoMetrics(Metrics):
    """On one machine: the UI plots them."""

    is_on: bool = False

    def send(self, points: Sequence[Point]) -> None:
        """Does nothing."""


class CloudWatchMetrics(Metrics):
    """A namespace of CloudWatch."""

    namespace: str

    def send(self, points: Sequence[Point]) -> None:
        """See `Metrics.send`."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
        try:
            client: Any = boto3.client("cloudwatch", config=config)  # types only what tests install
            for start in range(0, len(points), POINTS_PER_CALL):
                data = [datum(point) for point in points[start : start + POINTS_PER_CALL]]
                client.put_metric_data(Namespace=self.namespace, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            raise NotMeasuredError(f"CloudWatch did not take {len(points)} points: {error}") from error


def datum(point: Point) -> dict[str, Any]:
    """A point as PutMetricData takes it."""
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
