"""The sink of followed networks: what is sent has landed, or is counted."""

import json
from datetime import UTC, datetime
from pathlib import Path

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.local_aws.live_sink import EmbeddedSink


def test_what_is_sent_has_landed_when_send_returns(tmp_path: Path) -> None:
    """Prevents a checkpoint that is written before its events are in the lake."""
    event = json.dumps(KINDS["post"].example).encode()
    with EmbeddedSink(str(tmp_path), datetime(2026, 1, 1, tzinfo=UTC)) as sink:
        assert sink.send([(event, "a"), (event, "a"), (b"nope", "b")]) == Counts(3, 1, 1, 1)
        assert sink.send([(event, "a")]).accepted == 1
    assert len(list((tmp_path / "events").rglob("*.gz"))) == 2
    assert len(list((tmp_path / "quarantine").rglob("*.gz"))) == 1
