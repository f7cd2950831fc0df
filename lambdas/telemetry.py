"""Structured logs, metrics and traces of a Lambda: AWS Lambda Powertools, which comes as a layer.

On Lambda, `telemetry_for` gives JSON logs with the request's id, metrics in the log's embedded metric format
(CloudWatch reads them out of the log: no call, no permission, no waiting) and X-Ray traces of every call to AWS.
Anywhere else it gives the same interface without any effect, and nothing is imported: on one machine the same
handlers run on the standard library, and a terminal is no place for metric lines.

Not here: what is counted (socialsent_assets/domain/events/ingest_metrics.py), the counting (the handlers).
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from socialsent_assets.domain.events.ingest_metrics import NAMESPACE

Answer = TypeVar("Answer")
Handler = Callable[[Mapping[str, Any], Any], Answer]

_OUR_LOGGERS = "lambdas"


class Telemetry(Protocol):
    """Logs and metrics of an invocation.

    Attributes:
        on_lambda: whether this process is a Lambda's execution environment.
    """

    on_lambda: bool

    def observe(self, handler: Handler[Answer]) -> Handler[Answer]:
        """The handler, with logs, metrics and traces around every call."""
        ...

    def count(self, name: str, value: int) -> None:
        """Count under the dimension `service`."""
        ...

    def count_by(self, name: str, dimension: str, values: Mapping[str, int]) -> None:
        """Count under `service` and one more dimension, whose values are the keys."""
        ...


def telemetry_for(service: str, environ: Mapping[str, str] = os.environ) -> Telemetry:
    """The telemetry of this process. Lambda itself sets `AWS_LAMBDA_FUNCTION_NAME`, no one else should.

    Raises:
        ImportError: on Lambda without the layer.
    """
    return Powertools(service, environ) if environ.get("AWS_LAMBDA_FUNCTION_NAME") else Silence()


class Silence:
    """No telemetry: logs go where Python's logging sends them, counts nowhere."""

    on_lambda = False

    def observe(self, handler: Handler[Answer]) -> Handler[Answer]:
        """See `Telemetry.observe`."""
        return handler

    def count(self, name: str, value: int) -> None:
        """See `Telemetry.count`."""

    def count_by(self, name: str, dimension: str, values: Mapping[str, int]) -> None:
        """See `Telemetry.count_by`."""


class Powertools:
    """Telemetry on Lambda; one per process, made while Lambda initialises it."""

    on_lambda = True

    def __init__(self, service: str, environ: Mapping[str, str]) -> None:
        from aws_lambda_powertools import Logger, Metrics, Tracer

        self._service = service
        self._namespace = environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE
        self._log = Logger(service=service)
        self._metrics = Metrics(service=service, namespace=self._namespace)
        # All that is called is AWS; patching every library that X-Ray knows would import a dozen of them.
        self._tracer = Tracer(service=service, patch_modules=["botocore"])
        ours = logging.getLogger(_OUR_LOGGERS)
        ours.handlers = [self._log.registered_handler]
        ours.setLevel(self._log.log_level)
        ours.propagate = False  # Lambda's own handler at the root would print every line once more

    def observe(self, handler: Handler[Answer]) -> Handler[Answer]:
        """See `Telemetry.observe`; an error that ends an invocation is logged as one line before it is raised."""

        @functools.wraps(handler)
        def logged(event: Mapping[str, Any], context: Any) -> Answer:
            try:
                return handler(event, context)
            except Exception as error:
                self._log.exception(f"{type(error).__name__}: {error}")
                raise

        metered = self._metrics.log_metrics(logged)
        with_request = self._log.inject_lambda_context(metered)
        return self._tracer.capture_lambda_handler(with_request, capture_response=False)

    def count(self, name: str, value: int) -> None:
        """See `Telemetry.count`."""
        self._metrics.add_metric(name=name, unit="Count", value=value)

    def count_by(self, name: str, dimension: str, values: Mapping[str, int]) -> None:
        """See `Telemetry.count_by`; each value is a metric of its own, so it gets a line of its own."""
        from aws_lambda_powertools import single_metric
        from aws_lambda_powertools.metrics import MetricUnit

        for value, number in values.items():
            with single_metric(name, MetricUnit.Count, number, namespace=self._namespace) as metric:
                metric.add_dimension("service", self._service)
                metric.add_dimension(dimension, value)
