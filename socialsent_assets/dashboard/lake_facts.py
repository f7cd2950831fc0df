"""Data of the page from the lake rather than the marts: alerts, models, reasons of quarantine.

Not here: the rules of alerts (domain/monitoring/), training and registry, numbers of the marts (views.py).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from socialsent_assets.domain.events.layout import EventHour, parse_hour_range
from socialsent_assets.domain.monitoring.alerts import Alert, Message
from socialsent_assets.domain.monitoring.findings import Finding, Kind
from socialsent_assets.domain.monitoring.messages import headline
from socialsent_assets.domain.monitoring.proportions import ALL_TEXTS
from socialsent_assets.insights.ingest_stats import Arrivals, read_arrivals
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.watched_words import read_watched
from socialsent_assets.ml.summary import ModelSummary, model_summaries
from socialsent_assets.monitoring.state import read_state

MESSAGES_SHOWN = 60
ABOUT_A_TOPIC: Kind = "sentiment"
"""Kind of alert whose subject is a topic."""


@dataclass(frozen=True)
class LakeFacts:
    """Plain values for the page.

    Attributes:
        alerts: newest first; `open` is true while the alert lasts, times are ISO 8601; `expected_share` is the range
            in which its rule expected the share of negative texts, `from` and `to` the hours of the breach, or None.
        models: champions first, each with metrics and baselines from its card.
        arrivals: None when landing cannot be read.
        watched: words that the numbers are counted by.
    """

    alerts: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    arrivals: Arrivals | None = None
    watched: tuple[str, ...] = ()


def read_lake_facts(lake: Lake) -> LakeFacts:
    """Everything; a part that cannot be read is left out and logged, for the other parts are of use without it."""
    found: dict[str, Any] = {}
    for name, read in (
        ("alerts", _alerts),
        ("models", _models),
        ("arrivals", read_arrivals),
        ("watched", watched_words),
    ):
        try:
            found[name] = read(lake)
        except Exception:  # whatever is wrong with one object of the lake
            logging.getLogger(__name__).warning("%s cannot be read for the dashboard", name, exc_info=True)
    return LakeFacts(**found)


def watched_words(lake: Lake) -> tuple[str, ...]:
    """The watched words of a lake."""
    return read_watched(lake.artifacts)


def _alerts(lake: Lake) -> list[dict[str, Any]]:
    state = read_state(lake)
    if state is None:
        return []
    newest = {}
    for message in state.alerts.messages:
        newest[message.alert_id] = message
    shown = sorted(newest.values(), key=lambda message: message.made_at, reverse=True)[:MESSAGES_SHOWN]
    return [_alert(message, state.alerts.alerts.get(message.alert_id)) for message in shown]


def _alert(message: Message, alert: Alert | None) -> dict[str, Any]:
    """The newest message of an alert; `alert` is None when it is over."""
    is_of_topic = message.kind == ABOUT_A_TOPIC and message.subject != ALL_TEXTS
    return {
        "open": alert is not None,
        **{name: getattr(message, name) for name in ("kind", "subject", "severity", "span", "since", "made_at")},
        "topic": message.subject if is_of_topic else None,
        "title": headline(message.title),
        "text": message.text,
        "expected_share": _expected_share(alert.finding if alert else message, datetime.fromisoformat(message.since)),
    }


def _expected_share(found: Finding | Message, since: datetime) -> dict[str, Any] | None:
    if found.kind != ABOUT_A_TOPIC or found.low is None or found.high is None:
        return None
    first, last = parse_hour_range(found.span) if found.span else (EventHour.of(since),) * 2
    start = min(first.start, since)
    return {"from": start.isoformat(), "to": last.end.isoformat(), "low": found.low, "high": found.high}


def _models(lake: Lake) -> list[dict[str, Any]]:
    return [_model(model) for model in model_summaries(lake)]


def _model(model: ModelSummary) -> dict[str, Any]:
    return {
        "name": model.name,
        "digest": model.digest[:12],
        "role": model.role,
        "created_at": model.created_at,
        "label_source": model.label_source,
        "headline": model.headline,
        "metrics": dict(model.metrics),
        "baselines": dict(model.baselines),
    }
