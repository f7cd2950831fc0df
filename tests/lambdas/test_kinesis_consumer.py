"""The consumer under what Kinesis does: retries, other splits, poison, two shards, a store that fails."""

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lambdas.kinesis_consumer.handler import consume, lambda_handler
from lambdas.kinesis_consumer.sink import FolderStore, S3Store, StoreError, store_at
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 1, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 22, 9, 59, 59, 750_000, tzinfo=UTC).timestamp()
SHARD = "shardId-000000000000"


class MemoryStore:
    """Keeps objects in a dictionary; keys that contain a word of `broken` cannot be written."""

    def __init__(self, *broken: str) -> None:
        self.objects: dict[str, bytes] = {}
        self.broken = broken

    def put(self, key: str, content: bytes) -> None:
        if any(word in key for word in self.broken):
            raise StoreError(f"{key}: no space")
        self.objects[key] = content

    def lines(self, kind: str = "events") -> list[bytes]:
        return [
            line
            for key in sorted(self.objects)
            if key.startswith(f"{kind}/")
            for line in gzip.decompress(self.objects[key]).splitlines()
        ]


def post(event_id: str, time: str = "2026-11-22T09:40:00Z") -> bytes:
    return json.dumps({**KINDS["post"].example, "event_id": event_id, "event_time": time}).encode()


def record(data: bytes, sequence: int, shard: str = SHARD, arrived: float = ARRIVED) -> dict[str, Any]:
    number = f"4959{sequence:052d}"
    return {
        "eventSource": "aws:kinesis",
        "eventID": f"{shard}:{number}",
        "kinesis": {
            "sequenceNumber": number,
            "partitionKey": "p",
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": arrived,
        },
    }


