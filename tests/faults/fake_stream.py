"""A Kinesis stream in memory, as far as producer and event source mapping use boto3's client.

Sequence numbers count per shard and repeat between shards. A shard can be split. Some records of a call may be
rejected, a call may fail, or succeed with its answer lost. Each shard has a clock of its own.

Not here: batches and retries, which are the product's (lambdas/mock_server, local_aws/event_source_mapping.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from tests.faults.faults import KILL, LOST_ANSWER, REFUSED, THROTTLED, Faults

Record = dict[str, Any]


@dataclass
class _Shard:
    shard_id: str
    parent: str | None
    skew: timedelta
    records: list[Record] = field(default_factory=list)
    is_closed: bool = False


class FakeStream:
    """One stream; its methods are those of the client."""

    def __init__(self, faults: Faults, shards: int, skew_s: float = 0.0) -> None:
        self._faults, self._chance = faults, faults.chance
        self._shards: dict[str, _Shard] = {}
        self._skew_s = skew_s
        for _ in range(shards):
            self._add(None)

    @property
    def records(self) -> list[tuple[str, Record]]:
        """(shard, record) of everything that the stream took."""
        return [(shard.shard_id, record) for shard in self._shards.values() for record in shard.records]

    def split(self) -> None:
        """Close a shard; two others take its place."""
        opened = [shard for shard in self._shards.values() if not shard.is_closed]
        parent = self._chance.choice(opened)
        parent.is_closed = True
        for _ in range(2):
            self._add(parent.shard_id)

    def describe_stream_summary(self, StreamName: str) -> dict[str, Any]:
        """See boto3."""
        return {"StreamDescriptionSummary": {"StreamARN": f"arn:aws:kinesis:::stream/{StreamName}"}}

    def list_shards(self, **_: Any) -> dict[str, Any]:
        """See boto3."""
        return {"Shards": [self._listed(shard) for shard in self._shards.values()]}

    def get_shard_iterator(self, ShardId: str, **_: Any) -> dict[str, Any]:
        """See boto3; from the horizon."""
        return {"ShardIterator": f"{ShardId}/0"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        """See boto3; a part of what there is, as Kinesis does."""
        self._faults.turns.step("stream read")
        if self._faults.choose("stream read") is not None:
            raise _client_error("ProvisionedThroughputExceededException", "GetRecords")
        shard_id, _, place = ShardIterator.rpartition("/")
        shard, first = self._shards[shard_id], int(place)
        there = len(shard.records) - first
        most = min(Limit, there) if there < 2 or self._chance.random() < 0.5 else self._chance.randint(1, there)
        found = shard.records[first : first + most]
        is_at_end = first + most == len(shard.records)
        answer: dict[str, Any] = {"Records": list(found), "MillisBehindLatest": 0 if is_at_end else 1000}
        if not (shard.is_closed and is_at_end):
            answer["NextShardIterator"] = f"{shard_id}/{first + most}"
        return answer

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        """See boto3."""
        turns = self._faults.turns
        turns.step("stream put")
        turns.note(f"puts {len(Records)} records")
        kind = self._faults.choose("stream put")
        if kind == REFUSED:
            raise _client_error("InternalFailure", "PutRecords")
        refused = set[int]()
        if kind == THROTTLED:
            refused = {number for number in range(len(Records)) if self._chance.random() < 0.5}
        taken = [record for number, record in enumerate(Records) if number not in refused]
        if kind == KILL and self._chance.random() < 0.5:
            turns.kill()
        for record in taken:
            self._take(record)
        if kind == KILL:
            turns.kill()
        if kind == LOST_ANSWER:
            raise _client_error("RequestTimeout", "PutRecords")
        return {"FailedRecordCount": len(refused), "Records": [_result(n in refused) for n in range(len(Records))]}

    def _take(self, record: dict[str, Any]) -> None:
        opened = [shard for shard in self._shards.values() if not shard.is_closed]
        number = int.from_bytes(hashlib.md5(record["PartitionKey"].encode()).digest()[:4], "big")
        shard = opened[number % len(opened)]
        shard.records.append(
            {
                "Data": record["Data"],
                "PartitionKey": record["PartitionKey"],
                "SequenceNumber": str(1000 + len(shard.records)),
                "ApproximateArrivalTimestamp": self._faults.turns.now + shard.skew,
            }
        )

    def _add(self, parent: str | None) -> None:
        shard_id = f"shardId-{len(self._shards):012d}"
        skew = timedelta(seconds=self._chance.uniform(-self._skew_s, self._skew_s))
        self._shards[shard_id] = _Shard(shard_id, parent, skew)

    def _listed(self, shard: _Shard) -> dict[str, Any]:
        ends = {"EndingSequenceNumber": "999999999"} if shard.is_closed else {}
        parent = {"ParentShardId": shard.parent} if shard.parent else {}
        return {
            "ShardId": shard.shard_id,
            "SequenceNumberRange": {"StartingSequenceNumber": "1000", **ends},
            **parent,
        }


def _result(is_refused: bool) -> dict[str, Any]:
    if is_refused:
        return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}
    return {"SequenceNumber": "1", "ShardId": "x"}


def _client_error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "injected"}}, operation)
