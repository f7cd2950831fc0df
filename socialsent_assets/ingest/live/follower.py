"""Following a network: frames into events, events to the producer side in batches, a checkpoint after each batch.

Records offered = sent on + filtered + unreadable; unreadable ones are sent on as they came, so that the consumer
quarantines them with their bytes. A slow sink slows the reading: there is no queue that could grow.

Not here: connections (connection.py), Kinesis and the consumer (the sink that is passed in).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.draft import seal
from socialsent_assets.domain.events.event import Event, Rejection
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.domain.events.strict_json import read
from socialsent_assets.ingest.live.checkpoint import Checkpoint
from socialsent_assets.ingest.live.connection import Connection, DisconnectedError, Frame, Gap
from socialsent_assets.ingest.reading import source_record

BATCH_RECORDS = 500
BATCH_AGE = timedelta(seconds=2)
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Sink(Protocol):
    """The producer side: takes events and returns the consumer's counts."""

    def send(self, events: list[tuple[bytes, str]]) -> Counts:
        """Send (event, partition key) pairs; returns when they have landed or the stream has taken them."""
        ...


@dataclass(frozen=True)
class Wanted:
    """Which texts are wanted; what is no text of a person (a like, a deletion) always is.

    Attributes:
        words: lower-case words of which a text holds one; () for all.
        langs: language codes; () for all.
    """

    words: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()

    def accepts(self, event: Event) -> bool:
        """Whether an event is kept."""
        text = event.data.get("text")
        if not isinstance(text, str):
            return True
        lang = str(event.data.get("lang", "")).partition("-")[0]
        if self.langs and lang not in self.langs:
            return False
        return not self.words or any(word in text.lower() for word in self.words)


@dataclass
class Followed:
    """What following has done so far.

    Attributes:
        offered: records that the server sent.
        filtered: of them, those without an event in the contract or that are not wanted.
        counts: of the events that were sent on.
        gaps: stretches that are not in the lake.
        reconnects: how often a connection had to be made again.
        cursor: its position.
        newest: time of the newest record.
    """

    offered: int = 0
    filtered: int = 0
    counts: Counts = field(default_factory=Counts.none)
    gaps: list[Gap] = field(default_factory=list)
    reconnects: int = 0
    cursor: str = ""
    newest: datetime | None = None


@dataclass
class Follower:
    """The loop around a connection.

    Attributes:
        connection: what is followed.
        sink: where events go.
        checkpoint: where it went on from, and will.
        wanted: which texts are kept.
        clock: aware now.
        wait: sleeps that many seconds; True ends the following.
        on_gap: called with each gap.
        progress: called after each batch.
    """

    connection: Connection
    sink: Sink
    checkpoint: Checkpoint
    wanted: Wanted
    clock: Callable[[], datetime]
    wait: Callable[[float], bool]
    on_gap: Callable[[Gap], None]
    progress: Callable[[Followed], None] = lambda _: None
    done: Followed = field(default_factory=Followed)
    start: datetime = HISTORY_START

    def run(self, until: datetime | None = None) -> Followed:
        """Follow until `wait` returns true, or until that time. Raises UserError for a permanent error."""
        self.done.cursor = self.checkpoint.read()
        pause = FIRST_PAUSE_S
        while True:
            self._note_gap(self.connection.gap(self.done.cursor, self.clock()))
            before = self.done.offered
            try:
                if self._connected(until):
                    return self.done
                asked: float | None = None
            except DisconnectedError as error:
                asked = error.wait_s
            self.done.reconnects += 1
            pause = FIRST_PAUSE_S if self.done.offered > before else min(2 * pause, LONGEST_PAUSE_S)
            if self.wait(pause if asked is None else asked) or _is_over(until, self.clock()):
                return self.done

    def _note_gap(self, reason: str) -> None:
        if reason and self.done.cursor:
            gap = Gap(self.connection.key, self.done.cursor, reason, self.clock())
            self.done.gaps.append(gap)
            self.on_gap(gap)

    def _connected(self, until: datetime | None) -> bool:
        """Read one connection to its end; True if the following is over."""
        batch: list[Frame] = []
        began = self.clock()
        frames: Iterator[Frame] = self.connection.frames(self.done.cursor)
        try:
            for frame in frames:
                self._note_gap(frame.lost_before)
                batch.append(frame)
                now = self.clock()
                # The end is looked at between batches, so that what is there already comes along.
                is_over = not frame.raw and _is_over(until, now)
                if is_over or len(batch) >= BATCH_RECORDS or now - began >= BATCH_AGE:
                    whole, batch, began = batch, [], now
                    self._send(whole, now)
                    if self.wait(0) or _is_over(until, now):
                        return True
        finally:
            if batch:
                self._send(batch, self.clock())
        return False

    def _send(self, frames: list[Frame], now: datetime) -> None:
        events: list[tuple[bytes, str]] = []
        for frame in frames:
            if not frame.raw:
                continue
            self.done.offered += 1
            made = self._events(frame, now)
            self.done.filtered += not made
            events += made
            if frame.time is not None:
                self.done.newest = max(frame.time, self.done.newest or frame.time)
        if events:
            self.done.counts += self.sink.send(events)
        last = next((frame.cursor for frame in reversed(frames) if frame.cursor), "")
        if last:
            self.done.cursor = last
            self.checkpoint.write(last, now, self.done.newest)
        self.progress(self.done)

    def _events(self, frame: Frame, now: datetime) -> list[tuple[bytes, str]]:
        record = self._record(frame.raw)
        if record.rejection is not None:
            return [(frame.raw, "unreadable")]
        if record.drafts is None:
            return [(frame.raw, "event")]
        try:
            sealed = [seal(draft, now, self.start)[0] for draft in record.drafts]
        except RefusalError:
            return [(frame.raw, "unreadable")]
        return [(event.line, _about(event)) for event in sealed if self.wanted.accepts(event)]

    def _record(self, raw: bytes) -> SourceRecord:
        if self.connection.source is None:
            return SourceRecord(raw, "")
        try:
            value = read(raw)
        except RefusalError as error:
            return SourceRecord(raw, "", rejection=Rejection(error.reason, error.detail, raw))
        return source_record(raw, "", value if isinstance(value, dict) else {}, self.connection.source.drafts)


def summary_json(done: Followed) -> str:
    """What was done, for programs."""
    counts = done.counts
    return json.dumps(
        {
            "offered": done.offered,
            "filtered": done.filtered,
            "sent": counts.records,
            "landed": counts.accepted,
            "duplicates": counts.duplicates,
            "quarantined": counts.quarantined,
            "gaps": len(done.gaps),
            "reconnects": done.reconnects,
            "cursor": done.cursor,
        }
    )


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is not None and now >= until


def _about(event: Event) -> str:
    """Partition key: all about one text in order on one shard."""
    data = event.data
    for name in ("post_id", "comment_id", "user_id", "actor_id", "subject_id"):
        if data.get(name):
            return str(data[name])
    return event.event_id
