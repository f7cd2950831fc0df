"""Catalog of the pipeline's CloudWatch metrics: name, dimensions, unit, statistic, meaning of the timestamp.

Sender, alarms and dashboards share this table, so they cannot differ. CloudWatch identifies a metric by its name and
exactly its dimensions: an alarm has to give all of them.

Not here: the values (metrics.py), delivery (resources/metrics.py), thresholds of alarms (infra/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEARTBEAT_SECONDS = 300
"""Interval of metrics with the timestamp kind `now`; if they are missing for longer, monitoring is down."""

RECENT_HOURS = 6
"""Window of `QuarantineRate`, event hours."""

TIER = "Tier"
TABLE = "Table"
TIERS = ("landing", "cleansed", "analytics")


@dataclass(frozen=True)
class Metric:
    """One metric of the namespace `SOCIALSENT_METRICS_NAMESPACE`.

    Attributes:
        unit: in CloudWatch's words; `None` is one of them. Rates are shares from 0 to 1.
        dimensions: names of all its dimensions.
        statistic: the one that returns the value. An hour that is built again is sent again, so a sum would count
            it twice.
        timestamp_kind: `now`: time of sending, with every heartbeat; `event_hour`: start of the event hour, sent
            once the hour is over and again if it changes; `event`: when it happened.
    """

    name: str
    meaning: str
    unit: Literal["Count", "Seconds", "None"]
    dimensions: tuple[str, ...]
    statistic: Literal["Maximum", "Average", "Sum"]
    timestamp_kind: Literal["now", "event_hour", "event"]


FRESHNESS_MINUTES = Metric(
    "FreshnessMinutes", "Minutes since the end of the newest event hour of the tier; 0 while it lasts.",
    "None", (TIER,), "Maximum", "now",
)  # fmt: skip
QUARANTINE_RATE = Metric(
    "QuarantineRate",
    f"Quarantined per record, on arrival and while cleansing, last {RECENT_HOURS} hours; not sent without records.",
    "None", (), "Maximum", "now",
)  # fmt: skip
OPEN_ALERTS = Metric("OpenAlerts", "Open alerts.", "Count", (), "Maximum", "now")
UNSENT_MESSAGES = Metric("UnsentMessages", "Messages that SNS has not accepted yet.", "Count", (), "Maximum", "now")
STALE_HOURS = Metric(
    "StaleHours",
    f"Hours among the last {RECENT_HOURS} that are not built from what has landed.",
    "Count", (), "Maximum", "now",
)  # fmt: skip
DELETION_LATENCY = Metric(
    "DeletionLatencySeconds",
    "Seconds from the landing of a build's slowest deletion to the end of that build; sent where there were any.",
    "Seconds", (), "Maximum", "event",
)  # fmt: skip
RUN_FAILURES = Metric("RunFailures", "Runs that failed.", "Count", (), "Sum", "event")
FAILED_CHECKS = Metric("FailedChecks", "Asset checks that did not pass.", "Count", (), "Sum", "event")

RECORDS = Metric("Records", "Input records.", "Count", (TIER,), "Maximum", "event_hour")
ROWS = Metric("Rows", "Rows written.", "Count", (TIER, TABLE), "Maximum", "event_hour")
DUPLICATES = Metric("Duplicates", "Number of duplicates dropped.", "Count", (TIER,), "Maximum", "event_hour")
QUARANTINED = Metric("Quarantined", "Records quarantined with a reason.", "Count", (TIER,), "Maximum", "event_hour")
MEAN_POLARITY = Metric(
    "MeanPolarity", "Mean polarity of the texts, -1 to 1.", "None", (TIER,), "Average", "event_hour"
)
SHARE_NEGATIVE = Metric("ShareNegative", "Share of negative texts.", "None", (TIER,), "Average", "event_hour")
LEXICON_DISAGREEMENT = Metric(
    "LexiconDisagreement", "Share of texts that lexicon and champion classify differently.",
    "None", (TIER,), "Average", "event_hour",
)  # fmt: skip

METRICS = (
    FRESHNESS_MINUTES,
    QUARANTINE_RATE,
    OPEN_ALERTS,
    UNSENT_MESSAGES,
    STALE_HOURS,
    DELETION_LATENCY,
    RUN_FAILURES,
    FAILED_CHECKS,
    RECORDS,
    ROWS,
    DUPLICATES,
    QUARANTINED,
    MEAN_POLARITY,
    SHARE_NEGATIVE,
    LEXICON_DISAGREEMENT,
)
