"""`socialsent alerts`: what is wrong now, since when, and what was told to whom.

Not here: what is an alert (domain/monitoring/), the sensor that looks by itself (defs/monitoring.py).
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
    from socialsent_assets.monitoring.state import AlertState

_SLEEPING_AFTER = timedelta(minutes=30)
_AGO = re.compile(r"(\d{1,4})([hd])")
_RANK = ("critical", "warning", "notice")


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command(name="alerts")(alerts)


def alerts(
    everything: Annotated[
        bool, typer.Option("--all", help="Closed alerts and every message that is kept, too.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Messages from then on: 24h, 7d or 2026-11-22T09:00Z.")
    ] = None,
    output: Annotated[str, typer.Option("--format", metavar="table|json", help="What to print.")] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Look at the lake now, as the sensor does; tells and sends.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if an alert is open.")] = False,
) -> int:
    """Open alerts, the most severe first: what, since when, how much against what is expected, what to do.

    The alert sensor of `socialsent ui`, or of a deployed Dagster, looks every minute; --check looks without it.

    Try:

        socialsent alerts

        socialsent alerts --since 7d

        socialsent alerts --check --exit-code

        socialsent alerts --all --format json
    """
    from socialsent_assets.monitoring.state import read_state

    if output not in ("table", "json"):
        raise UserError(f"--format {output} is not known; write table or json")
    now = datetime.now(UTC)
    settings = Settings.from_env()
    lake = Lake.of(settings)
    start = _start(since, now)
    if check:
        _look(settings, lake, now)
    state = read_state(lake)
    messages = [] if state is None or not (everything or since) else _from(state.book.messages, start)
    if output == "json":
        typer.echo(json.dumps(_as_json(state, messages, now), indent=1))
    else:
        _show(Console(), state, messages, now)
    return 1 if exit_code and state is not None and state.book.alerts else 0


def _look(settings: Settings, lake: Lake, now: datetime) -> None:
    """A tick without Dagster's runs: those the sensor looks at, where there is one."""
    from socialsent_assets.resources.build import alerting_for

    bound = alerting_for(settings)
    bound["alert_desk"].tick(
        lake, lambda _: [], bound["notifications"], bound["metrics"], now, lambda line: typer.echo(line, err=True)
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
        raise UserError(f"--since {since} is no time; write 24h, 7d or 2026-11-22T09:00Z") from None
    return typed if typed.tzinfo is not None else typed.replace(tzinfo=UTC)


def _from(messages: Sequence[Message], start: datetime | None) -> list[Message]:
    return [m for m in messages if start is None or datetime.fromisoformat(m.made_at) >= start]


def _ranked(state: AlertState) -> list[tuple[str, Alert]]:
    return sorted(state.book.alerts.items(), key=lambda item: (_RANK.index(item[1].finding.severity), item[1].since))


def _as_json(state: AlertState | None, messages: Sequence[Message], now: datetime) -> dict[str, Any]:
    from socialsent_assets.domain.monitoring.messages import sentence
    from socialsent_assets.domain.monitoring.runbook import what_to_do

    if state is None:
        return {"looked_at": None, "open": [], "unsent": 0, "messages": []}
    return {
        "looked_at": state.seen.beat_at or None,
        "open": [
            {
                "id": alert_id,
                "severity": alert.finding.severity,
                "since": alert.since.isoformat(),
                "age_seconds": round((now - alert.since).total_seconds()),
                "reminders": alert.reminders,
                "says": sentence(alert.finding),
                "what_to_do": what_to_do(alert.finding),
                "finding": alert.finding.to_json(),
            }
            for alert_id, alert in _ranked(state)
        ],
        "unsent": len(state.book.unsent),
        "messages": [asdict(message) for message in messages],
    }


def _show(console: Console, state: AlertState | None, messages: Sequence[Message], now: datetime) -> None:
    from socialsent_assets.domain.monitoring.messages import age, sentence
    from socialsent_assets.domain.monitoring.runbook import what_to_do

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style), soft_wrap=True)  # names of topics are no markup

    if state is None:
        line("Nobody has looked yet: socialsent ui runs the alert sensor, socialsent alerts --check looks once.")
        return
    for _, alert in _ranked(state):
        style = {"critical": "bold red", "warning": "bold yellow", "notice": "bold cyan"}[alert.finding.severity]
        line(f"{alert.finding.severity}, open for {age(now, alert.since)}: {sentence(alert.finding)}", style)
        for step in what_to_do(alert.finding):
            line(f"    {step}")
    if not state.book.alerts:
        line("No alert is open.")
    for message in messages:
        taken = "listed only" if message.quiet else f"told {message.sent_to}" if message.sent_at else "not sent yet"
        line(f"{message.made_at[:16].replace('T', ' ')}  {message.title}  ({taken})")
    if state.book.unsent:
        line(f"{len(state.book.unsent)} messages wait to be sent; the sensor tries again every minute.", "yellow")
    looked = datetime.fromisoformat(state.seen.beat_at) if state.seen.beat_at else None
    if looked is None or now - looked > _SLEEPING_AFTER:
        ago = "never" if looked is None else f"{age(now, looked)} ago"
        line(f"The last look was {ago}: is the alert sensor running? socialsent alerts --check looks now.", "yellow")
