"""Records that a schedule sends, and what each of them is: the truth that every tier is compared with.

Written by hand from the contract, without the code under test: events of all kinds at the edges of hours, edits,
tombstones, deletions and labels before and after their texts, spellings of one event, arrays, gzip, empty records.

Not here: how they are sent (schedule.py), the comparison (oracle.py).
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from socialsent_assets.domain.events.layout import EventHour

ID_OF = {
    "post": "post_id",
    "comment": "comment_id",
    "user": "user_id",
    "interaction": "interaction_id",
    "deletion": "subject_id",
    "moderation_label": "subject_id",
}
TEXTS = ("so happy 🚋", "NOT good at all", "líne\u2028sep", '"q" \\ back', "tab\there", "fine &amp; dandy", "b" * 200)


@dataclass(frozen=True)
class SentEvent:
    """A valid event as it has to be in the end."""

    event_id: str
    kind: str
    time: datetime
    data: dict[str, Any]

    @property
    def hour(self) -> EventHour:
        """The hour that it belongs to."""
        return EventHour.of(self.time)

    def names(self, identity: str) -> bool:
        """Whether an id field has this value."""
        return any(name.endswith("_id") and value == identity for name, value in self.data.items())


@dataclass(frozen=True)
class SentRecord:
    """A record of the stream: `holds` has the id of each event in it, and None for each part that is none."""

    raw: bytes
    about: str
    holds: tuple[str | None, ...]


@dataclass
class Sent:
    """Everything that a schedule sends."""

    events: dict[str, SentEvent] = field(default_factory=dict)
    records: list[SentRecord] = field(default_factory=list)


def made_up(chance: Random, seed: int, hours: list[EventHour], count: int) -> Sent:
    """About `count` records whose events fall into these hours."""
    sent, maker = Sent(), _Maker(chance, seed, hours)
    while len(sent.records) < count:
        kind = chance.random()
        if kind < 0.78:
            one = maker.event(sent)
            sent.records.append(SentRecord(maker.spelled(one), _about(one), (one.event_id,)))
            if chance.random() < 0.15:
                sent.records.append(SentRecord(maker.spelled(one), _about(one), (one.event_id,)))
        elif kind < 0.88:
            several = [maker.event(sent) for _ in range(chance.randint(1, 3))]
            parts: list[tuple[bytes, str | None]] = [(maker.plain(one), one.event_id) for one in several]
            if chance.random() < 0.5:
                parts.insert(chance.randrange(len(parts) + 1), (maker.poison_object(), None))
            raw = b"[" + b",".join(raw for raw, _ in parts) + b"]"
            sent.records.append(SentRecord(raw, _about(several[0]), tuple(holds for _, holds in parts)))
        elif kind < 0.98:
            sent.records.append(SentRecord(maker.poison(), str(chance.randrange(5)), (None,)))
        else:
            sent.records.append(SentRecord(b" \n ", "0", ()))
    if chance.random() < 0.4:
        chance.shuffle(sent.records)
    return sent


def _about(event: SentEvent) -> str:
    return str(event.data.get("post_id") or event.data.get("user_id") or event.data.get("subject_id") or "x")


class _Maker:
    def __init__(self, chance: Random, seed: int, hours: list[EventHour]) -> None:
        self._chance, self._seed, self._hours = chance, seed, hours
        self._numbers = 0

    def event(self, sent: Sent) -> SentEvent:
        number, chance = self._number(), self._chance
        hour = chance.choice(self._hours).start
        edge = chance.random()
        offset = 0 if edge < 0.15 else 3_599_999_999 if edge < 0.3 else chance.randrange(3_600_000_000)
        kind = chance.choices(list(ID_OF), [5, 4, 1, 2, 2, 1])[0]
        texts = [e for e in sent.events.values() if e.kind in ("post", "comment")]
        data = self._data(kind, number, texts)
        made = SentEvent(f"e{self._seed}-{number}", kind, hour + timedelta(microseconds=offset), data)
        sent.events[made.event_id] = made
        return made

    def _data(self, kind: str, number: int, texts: list[SentEvent]) -> dict[str, Any]:
        chance, author = self._chance, f"u{self._seed}-{self._chance.randrange(4)}"
        if kind == "user":
            return {"user_id": author, "user_name": f"name {number}"}
        if kind == "interaction":
            about = chance.choice(texts).data["post_id"] if texts else f"p{self._seed}-1"
            return {
                "interaction_id": f"i{self._seed}-{number}",
                "action": "like",
                "actor_id": author,
                "post_id": about,
            }
        if kind == "moderation_label":
            value, labeler = chance.choice(["!takedown", "!hide", "spam"]), chance.choice(["m1", "m2"])
            said = {"labeler_id": f"{labeler}-{self._seed}", "label_value": value, "withdrawn": chance.random() < 0.3}
            return {**self._data("deletion", number, texts), **said}
        if kind == "deletion":
            if texts and chance.random() < 0.8:
                gone = chance.choice(texts)
                subject = {"subject_id": gone.data[ID_OF[gone.kind]]}
                return subject if chance.random() < 0.5 else {**subject, "subject_kind": gone.kind}
            if chance.random() < 0.5:
                return {"subject_id": f"p{self._seed}-{number + chance.randrange(4)}"}  # perhaps of a later text
            return {"subject_id": author, "subject_kind": "user"}
        text = f"{number} {chance.choice(TEXTS)}"
        edited = [one for one in texts if one.kind == kind]
        if edited and chance.random() < 0.2:
            ids = {name: value for name, value in chance.choice(edited).data.items() if name.endswith("_id")}
            return {**ids, "text": text, **({"deleted": True} if chance.random() < 0.3 else {})}
        if kind == "post":
            return {"post_id": f"p{self._seed}-{number}", "author_id": author, "text": text, "lang": "en"}
        about = chance.choice(texts).data["post_id"] if texts else f"p{self._seed}-1"
        return {"comment_id": f"c{self._seed}-{number}", "post_id": about, "author_id": author, "text": text}

    def plain(self, event: SentEvent) -> bytes:
        return json.dumps(self._envelope(event)).encode()

    def spelled(self, event: SentEvent) -> bytes:
        """One of many spellings of the same event."""
        chance = self._chance
        text = json.dumps(
            self._envelope(event),
            ensure_ascii=chance.random() < 0.5,
            indent=chance.choice([None, None, 1]),
            sort_keys=chance.random() < 0.5,
        )
        raw = text.encode()
        return gzip.compress(raw, mtime=0) if chance.random() < 0.1 else raw

    def _envelope(self, event: SentEvent) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "event_id": event.event_id,
            "event_type": event.kind,
            "event_time": self._time(event.time),
            "source": "faults",
            "data": event.data,
        }

    def _time(self, time: datetime) -> str:
        if self._chance.random() < 0.6:
            return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
        offset = self._chance.choice([-11, -5, 1, 9, 13])
        return (time + timedelta(hours=offset)).replace(tzinfo=None).isoformat() + f"{offset:+03d}:00"

    def poison(self) -> bytes:
        """A record that is no event, unlike any other."""
        number, chance = self._number(), self._chance
        mark = f"bad{self._seed}.{number}"
        far = chance.choice(["2025-05-01T00:00:00Z", "2031-05-01T00:00:00Z", "2026-05-01T00:00:00"])
        data = {"subject_id": mark}
        envelope = {"schema_version": 1, "event_id": mark, "event_type": "deletion", "source": "f", "data": data}
        kinds: list[bytes] = [
            b"\xff\xfe" + mark.encode(),
            b'{"a": "' + mark.encode(),
            b'{"a": NaN, "k": "' + mark.encode() + b'"}',
            b'"text ' + mark.encode() + b'"',
            json.dumps({**envelope, "event_time": far}).encode(),
            json.dumps({**envelope, "event_time": "2026-11-22T09:00:00Z", "schema_version": 2}).encode(),
            b"\x1f\x8b cut " + mark.encode(),
        ]
        return chance.choice(kinds)

    def poison_object(self) -> bytes:
        return json.dumps({"k": f"bad{self._seed}.{self._number()}"}).encode()

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
