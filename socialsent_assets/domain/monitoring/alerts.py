"""Alert lifecycle: open, remind, recover. Each state change produces one message.

An alert is identified by kind and subject. Delivery is at least once: a crash between sending and recording can
repeat a message, never lose one. The message id identifies a repeat.

Not here: wording (messages.py), storage of the state (monitoring/state.py), delivery (resources/notifications.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, get_args

from socialsent_assets.domain.monitoring import messages
from socialsent_assets.domain.monitoring.findings import SEVERITY, Finding, Kind
from socialsent_assets.domain.monitoring.messages import Stage

REMIND_AFTER = timedelta(hours=12)
"""First reminder; every further one after twice the time of the one before."""

MAX_MESSAGES = 300
MAX_PARTITIONS = 500
"""Affected partitions kept per alert, newest first; a run over years has more hours than a message can list."""

# Without an evaluation for this long, an alert expires: its condition is unknown.
EXPIRE_AFTER: Mapping[Kind, timedelta] = {
    kind: timedelta(days=7) if kind in ("run", "check") else timedelta(days=2) for kind in get_args(Kind)
}


@dataclass(frozen=True)
class Alert:
    """One open alert.

    Attributes:
        finding: the latest breach.
        since: `at` of the first breach; `opened_at` is when it was detected.
        last_evaluated_at: when the rule last ran.
        notified_at: when the last message was created; `reminders` counts the reminders.
        partitions: affected partitions, see `Finding.partitions`.
    """

    finding: Finding
    since: datetime
    opened_at: datetime
    last_evaluated_at: datetime
    notified_at: datetime
    reminders: int = 0
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """A notification. `sent_at` is None until a notifier accepts it; `sent_to` names the notifier.

    A suppressed message is listed and not sent: its alert opened and closed within one evaluation. `low` to `high` is
    the expected range of its finding; None where nothing is measured, and in messages from before it was kept.
    """

    id: str
    alert_id: str
    stage: Stage
    kind: str
    subject: str
    severity: str
    span: str
    since: str
    made_at: str
    title: str
    text: str
    sms: str
    suppressed: bool = False
    sent_at: str | None = None
    sent_to: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class AlertState:
    """Open alerts by id, and recent messages, oldest first."""

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    messages: Sequence[Message] = ()

    @property
    def unsent(self) -> list[Message]:
        """Messages that no notifier has accepted yet, oldest first."""
        return [message for message in self.messages if message.sent_at is None and not message.suppressed]

    def sent(self, message_id: str, at: datetime, to: str) -> AlertState:
        """The state with one message marked as sent."""
        done = [
            replace(message, sent_at=at.isoformat(), sent_to=to) if message.id == message_id else message
            for message in self.messages
        ]
        return replace(self, messages=done)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        alerts = {
            alert_id: {
                **{name: getattr(alert, name).isoformat() for name in _TIMES},
                "finding": alert.finding.to_json(),
                "reminders": alert.reminders,
                "partitions": list(alert.partitions),
            }
            for alert_id, alert in self.alerts.items()
        }
        return {"alerts": alerts, "messages": [asdict(message) for message in self.messages]}

    @classmethod
    def from_json(cls, values: Any) -> AlertState:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            alerts = {
                str(alert_id): Alert(
                    finding=Finding.from_json(alert["finding"]),
                    reminders=int(alert["reminders"]),
                    partitions=tuple(alert["partitions"]),
                    **{name: datetime.fromisoformat(alert[name]) for name in _TIMES},
                )
                for alert_id, alert in values["alerts"].items()
            }
            return cls(alerts, tuple(Message(**message) for message in values["messages"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a state of alerts: {error}") from error


_TIMES = ("since", "opened_at", "last_evaluated_at", "notified_at")


def apply_findings(
    state: AlertState, findings: Iterable[Finding], now: datetime, ui_url: str | None = None
) -> AlertState:
    """Apply findings in order, then send due reminders and expire alerts that are no longer evaluated."""
    alerts, created = dict(state.alerts), list[Message]()
    for finding in findings:
        alert = alerts.get(finding.alert_id)
        if finding.verdict == "breach":
            alerts[finding.alert_id], new = _open_or_update(alert, finding, now, ui_url)
            created += new
        elif alert is not None:
            left = _still_affected(alert, finding) if finding.verdict == "ok" else alert.partitions
            if left:
                alerts[finding.alert_id] = replace(alert, last_evaluated_at=now, partitions=left)
            else:
                del alerts[finding.alert_id]
                created.append(_message("recovery", alert, replace(finding, detail=""), now, ui_url))
    for alert_id, alert in list(alerts.items()):
        if now - alert.last_evaluated_at >= EXPIRE_AFTER[alert.finding.kind]:
            del alerts[alert_id]
            why = f"not evaluated since {alert.last_evaluated_at:%Y-%m-%d %H:%M} UTC"
            created.append(_message("recovery", alert, alert.finding, now, ui_url, why))
        elif now - alert.notified_at >= REMIND_AFTER * 2**alert.reminders:
            alerts[alert_id] = replace(alert, notified_at=now, reminders=alert.reminders + 1)
            created.append(_message("reminder", alerts[alert_id], alert.finding, now, ui_url))
    return AlertState(alerts, _kept([*state.messages, *_suppress_transient(created)]))


def _open_or_update(
    alert: Alert | None, finding: Finding, now: datetime, ui_url: str | None
) -> tuple[Alert, list[Message]]:
    if alert is not None:
        partitions = tuple(dict.fromkeys([*alert.partitions, *finding.partitions]))[-MAX_PARTITIONS:]
        return replace(alert, finding=finding, last_evaluated_at=now, partitions=partitions), []
    opened = Alert(finding, finding.at, now, now, now, 0, finding.partitions[-MAX_PARTITIONS:])
    return opened, [_message("open", opened, finding, now, ui_url)]


def _still_affected(alert: Alert, finding: Finding) -> tuple[str, ...]:
    recovered = set(finding.partitions)
    return tuple(partition for partition in alert.partitions if partition not in recovered)


def _message(
    stage: Stage, alert: Alert, finding: Finding, now: datetime, ui_url: str | None, why: str = ""
) -> Message:
    shown = "" if finding.verdict != "ok" or finding.observed is None else messages.sentence(finding)
    named = alert.finding if stage == "recovery" else finding
    return Message(
        id=f"{alert.finding.alert_id}@{alert.opened_at.isoformat()}#{stage}{alert.reminders or ''}",
        alert_id=alert.finding.alert_id,
        stage=stage,
        kind=named.kind,
        subject=named.subject,
        severity=SEVERITY[named.kind],
        span=named.span,
        since=alert.since.isoformat(),
        made_at=now.isoformat(),
        title=messages.title(stage, named),
        text=messages.text(stage, named, alert.since, now, ui_url, why or shown),
        sms=messages.sms(stage, named, alert.since),
        low=named.low,
        high=named.high,
    )


def _suppress_transient(created: Sequence[Message]) -> list[Message]:
    """Suppress messages of alerts that opened and closed within one evaluation: there is nothing left to act on."""
    opened = {message.alert_id for message in created if message.stage == "open"}
    closed = {message.alert_id for message in created if message.stage == "recovery"}
    transient = opened & closed
    return [replace(message, suppressed=message.suppressed or message.alert_id in transient) for message in created]


def _kept(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The newest messages. Unsent ones are dropped last, but they are dropped: SNS may be down for a month."""
    spare = len(messages) - MAX_MESSAGES
    if spare <= 0:
        return tuple(messages)
    done = [message.id for message in messages if message.sent_at is not None or message.suppressed]
    dropped = set(done[:spare])
    kept = [message for message in messages if message.id not in dropped]
    return tuple(kept[-MAX_MESSAGES:])
