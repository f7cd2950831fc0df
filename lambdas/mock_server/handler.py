"""Lambda handler of the minute's schedule: puts the mock network's records of the last minute on a stream.

It keeps nothing between two calls: the records of a minute follow from the settings and the event's time, and
a call that is repeated puts the same records again, which the pipeline drops as duplicates.

Settings: `STREAM_NAME`; `EVENTS_PER_TICK` (records a minute, default 60); `SEED` (default 7); `FEED_START` (first
minute of the feed, default `SOCIALSENT_START`). The endpoint and credentials are boto3's own (`AWS_ENDPOINT_URL` …).
A scheduled event may carry a plan in its `detail`: `{"plan": {"events", "hours", "until"}, "minutes"}` puts the
records of so many minutes of a feed with an end.

Not here: the records (socialsent_assets/simulator/), batches and retries (delivery.py), logs and metrics
as CloudWatch wants them (lambdas/telemetry.py).
"""

from __future__ import annotations

import functools
import logging
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdas.mock_server.delivery import deliver
from lambdas.telemetry import telemetry_for
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.events.start import start_hour
from socialsent_assets.simulator.feed import (
    FeedRecord,
    minute_of_feed,
    planned_world,
    steady_world,
)
from socialsent_assets.simulator.schedule import minute_at
from socialsent_assets.simulator.world import World

log = logging.getLogger(__name__)
telemetry = telemetry_for(ingest_metrics.MOCK_SERVER)


@dataclass(frozen=True)
class FeedSettings:
    """Settings of the mock server; `start` is aware, `events_per_tick` a number of records a minute."""

    stream: str
    events_per_tick: int
    seed: int
    start: datetime

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> FeedSettings:
        """Raises KeyError without `STREAM_NAME`, ValueError for a value that cannot be used."""
        events = int(environ.get("EVENTS_PER_TICK") or 60)
        if events < 1:
            raise ValueError(f"EVENTS_PER_TICK={events}: at least one record a minute is needed")
        return cls(
            stream=environ["STREAM_NAME"],
            events_per_tick=events,
            seed=int(environ.get("SEED") or 7),
            start=_time(environ["FEED_START"]) if environ.get("FEED_START") else start_hour(environ),
        )


@telemetry.observe
def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, int]:  # noqa: ARG001
    """Put the records that are due; answers `{"records": …, "retried": …}`.

    Raises:
        KeyError, ValueError: a setting or the event's time is missing or cannot be used.
        DeliveryError: the stream did not take all records.
    """
    answer = tick(event, FeedSettings.from_env(os.environ), _kinesis())
    telemetry.count(ingest_metrics.RECORDS_SENT, answer["records"])
    telemetry.count(ingest_metrics.RECORDS_RETRIED, answer["retried"])
    return answer


def tick(event: Mapping[str, Any], settings: FeedSettings, kinesis: Any) -> dict[str, int]:
    """`lambda_handler` with its settings and boto3 client handed in."""
    jitter = random.Random(f"{settings.seed}/{event['time']}")  # noqa: S311 - spreads retries, guards nothing
    done = deliver(due(event, settings), settings.stream, kinesis, jitter)
    log.info("%s: %d records, %d of them after a retry", settings.stream, done.records, done.retried)
    return {"records": done.records, "retried": done.retried}


def due(event: Mapping[str, Any], settings: FeedSettings) -> Iterator[FeedRecord]:
    """The records of the minutes that end at the event's time (its seconds are dropped)."""
    detail = event.get("detail") or {}
    end = minute_at(_time(event["time"]))
    world = _world(detail, settings)
    for minute in range(end - int(detail.get("minutes", 1)), end):
        yield from minute_of_feed(world, minute)


def _world(detail: Mapping[str, Any], settings: FeedSettings) -> World:
    plan = detail.get("plan")
    if plan is None:
        return steady_world(settings.seed, settings.start, settings.events_per_tick)
    return planned_world(settings.seed, _time(plan["until"]), int(plan["hours"]), int(plan["events"]))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} is a time without an offset; write it like 2026-11-22T09:00:00Z")
    return time.astimezone(UTC)


@functools.cache  # making a client costs more than a tick
def _kinesis() -> Any:
    import boto3
    from botocore.config import Config

    # boto3 retries calls that fail as a whole; records that fail within a call are delivery.py's.
    return boto3.client(
        "kinesis",
        config=Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5}),
    )


if telemetry.on_lambda:
    _kinesis()  # while Lambda initialises, the CPU is not throttled to the function's memory