def kinesis(*records: Mapping[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def test_a_poison_record_is_quarantined_and_its_neighbours_land() -> None:
    """Prevents one bad record that blocks its shard for a day, until good records expire."""
    store = MemoryStore()
    done = consume(kinesis(record(post("a"), 1), record(b"\xff poison", 2), record(post("b"), 3)), store, START)
    assert done.failed == ()
    assert done.counts == Counts(records=3, accepted=2, duplicates=0, quarantined=1)
    assert [json.loads(line)["event_id"] for line in store.lines()] == ["a", "b"]
    (rejected,) = map(json.loads, store.lines("quarantine"))
    assert rejected["position"] == f"{SHARD}:4959{2:052d}"
    assert base64.b64decode(rejected["raw"]) == b"\xff poison"


def test_a_batch_of_nothing_but_poison_is_a_success() -> None:
    """Prevents a batch library's error when every record fails, and the endless retry that follows."""
    done = consume(kinesis(*(record(b"bad", n) for n in range(5))), MemoryStore(), START)
    assert (done.failed, done.counts.quarantined) == ((), 5)


def test_a_retried_batch_overwrites_itself() -> None:
    """Prevents the second copy that a clock in the object's name leaves."""
    store = MemoryStore()
    event = kinesis(record(post("a"), 1), record(b"bad", 2), record(post("b", "2026-11-22T08:00:00Z"), 3))
    consume(event, store, START)
    first = dict(store.objects)
    consume(event, store, START)
    assert store.objects == first
    assert len(first) == 3


def test_two_batches_in_one_second_both_land() -> None:
    """Prevents a second batch that overwrites the first because both were written in one second."""
    store = MemoryStore()
    consume(kinesis(record(post("a"), 1)), store, START)
    consume(kinesis(record(post("b"), 2)), store, START)
    assert len(store.lines()) == 2


@pytest.mark.parametrize("shards", [(SHARD, "shardId-000000000001"), (SHARD, SHARD)])
def test_equal_sequence_numbers_never_share_a_name(shards: tuple[str, str]) -> None:
    """Prevents lost records where an emulator's numbers repeat across shards, or across processes."""
    store = MemoryStore()
    for shard, name in zip(shards, ("a", "b"), strict=True):
        consume(kinesis(record(post(name), 1, shard)), store, START)
    assert len(store.lines()) == 2


def test_a_store_that_fails_asks_for_the_whole_batch_again() -> None:
    """Prevents records that are acknowledged and lost, and a retry that lands under other names."""
    event = kinesis(record(post("a"), 1), record(post("b", "2026-11-22T08:00:00Z"), 2))
    broken, sound = MemoryStore("hr=09"), MemoryStore()
    done = consume(event, broken, START)
    assert done.failed == (event["Records"][0]["kinesis"]["sequenceNumber"],)
    assert done.counts == Counts.none()
    broken.broken = ()
    assert consume(event, broken, START).failed == ()
    consume(event, sound, START)
    assert broken.objects == sound.objects


def test_a_failing_shard_leaves_the_others_alone() -> None:
    """Prevents a retry of records that have landed."""
    other = "shardId-000000000001"
    event = kinesis(record(post("a"), 1), record(post("b"), 1, other), record(post("c"), 2, other))
    done = consume(event, MemoryStore(other), START)
    assert done.failed == (event["Records"][1]["kinesis"]["sequenceNumber"],)
    assert done.counts.accepted == 1


def test_an_array_in_one_record_is_many_events() -> None:
    """Prevents 1,000 events in one pretty-printed record from being one bad line."""
    events = [json.loads(post(str(n))) for n in range(1_000)]
    store = MemoryStore()
    done = consume(kinesis(record(json.dumps([*events, {"bad": 1}], indent=4).encode(), 1)), store, START)
    assert done.counts == Counts(records=1_001, accepted=1_000, duplicates=0, quarantined=1)


def test_the_arrival_is_what_kinesis_says_not_the_clock() -> None:
    """Prevents a quarantine object that changes its hour when it is retried."""
    store = MemoryStore()
    consume(kinesis(record(b"bad", 1), record(b"bad", 2, arrived=ARRIVED + 1)), store, START)
    assert sorted(key.rpartition("/")[0] for key in store.objects) == [
        "quarantine/dt=2026-11-22/hr=09",
        "quarantine/dt=2026-11-22/hr=10",
    ]


def test_data_that_is_not_even_base64_is_quarantined() -> None:
    """Prevents a decoding error that is retried indefinitely."""
    broken = record(b"", 1)
    broken["kinesis"]["data"] = "é not base64"
    assert consume(kinesis(broken), MemoryStore(), START).counts.quarantined == 1


stream = st.lists(
    st.sampled_from("abcdef").map(lambda name: post(name)) | st.binary(min_size=1, max_size=9),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(stream, st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=6))
def test_any_resplit_of_a_stream_lands_the_same_distinct_lines(
    data: list[bytes], pieces: list[tuple[int, int]]
) -> None:
    """Prevents exactly-once that holds only while batches are never cut differently (bisect, partial failure)."""
    records = [record(raw, n) for n, raw in enumerate(data)]
    whole, resplit = MemoryStore(), MemoryStore()
    consume(kinesis(*records), whole, START)
    for first, size in pieces:
        if part := records[first : first + size]:
            consume(kinesis(*part), resplit, START)
    consume(kinesis(*records[: len(records) // 2]), resplit, START)
    if rest := records[len(records) // 2 :]:
        consume(kinesis(*rest), resplit, START)
    for kind in ("events", "quarantine"):
        assert set(resplit.lines(kind)) == set(whole.lines(kind))
    assert len(set(whole.lines())) == len(whole.lines())


def test_the_handler_answers_from_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a handler that only works when someone wires it by hand."""
    monkeypatch.setenv("LANDING_URI", f"file:{tmp_path}/landing")
    monkeypatch.setenv("SOCIALSENT_START", "2026-11-22T09:00Z")
    event = kinesis(record(post("a"), 1), record(post("b", "2026-11-22T08:59:59Z"), 2))
    assert lambda_handler(event, None) == {"batchItemFailures": []}
    landed = sorted(p.relative_to(tmp_path / "landing").parts[:3] for p in (tmp_path / "landing").rglob("*.gz"))
    assert landed == [("events", "dt=2026-11-22", "hr=09"), ("quarantine", "dt=2026-11-22", "hr=09")]


def test_a_full_disk_is_an_item_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a record that is acknowledged although nothing could be written, and a half object left behind."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lambdas.kinesis_consumer.sink.os.replace", full)
    monkeypatch.setenv("LANDING_URI", str(tmp_path))
    event = kinesis(record(post("a"), 7))
    answer = lambda_handler(event, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["kinesis"]["sequenceNumber"]}]}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_store_leaves_equal_objects_untouched(tmp_path: Path) -> None:
    """Prevents a retry that makes an unchanged hour look new to someone who watches file times."""
    store = FolderStore(tmp_path)
    store.put("a/b.gz", b"one")
    before = (tmp_path / "a/b.gz").stat().st_mtime_ns
    store.put("a/b.gz", b"one")
    assert (tmp_path / "a/b.gz").stat().st_mtime_ns == before
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.gz"]


def test_objects_land_in_a_bucket_under_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents keys that differ between a folder and a bucket, and a missing bucket that counts as success."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        store = S3Store("lake", "landing/", client)
        event = kinesis(record(post("a"), 1))
        assert consume(event, store, START).failed == ()
        (entry,) = client.list_objects_v2(Bucket="lake")["Contents"]
        assert entry["Key"].startswith(f"landing/events/dt=2026-11-22/hr=09/{SHARD}-4959")
        assert len(consume(event, S3Store("nowhere", "", client), START).failed) == 1


def test_the_store_is_chosen_by_uri_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a client per invocation, which costs more than the batch."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    store = store_at("s3://bucket-of-this-test/a/b")
    assert isinstance(store, S3Store)
    assert (store.bucket, store.prefix) == ("bucket-of-this-test", "a/b/")
    assert store_at("s3://bucket-of-this-test/a/b") is store
    assert store_at(str(tmp_path)).root == store_at(f"file://{tmp_path}").root  # type: ignore[attr-defined]
    for uri in ("", "s3://", "gs://bucket"):
        with pytest.raises(ValueError, match="LANDING_URI"):
            store_at(uri)


def test_the_consumer_runs_on_the_standard_library_alone(tmp_path: Path) -> None:
    """Prevents a zip that fails at its first record: under -S no installed package is found."""
    code = (
        "import json, sys\n"
        "from lambdas.kinesis_consumer.handler import lambda_handler\n"
        "print(json.dumps(lambda_handler(json.load(sys.stdin), None)))\n"
        "print([name for name in sys.modules if name.startswith('boto')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        input=json.dumps(kinesis(record(post("a"), 1), record(b"bad", 2))),
        env={"PYTHONPATH": str(ROOT), "LANDING_URI": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == ['{"batchItemFailures": []}', "[]"], done.stderr
    assert len([path for path in tmp_path.rglob("*.gz") if path.is_file()]) == 2
