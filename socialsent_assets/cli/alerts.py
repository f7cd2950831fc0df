"""`socialsent alerts`: open alerts, and the messages that were sent.

Not here: the rules (domain/monitoring/), the sensor (defs/monitoring.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from socialsent_assets.domain.monitoring.alerts import Alert, Message
    from socialsent_assets.monitoring.state import MonitoringState

_STALE_AFTER = timedelta(minutes=30)
_AGO = re.compile(r"(\d{1,4})([hd])")
_RANK = ("critical", "warning", "notice")


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command(name="alerts")(alerts)


def alerts(
    everything: Annotated[bool, typer.Option("--all", help="Include closed alerts and all stored messages.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Include messages since then: 24h, 7d or 2026-11-22T09:00Z.")
    ] = None,
    output: Annotated[str, typer.Option("--format", metavar="table|json", help="Output format.")] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Evaluate now, as the sensor does, and send messages.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if an alert is open.")] = False,
) -> int:
    """List open alerts, the most severe first, with observed and expected values and the steps to take.

    The alert sensor of `socialsent ui`, or of a deployed Dagster, evaluates every minute; --check works without it.

    Try:

        socialsent alerts

        socialsent alerts --since 7d

        socialsent alerts --check --exit-code

        socialsent alerts --all --format json
    """
    from socialsent_assets.monitoring.state import read_state

    if output not in ("table", "json"):
        raise UserError(f"--format {output} is not supported; write table or json")
    now = datetime.now(UTC)
    settings = Settings.from_env()
    lake = Lake.of(settings)
    start = _start(since, now)
    if check:
        _evaluate(settings, lake, now)
    state = read_state(lake)
    messages = [] if state is None or not (everything or since) else _from(state.alerts.messages, start)
    if output == "json":
        typer.echo(json.dumps(_as_json(state, messages, now), indent=1))
    else:
        _show(Console(), state, messages, now)
    return 1 if exit_code and state is not None and state.alerts.alerts else 0


def _evaluate(settings: Settings, lake: Lake, now: datetime) -> None:
    """One tick without Dagster's runs, which only the sensor evaluates."""
    from socialsent_assets.resources.build import alerting_for

    resources = alerting_for(settings)
    resources["alerting"].tick(
        lake,
        lambda _: [],
        resources["notifications"],
        resources["metrics"],
        now,
        lambda line: typer.echo(line, err=True),
    )


def _start(since: str | None, now: datetime) -> datetime | None:
    if since is None:
        return None
    ago = _AGO.fullmatch(since)
    if ago is not None:
        number = int(ago[1])
        return now - (timedelta(hours=number) if ago[2] == "h" else timedelta(days=number))
    try:
        typed = datetime.fromisoformat(since)
    except ValueError:
        raise UserError(f"--since {since} is not a time; write 24h, 7d or 2026-11-22T09:00Z") from None
    return typed if typed.tzinfo is not None else typed.replace(tzinfo=UTC)


def _from(messages: Sequence[Message], start: datetime | None) -> list[Message]:
    return [m for m in messages if start is None or datetime.fromisoformat(m.made_at) >= start]


def _ranked(state: MonitoringState) -> list[tuple[str, Alert]]:
    return sorted(
        state.alerts.alerts.items(), key=lambda item: (_RANK.index(item[1].finding.severity), item[1].since)
    )


def _as_json(state: MonitoringState | None, messages: Sequence[Message], now: datetime) -> dict[str, Any]:
    from socialsent_assets.domain.monitoring.messages import sentence
    from socialsent_assets.domain.monitoring.runbook import runbook_steps

    if state is None:
        return {"evaluated_at": None, "open": [], "unsent": 0, "messages": []}
    return {
        "evaluated_at": state.checkpoint.last_heartbeat_at or None,
        "open": [
            {
                "id": alert_id,
                "severity": alert.finding.severity,
                "since": alert.since.isoformat(),
                "age_seconds": round((now - alert.since).total_seconds()),
                "reminders": alert.reminders,
                "summary": sentence(alert.finding),
                "runbook_steps": runbook_steps(alert.finding),
                "finding": alert.finding.to_json(),
            }
            for alert_id, alert in _ranked(state)
        ],
        "unsent": len(state.alerts.unsent),
        "messages": [asdict(message) for message in messages],
    }


def _show(console: Console, state: MonitoringState | None, messages: Sequence[Message], now: datetime) -> None:
    from socialsent_assets.domain.monitoring.messages import age, sentence
    from socialsent_assets.domain.monitoring.runbook import runbook_steps

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style), soft_wrap=True)  # topic names are not markup

    if state is None:
        line("Not evaluated yet: socialsent ui runs the alert sensor, socialsent alerts --check evaluates once.")
        return
    for _, alert in _ranked(state):
        style = {"critical": "bold red", "warning": "bold yellow", "notice": "bold cyan"}[alert.finding.severity]
        line(f"{alert.finding.severity}, open for {age(now, alert.since)}: {sentence(alert.finding)}", style)
        for step in runbook_steps(alert.finding):
            line(f"    {step}")
    if not state.alerts.alerts:
        line("No alert is open.")
    for message in messages:
        delivery = (
            "suppressed" if message.suppressed else f"sent to {message.sent_to}" if message.sent_at else "pending"
        )
        line(f"{message.made_at[:16].replace('T', ' ')}  {message.title}  ({delivery})")
    if state.alerts.unsent:
        line(f"{len(state.alerts.unsent)} messages are pending; the sensor tries again every minute.", "yellow")
    evaluated = (
        datetime.fromisoformat(state.checkpoint.last_heartbeat_at) if state.checkpoint.last_heartbeat_at else None
    )
    if evaluated is None or now - evaluated > _STALE_AFTER:
        ago = "never" if evaluated is None else f"{age(now, evaluated)} ago"
        line(f"Last evaluated {ago}: is the alert sensor running? socialsent alerts --check evaluates now.", "yellow")
