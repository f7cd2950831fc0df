"""In-process emulation of Lambda's Kinesis event source mapping.

Per shard and in order: batches by number, window and payload; `batchItemFailures` moves the checkpoint to the lowest
failed sequence number; a failed batch is bisected and tried again up to a limit of tries and of record age, then
described to the on-failure queue and left behind. A shard that came out of a split or merge waits until its parents
are drained.
Rules: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html and
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html

Not simulated: parallelization factor, tumbling windows, filters, shards side by side, AWS' own pace. Waits between
tries are left out, because nothing here recovers by itself while one thread waits.

Not here: the consumer (lambdas/kinesis_consumer), what feeds the stream (feed.py).
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], object], Mapping[str, Any] | None]
Clock = Callable[[], datetime]
Record = dict[str, Any]  # one element of the event's "Records"

MAX_BATCH_SIZE = 10_000
MAX_WINDOW = timedelta(seconds=300)
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024  # of a synchronous invocation
_ENVELOPE_BYTES = 480  # of one record in the event, around data and key: rounded up from `_as_event_record`
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:consumer"


@dataclass(frozen=True)
class MappingOptions:
    """Names and meaning as in `CreateEventSourceMapping`; `None` is AWS' -1, without a limit."""

    batch_size: int = 100
    batching_window: timedelta = timedelta(0)
    bisect_batch_on_function_error: bool = True
    maximum_retry_attempts: int | None = 3
    maximum_record_age: timedelta | None = None
    report_batch_item_failures: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= MAX_BATCH_SIZE:
            raise ValueError(f"batch_size is {self.batch_size}, Lambda takes 1 to {MAX_BATCH_SIZE}")
        if not timedelta(0) <= self.batching_window <= MAX_WINDOW:
            raise ValueError(f"batching_window is {self.batching_window}, Lambda takes 0 to {MAX_WINDOW}")
        if self.maximum_retry_attempts is None and self.maximum_record_age is None:
            raise ValueError("without a limit of tries or of age one bad batch would block its shard here")


@dataclass
class MappingStatistics:
    """What happened so far; `delivered` and `dead_lettered` are numbers of records."""

    invocations: int = 0
    failed_invocations: int = 0
    delivered: int = 0
    dead_lettered: int = 0


@dataclass
class _Shard:
    """How far a shard was read; `waiting` was read and is not yet due, since `window_opened_at`."""

    shard_id: str
    parents: tuple[str, ...]
    iterator: str | None = None
    waiting: list[Record] = field(default_factory=list)
    window_opened_at: datetime = _LONG_AGO
    is_drained: bool = False


