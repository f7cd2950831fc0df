"""The event source mapping: order, checkpoints, bisecting, limits, and nothing that gets lost."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest

from socialsent_assets.local_aws.event_source_mapping import (
    MAX_PAYLOAD_BYTES,
    KinesisEventSourceMapping,
    MappingOptions,
    to_queue,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_names = itertools.count()


@pytest.fixture
def kinesis(aws):
    return aws.client("kinesis")


@pytest.fixture
def stream(kinesis):
    name = f"mapping-{next(_names)}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    yield name
    kinesis.delete_stream(StreamName=name)


def put(kinesis, stream, *texts: str, key: str | None = None) -> None:
    entries = [{"Data": text.encode(), "PartitionKey": key or text} for text in texts]
    kinesis.put_records(StreamName=stream, Records=entries)


def texts_of(event) -> list[str]:
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]


class Consumer:
    """A function that records its input and what it accepted; `refuse(text)` fails a record."""

    def __init__(self, refuse=lambda text: False, *, raises=False):
        self.refuse = refuse
        self.raises = raises
        self.calls: list[list[str]] = []
        self.taken: list[str] = []

    def __call__(self, event, _context):
        texts = texts_of(event)
        self.calls.append(texts)
        bad = [index for index, text in enumerate(texts) if self.refuse(text)]
        if bad and self.raises:
            raise RuntimeError(texts[bad[0]])
        self.taken += texts[: bad[0]] if bad else texts
        numbers = [event["Records"][index]["kinesis"]["sequenceNumber"] for index in bad]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in reversed(numbers)]}


def mapping(kinesis, stream, consumer, **options) -> KinesisEventSourceMapping:
    letters: list[dict] = []
    made = KinesisEventSourceMapping(kinesis, stream, consumer, MappingOptions(**options), on_failure=letters.append)
    made.letters = letters  # type: ignore[attr-defined]
    return made


NUMBERS = [f"{i:03d}" for i in range(20)]


def test_batches_are_in_order_and_no_larger_than_asked(kinesis, stream):
    put(kinesis, stream, *NUMBERS)
    consumer = Consumer()
    assert mapping(kinesis, stream, consumer, batch_size=6).drain() == 20
    assert consumer.calls == [NUMBERS[:6], NUMBERS[6:12], NUMBERS[12:18], NUMBERS[18:]]


def test_the_event_is_what_lambda_gets_from_kinesis(kinesis, stream):
    put(kinesis, stream, "hello", key="post-1")
    events = []
    KinesisEventSourceMapping(
        kinesis, stream, lambda event, _: events.append(event), arrival_clock=lambda: NOW
    ).drain()
    (record,) = events[0]["Records"]
    assert record["eventID"] == "shardId-000000000000:1"
    assert record["eventSource"] == "aws:kinesis"
    assert record["eventSourceARN"].endswith(f":stream/{stream}")
    assert record["kinesis"]["partitionKey"] == "post-1"
    assert record["kinesis"]["approximateArrivalTimestamp"] == NOW.timestamp()


def test_without_an_arrival_clock_the_streams_own_time_counts(kinesis, stream):
    put(kinesis, stream, "hello")
    events = []
    KinesisEventSourceMapping(kinesis, stream, lambda event, _: events.append(event)).drain()
    arrived = events[0]["Records"][0]["kinesis"]["approximateArrivalTimestamp"]
    assert abs(datetime.now(UTC).timestamp() - arrived) < 600


def test_the_checkpoint_is_the_lowest_failed_record_and_what_follows_is_sent_again(kinesis, stream):
    """Prevents both losing the records behind a failure and sending those before it twice."""
    put(kinesis, stream, *NUMBERS[:10])
    failures = {"003": 1, "007": 1}

    def refuse(text: str) -> bool:
        failures[text] = failures.get(text, 0) - 1
        return failures[text] >= 0

    consumer = Consumer(refuse)
    done = mapping(kinesis, stream, consumer, batch_size=10, bisect_batch_on_function_error=False)
    done.drain()
    assert consumer.calls == [NUMBERS[:10], NUMBERS[3:10]]
    assert consumer.taken == NUMBERS[:10]
    assert (done.statistics.delivered, done.statistics.dead_lettered) == (10, 0)


def test_a_poison_record_is_cut_out_and_its_neighbours_land_in_order(kinesis, stream):
    put(kinesis, stream, *NUMBERS)
    consumer = Consumer(lambda text: text == "011", raises=True)
    done = mapping(kinesis, stream, consumer, batch_size=20, maximum_retry_attempts=2)
    done.drain()
    assert consumer.taken == [text for text in NUMBERS if text != "011"]
    assert (done.statistics.delivered, done.statistics.dead_lettered) == (19, 1)
    assert consumer.calls.count(["011"]) == 3, "one try and two retries; splitting does not count"


def test_what_is_sent_is_delivered_or_dead_lettered_whatever_fails(kinesis, stream):
    put(kinesis, stream, *NUMBERS)
    for raises, bisect in itertools.product((True, False), repeat=2):
        consumer = Consumer(lambda text: text in {"000", "007", "008", "019"}, raises=raises)
        done = mapping(
            kinesis, stream, consumer, batch_size=7, bisect_batch_on_function_error=bisect, maximum_retry_attempts=1
        )
        assert done.drain() == done.statistics.delivered + done.statistics.dead_lettered == 20
        assert len(consumer.taken) == len(set(consumer.taken)) == done.statistics.delivered
        assert consumer.taken == sorted(consumer.taken)


def test_without_bisecting_a_failing_batch_goes_as_a_whole(kinesis, stream):
    put(kinesis, stream, *NUMBERS[:6])
    consumer = Consumer(lambda text: text == "004", raises=True)
    done = mapping(
        kinesis, stream, consumer, batch_size=6, bisect_batch_on_function_error=False, maximum_retry_attempts=1
    )
    done.drain()
    assert consumer.calls == [NUMBERS[:6]] * 2
    assert done.letters[0]["KinesisBatchInfo"]["batchSize"] == 6  # type: ignore[attr-defined]


def test_a_storage_outage_ends_and_every_record_lands_once(kinesis, stream):
    put(kinesis, stream, *NUMBERS)
    outage = iter([True] * 4)
    consumer = Consumer(lambda text: text == "000" and next(outage, False), raises=True)
    done = mapping(
        kinesis,
        stream,
        consumer,
        batch_size=20,
        bisect_batch_on_function_error=False,
        maximum_retry_attempts=None,
        maximum_record_age=timedelta(hours=1),
    )
    done.drain()
    assert len(consumer.calls) == 5
    assert consumer.taken == NUMBERS
    assert done.statistics.dead_lettered == 0


def test_records_that_are_too_old_are_given_up_and_the_young_ones_are_not(kinesis, stream):
    put(kinesis, stream, *NUMBERS[:4])
    time = [NOW]
    arrivals = iter([NOW - timedelta(minutes=50)] * 2 + [NOW] * 2)
    consumer = Consumer(raises=True)

    def fail_until_later(_text: str) -> bool:
        time[0] += timedelta(minutes=4)
        return time[0] < NOW + timedelta(minutes=20)

    consumer.refuse = fail_until_later
    letters: list[dict] = []
    done = KinesisEventSourceMapping(
        kinesis,
        stream,
        consumer,
        MappingOptions(
            batch_size=4,
            bisect_batch_on_function_error=False,
            maximum_retry_attempts=None,
            maximum_record_age=timedelta(hours=1),
        ),
        clock=lambda: time[0],
        arrival_clock=lambda: next(arrivals),
        on_failure=letters.append,
    )
    done.drain()
    assert letters[0]["requestContext"]["condition"] == "RecordAgeExceeded"
    assert letters[0]["KinesisBatchInfo"]["batchSize"] == 2
    assert consumer.taken == NUMBERS[2:4]


def test_the_on_failure_queue_gets_what_aws_would_send(aws, kinesis, stream):
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=stream)["QueueUrl"]
    put(kinesis, stream, *NUMBERS[:3])
    KinesisEventSourceMapping(
        kinesis,
        stream,
        Consumer(lambda text: text == "001", raises=True),
        MappingOptions(maximum_retry_attempts=1),
        clock=lambda: NOW,
        arrival_clock=lambda: NOW,
        on_failure=to_queue(sqs, url),
    ).drain()
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    letter = json.loads(message["Body"])
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 2
    assert letter["timestamp"] == "2026-11-22T12:00:00.000Z"
    info = letter["KinesisBatchInfo"]
    assert (info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == (
        "shardId-000000000000",
        "2",
        "2",
        1,
    )
    assert info["streamArn"].endswith(stream)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_empty_answer_means_that_all_went_well(kinesis, stream, answer):
    put(kinesis, stream, *NUMBERS[:3])
    done = mapping(kinesis, stream, lambda _event, _context: answer)
    done.drain()
    assert (done.statistics.invocations, done.statistics.delivered) == (1, 3)


@pytest.mark.parametrize("failure", [{}, {"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemIdentifier": "99"}])
def test_a_failure_that_names_no_record_of_the_batch_fails_all_of_it(kinesis, stream, failure):
    put(kinesis, stream, *NUMBERS[:3])
    done = mapping(
        kinesis,
        stream,
        lambda _event, _context: {"batchItemFailures": [failure]},
        bisect_batch_on_function_error=False,
        maximum_retry_attempts=0,
    )
    done.drain()
    assert (done.statistics.delivered, done.statistics.dead_lettered) == (0, 3)


def test_without_the_report_of_item_failures_an_answer_says_nothing(kinesis, stream):
    put(kinesis, stream, *NUMBERS[:3])
    done = mapping(kinesis, stream, Consumer(lambda _: True), report_batch_item_failures=False)
    done.drain()
    assert done.statistics.delivered == 3


def test_a_window_waits_for_more_until_it_is_over_or_the_batch_is_full(kinesis, stream):
    time = [NOW]
    consumer = Consumer()
    done = KinesisEventSourceMapping(
        kinesis,
        stream,
        consumer,
        MappingOptions(batch_size=5, batching_window=timedelta(seconds=30)),
        clock=lambda: time[0],
    )
    put(kinesis, stream, *NUMBERS[:2])
    done.poll_once()
    assert consumer.calls == []
    put(kinesis, stream, *NUMBERS[2:6])
    done.poll_once()
    assert consumer.calls == [NUMBERS[:5]]
    time[0] += timedelta(seconds=31)
    done.poll_once()
    assert consumer.calls[1:] == [NUMBERS[5:6]]


def test_a_batch_fits_in_one_invocation(kinesis, stream):
    """Prevents an event above Lambda's 6 MB, which would fail indefinitely."""
    big = "x" * 900_000
    for start in range(0, 10, 5):
        put(kinesis, stream, *[big + str(start + i) for i in range(5)], key="k")
    sizes = []
    mapping(kinesis, stream, lambda event, _: sizes.append((len(json.dumps(event)), len(event["Records"])))).drain()
    assert all(size <= MAX_PAYLOAD_BYTES for size, _ in sizes)
    assert [number for _, number in sizes] == [5, 5]


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": 10_001},
        {"batching_window": timedelta(minutes=6)},
        {"maximum_retry_attempts": None},
    ],
)
def test_options_that_aws_would_refuse_are_refused(options):
    with pytest.raises(ValueError):
        MappingOptions(**options)


