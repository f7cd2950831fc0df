"""Alerting as a Dagster resource: one tick at a time.

Not here: the tick (monitoring/tick.py), when one is due (defs/monitoring.py), the rules (domain/monitoring/).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.file_lock import exclusive
from socialsent_assets.monitoring.delivery import MetricsSink, Notifier
from socialsent_assets.monitoring.tick import EndedRun, Log, TickResult, tick


class AlertingService(dg.ConfigurableResource[None]):
    """Runs ticks under a lock: the sensor and `socialsent alerts --check` can overlap.

    Attributes:
        locks: folder of the lock file.
        deletion_minutes: how long a deletion may take from its landing to the marts.
        ui_url: base address of the Dagster UI for links in messages, or None.
    """

    locks: str
    ui_url: str | None = None
    deletion_minutes: int = 120

    def tick(
        self,
        lake: Lake,
        ended_runs: Callable[[Checkpoint], Sequence[EndedRun]],
        notifier: Notifier,
        sink: MetricsSink,
        now: datetime,
        log: Log,
    ) -> TickResult:
        """See `monitoring.tick.tick`.

        Raises:
            BusyError: another process is in a tick.
        """
        with exclusive(Path(self.locks) / "alerts.lock"):
            return tick(
                lake, ended_runs, notifier, sink, now, log, self.ui_url, timedelta(minutes=self.deletion_minutes)
            )
