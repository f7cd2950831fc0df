"""From findings to messages: an alert opens, is repeated while it stays open, and closes. Nothing is said twice.

An alert is known by kind and subject. A message is kept until somebody has taken it: it may be sent twice if the
process dies between sending and noting that, but it is never lost (at least once; its id tells a repeat).

Not here: the words (messages.py), keeping the book (lake/alert_book.py), sending (resources/notifications.py).
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

MESSAGES_KEPT = 300
PARTS_KEPT = 500
"""Bad parts that an alert remembers, the newest; a run over years has more hours than a message can name."""

# Without any verdict for so long, nobody can say that it is still bad.
_FORGOTTEN = {kind: timedelta(days=7) if kind in ("run", "check") else timedelta(days=2) for kind in get_args(Kind)}


@dataclass(frozen=True)
class Alert:
    """One open alert.

    Attributes:
        finding: the newest bad one.
        since: what the first bad finding was about; `opened_at` is when it was noticed.
        heard_at: when its rule last gave a verdict.
        said_at: when the last message about it was made; `reminders` of them were reminders.
        parts: what is bad, see `Finding.covers`.
    """

    finding: Finding
    since: datetime
    opened_at: datetime
    heard_at: datetime
    said_at: datetime
    reminders: int = 0
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """Something to tell; `sent_at` is None until somebody took it, `sent_to` says who.

    A quiet message is for the list alone: what opened and closed before anybody could have been told.
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
    quiet: bool = False
    sent_at: str | None = None
    sent_to: str | None = None


@dataclass(frozen=True)
class Book:
    """All open alerts by id, and the newest messages, oldest first."""

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    messages: Sequence[Message] = ()

    @property
    def unsent(self) -> list[Message]:
        """Messages that nobody has taken yet, oldest first."""
        return [message for message in self.messages if message.sent_at is None and not message.quiet]

    def sent(self, message_id: str, at: datetime, to: str) -> Book:
        """The book once somebody took the message."""
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
                "parts": list(alert.parts),
            }
            for alert_id, alert in self.alerts.items()
        }
        return {"alerts": alerts, "messages": [asdict(message) for message in self.messages]}

    @classmethod
    def from_json(cls, values: Any) -> Book:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            alerts = {
                str(alert_id): Alert(
                    finding=Finding.from_json(alert["finding"]),
                    reminders=int(alert["reminders"]),
                    parts=tuple(alert["parts"]),
                    **{name: datetime.fromisoformat(alert[name]) for name in _TIMES},
                )
                for alert_id, alert in values["alerts"].items()
            }
            return cls(alerts, tuple(Message(**message) for message in values["messages"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a book of alerts: {error}") from error


_TIMES = ("since", "opened_at", "heard_at", "said_at")


def advance(book: Book, findings: Iterable[Finding], now: datetime, ui_url: str | None = None) -> Book:
    """The book after these findings, in order, and whatever the time has made due."""
    alerts, said = dict(book.alerts), list[Message]()
    for finding in findings:
        alert = alerts.get(finding.alert_id)
        if finding.verdict == "bad":
            alerts[finding.alert_id], new = _bad(alert, finding, now, ui_url)
            said += new
        elif alert is not None:
            left = _left(alert, finding) if finding.verdict == "good" else alert.parts
            if left:
                alerts[finding.alert_id] = replace(alert, heard_at=now, parts=left)
            else:
                del alerts[finding.alert_id]
                said.append(_message("recovery", alert, replace(finding, detail=""), now, ui_url))
    for alert_id, alert in list(alerts.items()):
        if now - alert.heard_at >= _FORGOTTEN[alert.finding.kind]:
            del alerts[alert_id]
            why = f"there has been no verdict since {alert.heard_at:%Y-%m-%d %H:%M} UTC"
            said.append(_message("recovery", alert, alert.finding, now, ui_url, why))
        elif now - alert.said_at >= REMIND_AFTER * 2**alert.reminders:
            alerts[alert_id] = replace(alert, said_at=now, reminders=alert.reminders + 1)
            said.append(_message("reminder", alerts[alert_id], alert.finding, now, ui_url))
    return Book(alerts, _kept([*book.messages, *_hushed(said)]))


def _bad(alert: Alert | None, finding: Finding, now: datetime, ui_url: str | None) -> tuple[Alert, list[Message]]:
    if alert is not None:
        parts = tuple(dict.fromkeys([*alert.parts, *finding.covers]))[-PARTS_KEPT:]
        return replace(alert, finding=finding, heard_at=now, parts=parts), []
    opened = Alert(finding, finding.at, now, now, now, 0, finding.covers[-PARTS_KEPT:])
    return opened, [_message("open", opened, finding, now, ui_url)]


def _left(alert: Alert, finding: Finding) -> tuple[str, ...]:
    good = set(finding.covers)
    return tuple(part for part in alert.parts if part not in good)


def _message(
    stage: Stage, alert: Alert, finding: Finding, now: datetime, ui_url: str | None, why: str = ""
) -> Message:
    shown = "" if finding.verdict != "good" or finding.observed is None else messages.sentence(finding)
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
    )


def _hushed(said: Sequence[Message]) -> list[Message]:
    """What opened and closed in one go is over before anybody can act: it is listed and not sent."""
    opened = {message.alert_id for message in said if message.stage == "open"}
    closed = {message.alert_id for message in said if message.stage == "recovery"}
    return [replace(message, quiet=message.quiet or message.alert_id in opened & closed) for message in said]


def _kept(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The newest; what nobody has taken goes last, but it goes: SNS may be away for a month."""
    spare = len(messages) - MESSAGES_KEPT
    if spare <= 0:
        return tuple(messages)
    done = [message.id for message in messages if message.sent_at is not None or message.quiet]
    dropped = set(done[:spare])
    kept = [message for message in messages if message.id not in dropped]
    return tuple(kept[-MESSAGES_KEPT:])
