"""Lambda handler for a batch of Kinesis records: decode, land, put, answer.

A record that is no valid event is quarantined, which is success: it never blocks its shard. Only a store that
cannot be written fails, and then the whole batch of the shard: its retry writes the same objects again.

Settings: `LANDING_URI` (a folder or `s3://bucket/prefix`), `SOCIALSENT_START` (first accepted event time).

Not here: what a valid event is, where it lands (socialsent_assets/domain/events/), logs and metrics as CloudWatch
wants them (lambdas/telemetry.py).
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lambdas.kinesis_consumer.sink import Store, store_at
from lambdas.telemetry import telemetry_for
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.domain.events.landing import SourceRecord, land
from socialsent_assets.domain.events.start import start_hour

log = logging.getLogger(__name__)
telemetry = telemetry_for(ingest_metrics.CONSUMER)


@dataclass(frozen=True)
class Consumed:
    """What became of one invocation.

    Attributes:
        counts: of the batches that were written.
        failed: sequence numbers from which a shard has to be sent again.
        reasons: quarantine reason -> number of records, of the batches that were written.
    """

    counts: Counts
    failed: tuple[str, ...]
    reasons: Mapping[str, int] = field(default_factory=dict)


@telemetry.observe
def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001
    """Answer a Kinesis event with the records to send again: none, or the first of the batch.

    Raises:
        KeyError: the event is not from Kinesis, or `LANDING_URI` is not set.
        ValueError: a setting that cannot be used.
    """
    done = consume(event, store_at(os.environ["LANDING_URI"]), start_hour(os.environ))
    _count(done)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}


def consume(event: Mapping[str, Any], store: Store, start: datetime, erased: Erased = NOTHING_ERASED) -> Consumed:
    """Land the records of a Kinesis event, shard by shard; `start` is aware; what is `erased` is counted alone."""
    counts, failed, reasons = Counts.none(), [], Counter[str]()
    for shard, records in _by_shard(event["Records"]).items():
        first, last = (record["kinesis"]["sequenceNumber"] for record in (records[0], records[-1]))
        sent, origin = list(_source_records(shard, records)), f"{shard}-{first}-{last}"
        batch = land(sent, _arrival(records[0]), start, origin, erased)
        try:
            for key, content in batch.objects.items():
                store.put(key, content)
        except OSError as error:
            # The message names the next step; a traceback with each of Kinesis' retries would bury it.
            log.error("%s: %d records from %s on are to be sent again: %s", shard, len(records), first, error)  # noqa: TRY400
            failed.append(first)
        else:
            log.info("%s: %s %s", shard, batch.counts, batch.reasons)
            counts += batch.counts
            reasons.update(batch.reasons)
    return Consumed(counts, tuple(failed), dict(reasons))


def _count(done: Consumed) -> None:
    telemetry.count(ingest_metrics.RECORDS_CONSUMED, done.counts.records)
    telemetry.count(ingest_metrics.RECORDS_LANDED, done.counts.accepted)
    telemetry.count(ingest_metrics.RECORDS_DUPLICATE, done.counts.duplicates)
    telemetry.count(ingest_metrics.RECORDS_QUARANTINED, done.counts.quarantined)
    telemetry.count(ingest_metrics.BATCHES_FAILED, len(done.failed))
    telemetry.count_by(ingest_metrics.RECORDS_QUARANTINED, ingest_metrics.REASON, done.reasons)


def _by_shard(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    shards: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        shards[record["eventID"].partition(":")[0]].append(record)
    return shards


def _source_records(shard: str, records: Sequence[Mapping[str, Any]]) -> Iterator[SourceRecord]:
    for record in records:
        kinesis = record["kinesis"]
        yield SourceRecord(
            raw=_decoded(kinesis["data"]),
            position=f"{shard}:{kinesis['sequenceNumber']}",
            arrived_at=_arrival(record),
        )


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return data.encode("utf-8", "surrogatepass")  # no event either way: quarantine keeps what came


def _arrival(record: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(record["kinesis"]["approximateArrivalTimestamp"]), UTC)


if telemetry.on_lambda:
    # Making the client is the dearest part of a cold start (0.2 of 0.37 s; Powertools takes 0.1). While Lambda
    # initialises, the CPU is not throttled to the function's memory, and no record is waiting yet.
    store_at(os.environ["LANDING_URI"])