class ReshardedKinesis:
    """A stream as AWS shows it after a split: the closed parent keeps its records, its iterator ends."""

    def __init__(self):
        self.records = {"shard-0": ["a", "b", "c"], "shard-1": ["d"], "shard-2": ["e"]}
        self.reads: list[str] = []

    def describe_stream_summary(self, StreamName):
        return {"StreamDescriptionSummary": {"StreamARN": f"arn:aws:kinesis:us-east-1:1:stream/{StreamName}"}}

    def list_shards(self, **arguments):
        def shard(name, **more):
            return {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": "0"}, **more}

        if "NextToken" in arguments:
            assert set(arguments) == {"NextToken"}, "AWS refuses a token together with a name"
            closed = {"StartingSequenceNumber": "0", "EndingSequenceNumber": "2"}
            return {"Shards": [shard("shard-0", SequenceNumberRange=closed)]}
        children = [shard("shard-1", ParentShardId="shard-0"), shard("shard-2", ParentShardId="shard-0")]
        return {"Shards": children, "NextToken": "more"}

    def get_shard_iterator(self, StreamName, ShardId, ShardIteratorType):
        assert ShardIteratorType == "TRIM_HORIZON"
        return {"ShardIterator": f"{ShardId}:0"}

    def get_records(self, ShardIterator, Limit):
        shard, _, place = ShardIterator.partition(":")
        self.reads.append(shard)
        found = self.records[shard][int(place) : int(place) + 2]
        after = int(place) + len(found)
        is_over = shard == "shard-0" and after == 3
        return {
            "Records": [
                {
                    "Data": text.encode(),
                    "PartitionKey": text,
                    "SequenceNumber": str(int(place) + i),
                    "ApproximateArrivalTimestamp": NOW,
                }
                for i, text in enumerate(found)
            ],
            "MillisBehindLatest": 0,
            **({} if is_over else {"NextShardIterator": f"{shard}:{after}"}),
        }


def test_children_of_a_split_wait_until_their_parent_is_drained_and_it_is_read_once():
    """Prevents an answer that overtakes the post it answers, and a closed shard that is read from its start again."""
    kinesis, consumer = ReshardedKinesis(), Consumer()
    made = KinesisEventSourceMapping(kinesis, "resharded", consumer)
    for _ in range(6):
        made.poll_once()
    assert consumer.taken[:3] == ["a", "b", "c"]
    assert sorted(consumer.taken[3:]) == ["d", "e"]
    assert kinesis.reads.count("shard-0") == 2


def test_a_stream_that_was_really_split_is_drained(kinesis, stream):
    put(kinesis, stream, *NUMBERS[:10])
    consumer = Consumer()
    made = mapping(kinesis, stream, consumer)
    made.poll_once()
    kinesis.update_shard_count(StreamName=stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    put(kinesis, stream, *NUMBERS[10:])
    for _ in range(4):
        made.poll_once()
    # moto moves what the parent held into its children, AWS leaves it there: here it is read once more.
    assert set(consumer.taken) == set(NUMBERS)
