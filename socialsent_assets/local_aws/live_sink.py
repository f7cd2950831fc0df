"""Sinks of a followed network's events: embedded Kinesis and the consumer on this machine, or a real stream.

Both use the producer's own delivery (limits, repeats of what a stream did not take).

Not here: networks (ingest/live/), the simulated feed (feed.py).
"""

from __future__ import annotations

import itertools
import random
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from lambdas.kinesis_consumer.handler import consume
from lambdas.kinesis_consumer.sink import store_at
from lambdas.mock_server.delivery import deliver
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from socialsent_assets.local_aws.feed import FeedError, quiet_server
from socialsent_assets.local_aws.server import EmbeddedAws
from socialsent_assets.simulator.feed import FeedRecord

_MAPPING = MappingOptions(batch_size=10_000, bisect_batch_on_function_error=False, maximum_retry_attempts=2)
_JITTER = random.Random(0)  # noqa: S311 - spreads retries


class EmbeddedSink:
    """Embedded Kinesis, its event source mapping and the consumer around a landing tier; a context manager.

    Args:
        landing: URI of the landing tier.
        start: aware; the first accepted event time.
    """

    def __init__(self, landing: str, start: datetime) -> None:
        self._store, self._start, self._erasures = store_at(landing), start, ledger_folder(landing)
        self._numbers = itertools.count(1)

    def __enter__(self) -> EmbeddedSink:
        self._server: AbstractContextManager[EmbeddedAws] = quiet_server()
        self._kinesis: Any = self._server.__enter__().client("kinesis")
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.__exit__(*exception)  # type: ignore[arg-type]

    def send(self, events: list[tuple[bytes, str]]) -> Counts:
        """Send events and wait until the consumer has landed them.

        Raises:
            FeedError: not everything landed.
        """
        counts = Counts.none()
        stream = f"socialsent-live-{next(self._numbers)}"  # the embedded server slows down with a stream's length

        def consumer(event: dict[str, Any], _context: object) -> dict[str, Any]:
            nonlocal counts
            with consulted_ledger(self._erasures) as erased:
                done = consume(event, self._store, self._start, erased)
            counts += done.counts
            return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}

        self._kinesis.create_stream(StreamName=stream, ShardCount=1)
        try:
            _deliver(events, stream, self._kinesis)
            mapping = KinesisEventSourceMapping(self._kinesis, stream, consumer, _MAPPING)
            mapping.drain()
        finally:
            self._kinesis.delete_stream(StreamName=stream)
        if mapping.last_error is not None:
            raise FeedError("the consumer raised instead of quarantining") from mapping.last_error
        if counts.records != len(events):
            raise FeedError(f"{len(events):,} events were sent, {counts.records:,} landed or were quarantined")
        return counts


class StreamSink:
    """A real Kinesis stream; what the consumer makes of the events is seen there, so all count as accepted."""

    def __init__(self, stream: str, kinesis: Any) -> None:
        self._stream, self._kinesis = stream, kinesis

    def send(self, events: list[tuple[bytes, str]]) -> Counts:
        """Send events. Raises DeliveryError if the stream does not take them."""
        _deliver(events, self._stream, self._kinesis)
        return Counts(len(events), len(events), 0, 0)


def _deliver(events: list[tuple[bytes, str]], stream: str, kinesis: Any) -> None:
    now = datetime.now(UTC)
    deliver((FeedRecord(raw, about[:256], now) for raw, about in events), stream, kinesis, _JITTER)
