"""The pipeline's metrics as CloudWatch knows them: name, dimensions, unit, statistic, what the timestamp means.

Whoever sends a metric and whoever alarms on it or draws it reads this table, so that the two cannot differ. In
CloudWatch a metric is its name together with exactly its dimensions: an alarm has to give all of them.

Not here: the numbers (metrics.py), sending them (resources/metrics.py), thresholds of alarms (infra/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEARTBEAT_SECONDS = 300
"""A metric stamped `now` is sent this often, whether or not anything happened: none for longer means nobody looks."""

RECENT_HOURS = 6
"""Event hours that `QuarantineRate` looks back over."""

TIER = "Tier"
TABLE = "Table"
TIERS = ("landing", "cleansed", "analytics")


@dataclass(frozen=True)
class Metric:
    """One metric of the namespace `SOCIALSENT_METRICS_NAMESPACE`.

    Attributes:
        unit: in CloudWatch's words; `None` is one of them. Rates are shares from 0 to 1.
        dimensions: names of all its dimensions.
        statistic: the one that gives the number back. An hour that is built again is sent again, so a sum would
            count it twice.
        stamped: `now`: the moment of sending, in every heartbeat; `event_hour`: the start of the hour that the
            number is about, sent once the hour is over and again if it changes; `event`: when it happened.
    """

    name: str
    meaning: str
    unit: Literal["Count", "None"]
    dimensions: tuple[str, ...]
    statistic: Literal["Maximum", "Average", "Sum"]
    stamped: Literal["now", "event_hour", "event"]


FRESHNESS_MINUTES = Metric(
    "FreshnessMinutes", "Minutes since the end of the newest event hour of the tier; 0 while it lasts.",
    "None", (TIER,), "Maximum", "now",
)  # fmt: skip
QUARANTINE_RATE = Metric(
    "QuarantineRate",
    f"Quarantined per record, on arrival and while cleansing, over the last {RECENT_HOURS} hours; none: not sent.",
    "None", (), "Maximum", "now",
)  # fmt: skip
OPEN_ALERTS = Metric("OpenAlerts", "Alerts that are open now.", "Count", (), "Maximum", "now")
UNSENT_MESSAGES = Metric(
    "UnsentMessages", "Messages of alerts that SNS has not taken yet.", "Count", (), "Maximum", "now"
)
STALE_HOURS = Metric(
    "StaleHours",
    f"Of the last {RECENT_HOURS} hours, those that hold other objects than what was built of them.",
    "Count", (), "Maximum", "now",
)  # fmt: skip
RUN_FAILURES = Metric("RunFailures", "Runs that failed.", "Count", (), "Sum", "event")
FAILED_CHECKS = Metric("FailedChecks", "Asset checks that did not pass.", "Count", (), "Sum", "event")

RECORDS = Metric("Records", "Records that came in.", "Count", (TIER,), "Maximum", "event_hour")
ROWS = Metric("Rows", "Rows written.", "Count", (TIER, TABLE), "Maximum", "event_hour")
DUPLICATES = Metric("Duplicates", "Redeliveries dropped.", "Count", (TIER,), "Maximum", "event_hour")
QUARANTINED = Metric("Quarantined", "Records set aside with a reason.", "Count", (TIER,), "Maximum", "event_hour")
MEAN_POLARITY = Metric(
    "MeanPolarity", "Mean polarity of the texts, -1 to 1.", "None", (TIER,), "Average", "event_hour"
)
SHARE_NEGATIVE = Metric("ShareNegative", "Share of negative texts.", "None", (TIER,), "Average", "event_hour")
LEXICON_DISAGREEMENT = Metric(
    "LexiconDisagreement", "Share of texts that lexicon and champion judge differently.",
    "None", (TIER,), "Average", "event_hour",
)  # fmt: skip

METRICS = (
    FRESHNESS_MINUTES,
    QUARANTINE_RATE,
    OPEN_ALERTS,
    UNSENT_MESSAGES,
    STALE_HOURS,
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
