"""Metrics of the Lambdas: names, dimensions and units in CloudWatch.

Senders, alarms and dashboards take the names from here. In CloudWatch a metric is its
name together with exactly its dimensions, so an alarm has to give all of them. Every count is sent with every
invocation, zeros included: no data means no invocation.

Not here: sending them (lambdas/telemetry.py), the pipeline's own metrics (domain/monitoring/metrics_catalog.py).
"""

from __future__ import annotations

NAMESPACE = "SocialSent"
"""CloudWatch namespace, unless `POWERTOOLS_METRICS_NAMESPACE` names another."""

UNIT = "Count"

SERVICE = "service"
"""Dimension of every metric here: which Lambda."""
REASON = "reason"
"""Second dimension of `RECORDS_QUARANTINED` where it is counted by reason, one of `rejection.REASONS`."""

CONSUMER = "kinesis-consumer"
MOCK_SERVER = "mock-server"

# Of the consumer: consumed = landed + duplicate + quarantined, over the batches that were written.
RECORDS_CONSUMED = "RecordsConsumed"
RECORDS_LANDED = "RecordsLanded"
RECORDS_DUPLICATE = "RecordsDuplicate"
RECORDS_QUARANTINED = "RecordsQuarantined"
"""Sent in total with the dimension `service`, and per reason that occurred with `service` and `reason`."""
BATCHES_FAILED = "BatchesFailed"
"""Batches that could not be written and are to be sent again."""

# Of the mock server.
RECORDS_SENT = "RecordsSent"
RECORDS_RETRIED = "RecordsRetried"
"""How often the stream did not take a record at first."""

METRICS_OF = {
    CONSUMER: (RECORDS_CONSUMED, RECORDS_LANDED, RECORDS_DUPLICATE, RECORDS_QUARANTINED, BATCHES_FAILED),
    MOCK_SERVER: (RECORDS_SENT, RECORDS_RETRIED),
}
