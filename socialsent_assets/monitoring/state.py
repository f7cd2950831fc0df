"""Stored state of monitoring: alerts and checkpoint in one object that is replaced as a whole.

Messages are recorded before they are sent and marked afterwards: a crash in between repeats one and loses none.

Not here: what opens and closes an alert (domain/monitoring/alerts.py), delivery (resources/).
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field

from socialsent_assets.domain.monitoring.alerts import AlertState
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.lake.lake import Lake

STATE = "alerts/state.json"  # in the artifacts tier
MAX_RUN_IDS = 200


@dataclass(frozen=True)
class MonitoringState:
    """Alerts with their messages, and the evaluation checkpoint."""

    alerts: AlertState = field(default_factory=AlertState)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)


def read_state(lake: Lake) -> MonitoringState | None:
    """The stored state; None before the first evaluation.

    An unreadable state counts as none: the next evaluation opens what is in breach, which at worst repeats a message.
    """
    try:
        values = json.loads(lake.artifacts.read(STATE))
        checkpoint = values["checkpoint"]
        return MonitoringState(
            AlertState.from_json(values["alerts"]),
            Checkpoint(**{**checkpoint, "run_ids": tuple(checkpoint["run_ids"])}),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        logging.getLogger(__name__).warning("%s cannot be read (%s): starting again", STATE, error)
        return None


def write_state(lake: Lake, state: MonitoringState) -> None:
    """Replace the stored state."""
    values = {"alerts": state.alerts.to_json(), "checkpoint": asdict(state.checkpoint)}
    lake.artifacts.write(STATE, json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode())
