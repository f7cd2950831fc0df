"""Mock server -> Kinesis -> consumer -> landing on this machine: a planned feed, or one that follows the clock.

Both Lambdas are the real ones and speak boto3 to the embedded AWS; only the schedule and the event source mapping
are played here. Whatever was sent must have landed, been dropped as a duplicate, been quarantined or been
dead-lettered: a sum that does not close raises.

Not here: the content of the feed (simulator/feed.py), whether it exists already (feed_receipts.py).
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.kinesis_consumer.handler import consume
from lambdas.kinesis_consumer.sink import Store, store_at
from lambdas.mock_server.handler import FeedSettings, tick
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.landing import gzip_lines
from socialsent_assets.domain.events.layout import LANDING_LABELS, content_digest, parse_landing_name
from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from socialsent_assets.local_aws.server import EmbeddedAws, embedded_aws
from socialsent_assets.simulator.feed import label_rows, planned_world
from socialsent_assets.simulator.schedule import Pace, minute_at

log = logging.getLogger(__name__)

MAX_EVENTS = 10_000_000
MAX_HOURS = 8760
MAX_AHEAD = timedelta(hours=24)
CATCH_UP_MINUTES = 10
_MINUTE = timedelta(minutes=1)
_SHARDS = 2
_UNTIL_ACTIVE = {"Delay": 1, "MaxAttempts": 60}
# moto's time per record grows with the length of its stream, so every load gets a stream of its own.
_RECORDS_PER_LOAD = 4000
# Poison is quarantined by the consumer, so what fails here is the disk: no bisecting, few tries, then a clear end.
_MAPPING = MappingOptions(batch_size=10_000, bisect_batch_on_function_error=False, maximum_retry_attempts=2)
_stream_numbers = itertools.count(1)


@dataclass(frozen=True)
class FeedPlan:
    """What to simulate: `events` records in the `hours` before `until` (UTC, a whole minute)."""

    events: int
    hours: int
    seed: int
    until: datetime

    def check(self, start: datetime, now: datetime) -> None:
        """Raises UserError for a plan that cannot be simulated or whose events would all be rejected."""
        if not 1 <= self.events <= MAX_EVENTS:
            raise UserError(f"--events {self.events}: write a number from 1 to {MAX_EVENTS:,}")
        if not 1 <= self.hours <= MAX_HOURS:
            raise UserError(f"--hours {self.hours}: write a number from 1 to {MAX_HOURS:,}")
        first = self.until - timedelta(hours=self.hours)
        if first < start:
            raise UserError(
                f"the feed would begin at {first:%Y-%m-%dT%H:%MZ}, before the first accepted event time "
                f"{start:%Y-%m-%dT%H:%MZ}; lower --hours, or set SOCIALSENT_START to an earlier time"
            )
        if self.until > now + MAX_AHEAD:
            raise UserError(
                f"--until {self.until:%Y-%m-%dT%H:%MZ} is more than 24 hours ahead; "
                f"{now + MAX_AHEAD:%Y-%m-%dT%H:00Z} is the latest"
            )


@dataclass
class FeedResult:
    """What became of the records sent so far.

    Attributes:
        sent: records that the stream took.
        counts: what the consumer made of them.
        dead_lettered: records that the mapping gave up on.
        objects: keys in the landing tier -> rows of the feed they hold; labels are none.
        labels: annotator labels written.
    """

    sent: int = 0
    counts: Counts = field(default_factory=Counts.none)
    dead_lettered: int = 0
    objects: dict[str, int] = field(default_factory=dict)
    labels: int = 0

    def add(self, load: FeedResult) -> None:
        """Count what one load did."""
        self.sent += load.sent
        self.counts += load.counts
        self.dead_lettered += load.dead_lettered
        self.objects |= load.objects

    def check(self, last_error: OSError | None = None) -> None:
        """Raises FeedError unless every record is accounted for, in the counts and in the objects' names."""
        if self.dead_lettered:
            cause = f" ({last_error})" if last_error else ""
            raise FeedError(f"{self.dead_lettered:,} of {self.sent:,} records could not be written{cause}")
        in_objects = sum(self.objects.values())
        in_counts = self.counts.accepted + self.counts.quarantined
        if self.sent != self.counts.records or in_objects != in_counts:
            raise FeedError(
                f"records were lost: {self.sent:,} sent, {self.counts.records:,} consumed, "
                f"{in_counts:,} to be written, {in_objects:,} in objects"
            )