class KinesisEventSourceMapping:
    """Polls one stream for one function; use from one thread.

    Args:
        kinesis: boto3 client.
        stream: name of the stream.
        handler: the Lambda's `lambda_handler(event, context)`.
        options: see `MappingOptions`.
        clock: aware now, for window and record age.
        arrival_clock: if given, its time at the moment of reading replaces the records'
            `approximateArrivalTimestamp`. A simulation gives the simulated time, so that two simulations of the
            same feed quarantine the same bytes; without it the stream's own timestamp counts, as on AWS.
        on_failure: called with the message that AWS would send to the on-failure destination.
    """

    def __init__(
        self,
        kinesis: Any,
        stream: str,
        handler: Handler,
        options: MappingOptions | None = None,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        arrival_clock: Clock | None = None,
        on_failure: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.kinesis = kinesis
        self.stream = stream
        self.handler = handler
        self.options = options or MappingOptions()
        self.clock = clock
        self.arrival_clock = arrival_clock
        self.on_failure = on_failure
        self.statistics = MappingStatistics()
        self.last_error: Exception | None = None
        self._shards: dict[str, _Shard] = {}
        summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        self._stream_arn: str = summary["StreamARN"]

    def drain(self) -> int:
        """Poll until the stream has nothing more, without waiting for windows; the number of records read."""
        total = 0
        while read := self.poll_once(flush=True):
            total += read
        return total

    def poll_once(self, *, flush: bool = False) -> int:
        """Read every shard once and deliver the batches that are due; the number of records read.

        Args:
            flush: deliver what is there although its window is still open.
        """
        read = 0
        # All of them are known before the first is read: a child may be listed before its parent.
        known = [(self._shard(listed), listed) for listed in list(self._listed_shards())]
        for shard, listed in known:
            if not shard.is_drained and self._parents_are_drained(shard):
                read += self._poll(
                    shard, is_closed="EndingSequenceNumber" in listed["SequenceNumberRange"], flush=flush
                )
        return read

    def _listed_shards(self) -> Iterator[Mapping[str, Any]]:
        arguments: dict[str, Any] = {"StreamName": self.stream}
        while True:
            page = self.kinesis.list_shards(**arguments)
            yield from page["Shards"]
            if not page.get("NextToken"):
                return
            arguments = {"NextToken": page["NextToken"]}

    def _shard(self, listed: Mapping[str, Any]) -> _Shard:
        shard_id = listed["ShardId"]
        if shard_id not in self._shards:
            parents = (listed.get("ParentShardId"), listed.get("AdjacentParentShardId"))
            self._shards[shard_id] = _Shard(shard_id, tuple(parent for parent in parents if parent))
        return self._shards[shard_id]

    def _parents_are_drained(self, shard: _Shard) -> bool:
        # A parent that was never listed is older than the stream's retention: nothing of it is left to read.
        return all(self._shards[parent].is_drained for parent in shard.parents if parent in self._shards)

    def _poll(self, shard: _Shard, *, is_closed: bool, flush: bool) -> int:
        if shard.iterator is None:
            shard.iterator = self.kinesis.get_shard_iterator(
                StreamName=self.stream, ShardId=shard.shard_id, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        answer = self.kinesis.get_records(ShardIterator=shard.iterator, Limit=MAX_BATCH_SIZE)
        shard.iterator = answer.get("NextShardIterator")
        records = answer["Records"]
        if records and not shard.waiting:
            shard.window_opened_at = self.clock()
        shard.waiting += [self._as_event_record(shard.shard_id, record) for record in records]
        # AWS ends the iterator of a closed shard after its last record. moto never does: there, "closed and nothing
        # more to read" is the end.
        ends = shard.iterator is None or (is_closed and not records and not answer.get("MillisBehindLatest"))
        self._deliver_due(shard, everything=flush or ends)
        shard.is_drained = ends
        return len(records)

    def _deliver_due(self, shard: _Shard, *, everything: bool) -> None:
        window_is_over = self.clock() - shard.window_opened_at >= self.options.batching_window
        while shard.waiting:
            batch = _first_batch(shard.waiting, self.options.batch_size)
            is_full = len(batch) == self.options.batch_size or len(batch) < len(shard.waiting)
            if not (everything or window_is_over or is_full):
                return
            del shard.waiting[: len(batch)]
            self._deliver(shard.shard_id, batch)

    def _deliver(self, shard_id: str, batch: list[Record]) -> None:
        """Until every record of the batch is delivered or dead-lettered, in order."""
        pending = [(batch, 0)]
        while pending:
            records, tries = pending.pop()
            if expired := self._expired(records):
                self._dead_letter(shard_id, records[:expired], "RecordAgeExceeded", tries)
                records = records[expired:]
            if not records:
                continue
            failed_at = self._invoke(records)
            self.statistics.delivered += len(records) if failed_at is None else failed_at
            if failed_at is None:
                continue
            rest = records[failed_at:]
            if failed_at:
                pending.append((rest, 0))  # the checkpoint moved: a batch of its own
            elif self.options.bisect_batch_on_function_error and len(rest) > 1:
                middle = len(rest) // 2  # a split does not count as a try
                pending += [(rest[middle:], tries), (rest[:middle], tries)]
            elif self._may_try_again(tries):
                pending.append((rest, tries + 1))
            else:
                self._dead_letter(shard_id, rest, "RetryAttemptsExhausted", tries + 1)

    def _may_try_again(self, tries: int) -> bool:
        limit = self.options.maximum_retry_attempts
        return limit is None or tries < limit

    def _expired(self, records: list[Record]) -> int:
        """How many records at the front of the batch are too old to be tried."""
        limit = self.options.maximum_record_age
        if limit is None:
            return 0
        oldest = (self.clock() - limit).timestamp()
        young = (i for i, record in enumerate(records) if record["kinesis"]["approximateArrivalTimestamp"] >= oldest)
        return next(young, len(records))

    def _invoke(self, records: list[Record]) -> int | None:
        """Index of the first record to send again, None if there is none."""
        self.statistics.invocations += 1
        try:
            answer = self.handler({"Records": records}, None)
        except Exception as error:
            self.last_error = error
            log.debug("%s: the function raised", self.stream, exc_info=True)
            failed_at: int | None = 0
        else:
            failed_at = _lowest_failure(records, answer) if self.options.report_batch_item_failures else None
        if failed_at is not None:
            self.statistics.failed_invocations += 1
        return failed_at

    def _dead_letter(self, shard_id: str, records: list[Record], condition: str, tries: int) -> None:
        self.statistics.dead_lettered += len(records)
        if self.on_failure is not None:
            self.on_failure(self._failure_message(shard_id, records, condition, tries))

    def _failure_message(self, shard_id: str, records: list[Record], condition: str, tries: int) -> dict[str, Any]:
        """What AWS sends: where the records are, not the records."""
        first, last = records[0]["kinesis"], records[-1]["kinesis"]
        return {
            "requestContext": {
                "requestId": f"{shard_id}:{first['sequenceNumber']}",
                "functionArn": FUNCTION_ARN,
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": _rfc3339(self.clock()),
            "KinesisBatchInfo": {
                "shardId": shard_id,
                "startSequenceNumber": first["sequenceNumber"],
                "endSequenceNumber": last["sequenceNumber"],
                "approximateArrivalOfFirstRecord": _rfc3339(_arrival(first)),
                "approximateArrivalOfLastRecord": _rfc3339(_arrival(last)),
                "batchSize": len(records),
                "streamArn": self._stream_arn,
            },
        }

    def _as_event_record(self, shard_id: str, record: Mapping[str, Any]) -> Record:
        arrived_at = self.arrival_clock() if self.arrival_clock else record["ApproximateArrivalTimestamp"]
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": arrived_at.timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/consumer",
            "awsRegion": "us-east-1",
            "eventSourceARN": self._stream_arn,
        }


def to_queue(sqs: Any, queue_url: str) -> Callable[[dict[str, Any]], None]:
    """An `on_failure` that sends to an SQS queue."""
    return lambda message: sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(message))


def _first_batch(records: list[Record], batch_size: int) -> list[Record]:
    """The first records that fit in one invocation; at least one."""
    size = 0
    for index, record in enumerate(records[:batch_size]):
        kinesis = record["kinesis"]
        size += len(kinesis["data"]) + len(kinesis["partitionKey"]) + _ENVELOPE_BYTES
        if index and size > MAX_PAYLOAD_BYTES:
            return records[:index]
    return records[:batch_size]


def _lowest_failure(records: list[Record], answer: Mapping[str, Any] | None) -> int | None:
    failures = (answer or {}).get("batchItemFailures") or []
    places = {record["kinesis"]["sequenceNumber"]: index for index, record in enumerate(records)}
    # An identifier that is missing, empty or of no record of the batch means: all of it failed.
    return min((places.get(failure.get("itemIdentifier"), 0) for failure in failures), default=None)


def _arrival(kinesis: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC)


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
