"""An emulation of CloudWatch: alarms of the templates, evaluated on the metrics that moto received.

Limits: the window ends at a time that the test gives; DuckDB works an expression out, which may be an `IF` alone;
missing data is `breaching` or not, and no state is kept, so `ignore` counts as not.

Not here: which alarms there are (infra/alarms.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from tests.aws.wired.account import Account
from tests.infra.synthesized import Assembly, Properties


@dataclass(frozen=True)
class Series:
    """One metric that an alarm reads: a namespace, a name, and exactly these dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, given: Properties) -> Series:
        pairs = sorted((one["Name"], one["Value"]) for one in given.get("Dimensions", []))
        return cls(given["Namespace"], given["MetricName"], tuple(pairs))


@dataclass(frozen=True)
class Alarm:
    """An `AWS::CloudWatch::Alarm`."""

    given: Properties

    @property
    def series(self) -> list[Series]:
        return [Series.of(metric) for _id, metric, _period, _statistic in self._parts()]

    def is_on(self, aws: Account, until: datetime) -> bool:
        """Whether enough of the last periods before `until` are over the threshold."""
        values = [self._value(aws, end) for end in self._ends(until)]
        return sum(self._is_bad(value) for value in values) >= self.given["DatapointsToAlarm"]

    def ring(self, aws: Account) -> None:
        """Notify its topics, as CloudWatch does when it changes to ALARM."""
        message = f"{self.given['AlarmName']}: {self.given['AlarmDescription']}"
        for topic in self.given["AlarmActions"]:
            aws.client("sns").publish(TopicArn=topic, Subject=f"ALARM: {self.given['AlarmName']}", Message=message)

    def _parts(self) -> Iterator[tuple[str, Properties, int, str]]:
        if "MetricName" in self.given:
            yield "only", self.given, self.given["Period"], self.given["Statistic"]
        for one in self.given.get("Metrics", []):
            if "MetricStat" in one:
                part = one["MetricStat"]
                yield one["Id"], part["Metric"], part["Period"], part["Stat"]

    def _ends(self, until: datetime) -> list[datetime]:
        period = next(self._parts())[2]
        last = datetime.fromtimestamp(until.timestamp() // period * period, until.tzinfo)
        return [last - back * timedelta(seconds=period) for back in range(self.given["EvaluationPeriods"])]

    def _value(self, aws: Account, end: datetime) -> float | None:
        found: dict[str, float] = {}
        for name, metric, period, statistic in self._parts():
            points = aws.client("cloudwatch").get_metric_statistics(
                Namespace=metric["Namespace"], MetricName=metric["MetricName"],
                Dimensions=metric.get("Dimensions", []), Statistics=[statistic], Period=period,
                StartTime=end - timedelta(seconds=period), EndTime=end,
            )["Datapoints"]  # fmt: skip
            if not points:
                return None
            [point] = points
            found[name] = point[statistic]
        expressions = [one["Expression"] for one in self.given.get("Metrics", []) if "Expression" in one]
        return _worked_out(expressions[0], found) if expressions else found["only"]

    def _is_bad(self, value: float | None) -> bool:
        if value is None:
            return self.given["TreatMissingData"] == "breaching"
        limit = self.given["Threshold"]
        return {"GreaterThanThreshold": value > limit, "LessThanThreshold": value < limit}[
            self.given["ComparisonOperator"]
        ]


def _worked_out(expression: str, values: dict[str, float]) -> float:
    named: Any = ", ".join(f"{value!r}::double as {name}" for name, value in values.items())
    [(result,)] = duckdb.sql(f"select {expression} from (select {named})").fetchall()
    return float(result)


def alarm(deployed: Assembly, last: str) -> Alarm:
    """The alarm of the templates whose name ends so."""
    alarms = [given for _, given in deployed.every("AWS::CloudWatch::Alarm")]
    [found] = [given for given in alarms if given["AlarmName"].endswith(f"-{last}")]
    return Alarm(found)


def series_read(deployed: Assembly, namespace: str) -> set[Series]:
    """Every metric of a namespace that some alarm of the templates reads."""
    read = {one for _, given in deployed.every("AWS::CloudWatch::Alarm") for one in Alarm(given).series}
    return {one for one in read if one.namespace == namespace}


def series_in(aws: Account, namespace: str) -> set[Series]:
    """Every metric that was sent to a namespace."""
    pages = aws.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=namespace)
    return {Series.of(metric) for page in pages for metric in page["Metrics"]}