class FeedError(RuntimeError):
    """The feed did not reach the lake completely; landing holds whole objects only, so it can be run again."""


def simulate(
    plan: FeedPlan,
    landing: str,
    start: datetime,
    progress: Callable[[FeedResult], None] = lambda _: None,
) -> FeedResult:
    """Send a planned feed through both Lambdas into the landing tier.

    The same plan and start write the same bytes under the same names.

    Args:
        plan: what to send.
        landing: URI of the landing tier.
        start: first accepted event time, aware.
        progress: called after every load with the result so far.

    Raises:
        FeedError: something did not land.
    """
    world = planned_world(plan.seed, plan.until, plan.hours, plan.events)
    arguments = {"events": plan.events, "hours": plan.hours, "until": plan.until.isoformat()}
    result, labels = FeedResult(), []
    with _Ingest(landing, start, FeedSettings("", 1, plan.seed, start), _SHARDS) as ingest:
        for end, minutes in _loads(world.pace, 60 * plan.hours):
            result.add(ingest.load(end, {"plan": arguments, "minutes": minutes}, arrives_at=end))
            last = minute_at(end)
            labels += [row for minute in range(last - minutes, last) for row in label_rows(world, minute)]
            progress(result)
        result.check()  # each load closed; this finds one load overwriting another
        result.labels = len(labels)
        if labels:
            result.objects[ingest.put_labels(f"mock-{world.pace.tag}", labels)] = 0
    return result


def follow(
    settings: FeedSettings,
    landing: str,
    start: datetime,
    *,
    every: timedelta,
    wait: Callable[[float], bool],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[datetime, FeedResult], None] = lambda _minute, _result: None,
) -> FeedResult:
    """Send the records of each minute when it is over, until `wait` returns true.

    Minutes that were missed (the machine slept) are made up for, the latest `CATCH_UP_MINUTES` of them.

    Args:
        settings: of the mock server; `stream` is chosen here.
        landing: URI of the landing tier.
        start: first accepted event time, aware.
        every: how often to look whether a minute is over.
        wait: sleeps that many seconds; True ends the feed.
        clock: aware now.
        progress: called after every minute with its end and the result so far.

    Raises:
        FeedError: something did not land.
    """
    result = FeedResult()
    done = _floor_to_minute(settings.start)
    with _Ingest(landing, start, settings, shards=1) as ingest:
        while True:
            end = _floor_to_minute(clock())
            done = max(done, end - CATCH_UP_MINUTES * _MINUTE)
            while done < end:
                done += _MINUTE
                load = ingest.load(done, {}, arrives_at=None)
                load.objects.clear()  # a feed that runs for weeks must not remember each of them
                result.add(load)
                progress(done, result)
            if wait(every.total_seconds()):
                return result


