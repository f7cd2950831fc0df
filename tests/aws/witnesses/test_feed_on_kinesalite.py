"""The feed, both Lambdas and the event source mapping on a Kinesis that other people wrote.

moto's streams are ACTIVE as soon as they are made, and its sequence numbers repeat; kinesalite's are as AWS'.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.local_aws import feed
from socialsent_assets.local_aws.feed import FeedPlan, simulate
from socialsent_assets.local_aws.server import EmbeddedAws
from tests.aws.witnesses.servers import kinesis

pytestmark = pytest.mark.aws

PLAN = FeedPlan(events=600, hours=2, seed=7, until=datetime(2026, 11, 20, 12, tzinfo=UTC))
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kinesis() as found:
        yield found


@pytest.fixture
def on_kinesalite(address: str, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAws:
    """The feed's server is kinesalite."""
    other = EmbeddedAws(address)

    @contextmanager
    def running() -> Iterator[EmbeddedAws]:
        yield other

    monkeypatch.setattr(feed, "embedded_aws", running)
    return other


def test_a_feed_lands_whole_and_is_the_same_on_either_kinesis(
    on_kinesalite: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a feed that only works where a stream can be used before it is ACTIVE or leaves one behind."""
    result = simulate(PLAN, str(tmp_path / "kinesalite"), START)
    assert result.sent == result.counts.records >= PLAN.events
    assert result.dead_lettered == 0
    wait_until_streams_are_deleted(on_kinesalite)

    monkeypatch.undo()
    simulate(PLAN, str(tmp_path / "moto"), START)
    assert contents(tmp_path / "kinesalite") == contents(tmp_path / "moto")


def wait_until_streams_are_deleted(server: EmbeddedAws) -> None:
    """Await the end of every stream, which is DELETING when DeleteStream answers. WaiterError if one stays."""
    client = server.client("kinesis")
    for name in client.list_streams()["StreamNames"]:
        client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def contents(root: Path) -> dict[str, list[bytes]]:
    """Hour or folder -> landed lines, sorted: names and order of objects follow from sequence numbers."""
    lines: dict[str, list[bytes]] = {}
    for path in root.rglob("*.gz"):
        found = gzip.decompress(path.read_bytes())
        # A quarantined record has its position on the stream.
        found = re.sub(rb'"shardId-\d+:\d+"', b'"position"', found)
        lines.setdefault(path.parent.relative_to(root).as_posix(), []).extend(found.splitlines())
    return {folder: sorted(found) for folder, found in lines.items()}


def test_what_went_wrong_is_raised_and_not_that_the_stream_cannot_be_deleted(
    on_kinesalite: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents an answer about a stream in the place of the one about the disk."""

    def gone(*_: object, **__: object) -> None:
        kinesis_client = on_kinesalite.client("kinesis")
        for name in kinesis_client.list_streams()["StreamNames"]:
            kinesis_client.delete_stream(StreamName=name)
        raise OSError("the disk is gone")

    monkeypatch.setattr(feed, "tick", gone)
    with pytest.raises(OSError, match="the disk is gone"):
        simulate(PLAN, str(tmp_path), START)
