"""Alerts of a lake and what was looked at last, in one object that is replaced whole: artifacts/alerts/state.json.

Messages are noted here before they are sent and marked afterwards, so a process that dies in between sends one
again, and none is lost.

Not here: what opens and closes an alert (domain/monitoring/alerts.py), who sends (resources/).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from socialsent_assets.domain.monitoring.alerts import Book
from socialsent_assets.lake.lake import Lake

STATE = "alerts/state.json"  # in the artifacts tier
RUNS_REMEMBERED = 200
_FIRST_LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Seen:
    """What was looked at; small for ever.

    Attributes:
        beat_at: the last heartbeat, RFC 3339.
        judged, judged_version: the newest hour that was judged, and which version of it.
        runs_until, runs: Dagster's runs that ended up to then were looked at; the ids of the last of them.
        sent_hours: hour -> version of it that CloudWatch has.
    """

    beat_at: str = ""
    judged: str = ""
    judged_version: str = ""
    runs_until: str = ""
    runs: tuple[str, ...] = ()
    sent_hours: Mapping[str, str] = field(default_factory=dict)

    def runs_since(self, now: datetime) -> datetime:
        """From when on runs are of interest: a day back at the first look."""
        return datetime.fromisoformat(self.runs_until) if self.runs_until else now - _FIRST_LOOK_BACK


@dataclass(frozen=True)
class AlertState:
    """Alerts, messages, and what was looked at."""

    book: Book = field(default_factory=Book)
    seen: Seen = field(default_factory=Seen)


def read_state(lake: Lake) -> AlertState | None:
    """The state as it was left; None if nobody has looked yet.

    One that cannot be read counts as none: looking again opens what is bad, which at worst repeats a message.
    """
    try:
        values = json.loads(lake.artifacts.read(STATE))
        seen = values["seen"]
        return AlertState(Book.from_json(values["book"]), Seen(**{**seen, "runs": tuple(seen["runs"])}))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        logging.getLogger(__name__).warning("%s cannot be read (%s): starting again", STATE, error)
        return None


def write_state(lake: Lake, state: AlertState) -> None:
    """Replace the state."""
    values = {"book": state.book.to_json(), "seen": asdict(state.seen)}
    lake.artifacts.write(STATE, json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode())