class _WatchedStore:
    """The consumer's store; remembers what was put and what went wrong."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.objects: dict[str, int] = {}
        self.last_error: OSError | None = None

    def put(self, key: str, content: bytes) -> None:
        """See `Store.put`."""
        try:
            self.store.put(key, content)
        except OSError as error:
            self.last_error = error
            raise
        name = parse_landing_name(key.rpartition("/")[2])
        self.objects[key] = name.rows if name else 0


class _Ingest:
    """Stream, mapping and both Lambdas around one landing tier; a context manager, because it runs a server."""

    def __init__(self, landing: str, start: datetime, settings: FeedSettings, shards: int) -> None:
        self.store = store_at(landing)
        self.erasures = ledger_folder(landing)
        self.start = start
        self.settings = settings
        self.shards = shards

    def __enter__(self) -> _Ingest:
        self._server = quiet_server()
        self._kinesis = self._server.__enter__().client("kinesis")
        return self

    def __exit__(self, *exception: Any) -> None:
        self._server.__exit__(*exception)

    def load(self, end: datetime, detail: dict[str, Any], arrives_at: datetime | None) -> FeedResult:
        """One call of the mock server, then the consumer until the stream is drained.

        Raises:
            FeedError: not everything landed.
        """
        result, store = FeedResult(), _WatchedStore(self.store)
        stream = f"socialsent-{next(_stream_numbers)}"

        def consumer(event: dict[str, Any], _context: object) -> dict[str, Any]:
            with consulted_ledger(self.erasures) as erased:
                done = consume(event, store, self.start, erased)
            result.counts += done.counts
            return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}

        with self._stream(stream):
            event = {
                "source": "aws.events",
                "detail-type": "Scheduled Event",
                "time": end.isoformat(),
                "detail": detail,
            }
            result.sent = tick(event, replace(self.settings, stream=stream), self._kinesis)["records"]
            clock = (lambda: arrives_at) if arrives_at else None
            mapping = KinesisEventSourceMapping(self._kinesis, stream, consumer, _MAPPING, arrival_clock=clock)
            mapping.drain()
        result.dead_lettered = mapping.statistics.dead_lettered
        result.objects = store.objects
        if mapping.last_error is not None:
            raise FeedError("the consumer raised instead of quarantining") from mapping.last_error
        result.check(store.last_error)
        return result

    @contextmanager
    def _stream(self, name: str) -> Iterator[None]:
        """A stream that takes records, until the end of the block.

        A stream is usable once it is ACTIVE, on AWS after seconds. What went wrong in the block is what is raised,
        also where the stream cannot be deleted after it.
        """
        self._kinesis.create_stream(StreamName=name, ShardCount=self.shards)
        self._kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig=_UNTIL_ACTIVE)
        try:
            yield
        except BaseException:
            with suppress(BotoCoreError, ClientError):
                self._kinesis.delete_stream(StreamName=name)
            raise
        self._kinesis.delete_stream(StreamName=name)

    def put_labels(self, name: str, rows: list[dict[str, str]]) -> str:
        """Write annotator labels as one object of landing/labels; its key."""
        lines = [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() for row in rows]
        content = gzip_lines(lines)
        key = f"{LANDING_LABELS}/{name}-{content_digest(content)}.jsonl.gz"
        self.store.put(key, content)
        return key


@contextmanager
def quiet_server() -> Iterator[EmbeddedAws]:
    """The embedded AWS, without a traceback in the log for every try: what fails is reported once, at the end."""
    consumer_log = logging.getLogger("lambdas.kinesis_consumer.handler")
    before = consumer_log.level
    consumer_log.setLevel(logging.CRITICAL)
    try:
        with embedded_aws() as aws:
            yield aws
    finally:
        consumer_log.setLevel(before)


def _loads(pace: Pace, minutes: int) -> Iterator[tuple[datetime, int]]:
    """(end, number of minutes) of each load: at most an hour and, where a minute allows it, `_RECORDS_PER_LOAD`.

    No load crosses an hour, so that all its records arrive in the hour in which they would arrive one tick at a time
    or at its very end.
    """
    first = load_first = pace.first
    for minute in range(first + 1, first + minutes + 1):
        is_full = pace.before(minute + 1) - pace.before(load_first) > _RECORDS_PER_LOAD
        if is_full or minute % 60 == 0 or minute == first + minutes:
            yield datetime.fromtimestamp(60 * minute, UTC), minute - load_first
            load_first = minute


def _floor_to_minute(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(second=0, microsecond=0)
