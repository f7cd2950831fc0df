"""Evaluation checkpoint: the position up to which runs and hours were evaluated and metrics published.

Not here: storage (monitoring/state.py), the decision that advances it (evaluation.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_FIRST_RUN_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Checkpoint:
    """Bounded in size.

    Attributes:
        last_heartbeat_at: RFC 3339; empty before the first heartbeat.
        last_evaluated_hour, last_evaluated_version: key of the newest evaluated hour, and its version.
        runs_cursor: end time of the newest run that was evaluated, RFC 3339.
        run_ids: ids of the latest runs evaluated; the query for new runs overlaps.
        published_hours: hour key -> version of the hour's metrics in CloudWatch.
    """

    last_heartbeat_at: str = ""
    last_evaluated_hour: str = ""
    last_evaluated_version: str = ""
    runs_cursor: str = ""
    run_ids: tuple[str, ...] = ()
    published_hours: Mapping[str, str] = field(default_factory=dict)

    def runs_since(self, now: datetime) -> datetime:
        """Start of the query for ended runs; the first evaluation covers one day."""
        return datetime.fromisoformat(self.runs_cursor) if self.runs_cursor else now - _FIRST_RUN_WINDOW
