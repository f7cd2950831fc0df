"""Retraining schedule (daily) and drift sensor.

Either makes candidates; none of them is promoted without a person.

Not here: how drift is measured (ml/drift_check.py), training (assets.py), the warning on each run
(defs/checks/contract.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from socialsent_assets.defs.jobs import train
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.ml.drift_check import no_drift
from socialsent_assets.resources.lake import LakeResource

WINDOW = timedelta(hours=24)
PAUSE = timedelta(hours=24)

daily = dg.ScheduleDefinition(
    name="retrain_daily",
    job=train,
    cron_schedule="17 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Daily training of new candidates on the whole lake.",
)


@dg.sensor(
    job=train,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=900,
    description="Requests a training when recent texts drift from the champion's, at most once in 24 hours.",
)
def drift_sensor(context: dg.SensorEvaluationContext, lake: LakeResource) -> dg.SensorResult:
    """Requests a training when the last day's texts differ from the champion's, at most once in 24 hours.

    The cursor is the time of the last request: drift stays until a candidate is promoted.
    """
    now = datetime.now(UTC)
    if context.cursor and now - datetime.fromisoformat(context.cursor) < PAUSE:
        return dg.SensorResult(skip_reason=f"a training was requested at {context.cursor}; the next one a day later")
    hours = hours_between(EventHour.of(now - WINDOW), EventHour.of(now))
    try:
        verdict = no_drift(lake.open(), list(hours))
    except UserError as error:  # a damaged champion: scoring fails with a clear error, a sensor need not fail too
        return dg.SensorResult(skip_reason=f"not measured: {error}")
    if verdict.passed:
        return dg.SensorResult(skip_reason=verdict.detail)
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=now.isoformat())
