"""Records -> Kinesis `PutRecords` calls within the API's limits, and again what the stream did not take.

Limits of one call: 500 records, 5 MiB with partition keys, 1 MiB a record
(https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).

Not here: what is sent (handler.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.aws_errors import with_advice
from socialsent_assets.simulator.feed import FeedRecord

MAX_RECORDS = 500
MAX_CALL_BYTES = 5 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
ATTEMPTS = 6
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0


class DeliveryError(RuntimeError):
    """The stream did not take some records, however often they were offered, or rejected a call as a whole."""


@dataclass(frozen=True)
class Delivery:
    """Numbers of records: delivered, and how often one had to be sent again."""

    records: int
    retried: int


def deliver(
    records: Iterable[FeedRecord],
    stream: str,
    kinesis: Any,
    jitter: random.Random,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Put every record, keyed by what it is about, so that all about one post stays in order on one shard.

    Only the records of a call that failed are sent again, after a wait that doubles.

    Raises:
        DeliveryError: some still failed after `ATTEMPTS` calls, or a call failed as a whole.
        ValueError: a record that Kinesis can never take.
    """
    sent = retried = 0
    for batch in batches({"Data": record.raw, "PartitionKey": record.about} for record in records):
        retried += _put(batch, stream, kinesis, jitter, sleep)
        sent += len(batch)
    return Delivery(sent, retried)


def batches(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Entries in order, in as few calls as the limits allow. Raises ValueError for one above 1 MiB."""
    batch: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        entry_size = len(entry["Data"]) + len(entry["PartitionKey"].encode())
        if entry_size > MAX_RECORD_BYTES:
            raise ValueError(f"a record about {entry['PartitionKey']} has {entry_size:,} bytes; Kinesis takes 1 MiB")
        if batch and (len(batch) == MAX_RECORDS or size + entry_size > MAX_CALL_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry_size
    if batch:
        yield batch


def _put(
    batch: list[dict[str, Any]],
    stream: str,
    kinesis: Any,
    jitter: random.Random,
    sleep: Callable[[float], None],
) -> int:
    """Put one batch; returns how many records were sent again."""
    retried, waiting = 0, batch
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(wait_seconds(attempt, jitter))
            retried += len(waiting)
        answer = _call(waiting, stream, kinesis)
        if not answer["FailedRecordCount"]:
            return retried
        results = answer["Records"]
        last_error = next(result["ErrorCode"] for result in results if result.get("ErrorCode"))
        waiting = [entry for entry, result in zip(waiting, results, strict=True) if result.get("ErrorCode")]
    raise DeliveryError(
        f"stream {stream} refused {len(waiting)} of {len(batch)} records {ATTEMPTS} times: {last_error}; "
        "give it more shards (or on-demand capacity) if this lasts; a retry sends the same records again"
    )


def _call(entries: list[dict[str, Any]], stream: str, kinesis: Any) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        response: dict[str, Any] = kinesis.put_records(StreamName=stream, Records=entries)
    except (BotoCoreError, ClientError) as error:
        permission = f"kinesis:PutRecords on stream {stream} and, with a KMS key, kms:GenerateDataKey"
        raise DeliveryError(with_advice(error, f"stream {stream} (STREAM_NAME)", permission)) from error
    return response


def wait_seconds(attempt: int, jitter: random.Random) -> float:
    """Wait before a retry: doubles with each attempt up to a bound, then spread over its upper half."""
    longest: float = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    return longest * (0.5 + 0.5 * jitter.random())
