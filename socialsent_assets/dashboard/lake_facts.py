"""Data of the page from the lake rather than the marts: alerts, models, reasons of quarantine.

Not here: the rules of alerts (domain/monitoring/), training and registry, numbers of the marts (views.py).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from socialsent_assets.domain.monitoring.findings import Kind
from socialsent_assets.domain.monitoring.messages import headline
from socialsent_assets.insights.ingest_stats import Arrivals, read_arrivals
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.watched_words import read_watched
from socialsent_assets.ml.summary import ModelStanding, models_standing
from socialsent_assets.monitoring.state import read_state

MESSAGES_SHOWN = 60
ABOUT_A_TOPIC: Kind = "sentiment"
"""Kind of alert whose subject is a topic."""


@dataclass(frozen=True)
class LakeFacts:
    """Plain values for the page.

    Attributes:
        alerts: newest first; `open` is true while the alert lasts, times are ISO 8601.
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
    return [
        {
            "open": message.alert_id in state.alerts.alerts,
            **{name: getattr(message, name) for name in ("kind", "subject", "severity", "span", "since", "made_at")},
            "topic": message.subject if message.kind == ABOUT_A_TOPIC else None,
            "title": headline(message.title),
            "text": message.text,
        }
        for message in shown
    ]


def _models(lake: Lake) -> list[dict[str, Any]]:
    return [_model(model) for model in models_standing(lake)]


def _model(model: ModelStanding) -> dict[str, Any]:
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
