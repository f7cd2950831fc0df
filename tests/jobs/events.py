"""Events for the jobs' tests, written out by hand, and what the cleansed tables should hold: an oracle.

The oracle repeats the contract in plain Python without the code under test: no Spark, no kinds/, no line_rules.

Not here: writing them into a lake (tests/conftest.py).
"""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

HOUR = "2026-11-22-09:00"
_NUMBERS = itertools.count(1)
_IDS = {
    "post": "post_id",
    "comment": "comment_id",
    "user": "user_id",
    "interaction": "interaction_id",
    "deletion": "subject_id",
    "moderation_label": "subject_id",
}
_NEEDED = {
    "post": ("post_id", "author_id", "text"),
    "comment": ("comment_id", "post_id", "author_id", "text"),
    "user": ("user_id", "user_name"),
    "interaction": ("interaction_id", "action", "actor_id"),
    "deletion": ("subject_id",),
    "moderation_label": ("subject_id", "labeler_id", "label_value"),
}


def event(kind: str, data: dict[str, Any], hour: str = HOUR, **envelope: Any) -> dict[str, Any]:
    """An event in the middle of an hour with an id of its own; `envelope` replaces what is given."""
    time = datetime.strptime(hour, "%Y-%m-%d-%H:%M").replace(tzinfo=UTC) + timedelta(minutes=30)
    return {
        "schema_version": 1,
        "event_id": f"e-{next(_NUMBERS)}",
        "event_type": kind,
        "event_time": stamp(time),
        "source": "test",
        "data": data,
        **envelope,
    }


def post(hour: str = HOUR, **data: Any) -> dict[str, Any]:
    return event("post", {"post_id": "p-1", "author_id": "u-1", "text": "fine", **data}, hour)


def comment(hour: str = HOUR, **data: Any) -> dict[str, Any]:
    given = {"comment_id": "c-1", "post_id": "p-1", "author_id": "u-1", "text": "fine", **data}
    return event("comment", given, hour)


def user(hour: str = HOUR, **data: Any) -> dict[str, Any]:
    return event("user", {"user_id": "u-1", "user_name": "ann", **data}, hour)


def interaction(hour: str = HOUR, **data: Any) -> dict[str, Any]:
    given = {"interaction_id": "i-1", "action": "like", "actor_id": "u-1", "post_id": "p-1", **data}
    return event("interaction", given, hour)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def random_lines(seed: int, count: int, hour: str) -> list[str]:
    """Lines of an hour: all kinds, redeliveries, copies with another time or content, and broken ones."""
    chance = random.Random(seed)
    start = datetime.strptime(hour, "%Y-%m-%d-%H:%M").replace(tzinfo=UTC)
    lines: list[str] = []
    for number in range(count):
        made = _random_event(chance, f"{hour}-{number}", start)
        lines.append(_line(made))
        if chance.random() < 0.1:
            lines.append(lines[-1])
        if chance.random() < 0.05:
            lines.append(_line({**made, "event_time": stamp(start + timedelta(seconds=chance.randrange(3600)))}))
        if chance.random() < 0.05:
            lines.append(_line(_broken(chance, made)))
        if chance.random() < 0.05:
            lines.append(lines[-1][: chance.randrange(1, len(lines[-1]))])
    chance.shuffle(lines)
    return lines


def _random_event(chance: random.Random, number: str, start: datetime) -> dict[str, Any]:
    text = " ".join(chance.choices(["NOT", "good", "😀", "schlecht", "…", "&amp;", "https://t.co/x", "#Fun"], k=6))
    kind, data = chance.choice(
        [
            ("post", {"text": text, "author_id": "u", "lang": chance.choice(["en", "DE"]), "hashtags": ["#A", "b"]}),
            ("comment", {"text": text, "author_id": "u", "post_id": "p-0"}),
            ("user", {"user_name": f"n{number}", "age": chance.randrange(131), "joined_at": stamp(start)}),
            ("interaction", {"action": "follow", "actor_id": "u", "target_user_id": "u-2"}),
            ("deletion", chance.choice([{}, {"subject_kind": "user", "restored": True}])),
            ("moderation_label", {"labeler_id": "m", "label_value": chance.choice(["spam", "!hide"])}),
        ]
    )
    time = stamp(start + timedelta(microseconds=chance.randrange(3_600_000_000)))
    made = event(kind, {_IDS[kind]: f"x-{number}", **data}, event_time=time)  # type: ignore[dict-item]
    return {**made, "event_id": f"id-{number}"}


def _broken(chance: random.Random, good: dict[str, Any]) -> dict[str, Any]:
    """A copy with the same event_id that breaks a rule: it must not beat the good one."""
    changes: list[dict[str, Any]] = [
        {"schema_version": 2},
        {"event_type": "poll"},
        {"event_time": "yesterday"},
        {"event_time": "2026-11-25T00:00:00.000000Z"},
        {"event_time": good["event_time"].rstrip("Z")},
        {"source": None},
        {"data": {key: value for key, value in good["data"].items() if key != _IDS[good["event_type"]]}},
        {"data": {**good["data"], _IDS[good["event_type"]]: ""}},
    ]
    return {**good, **chance.choice(changes)}


def _line(event_: dict[str, Any]) -> str:
    return json.dumps(event_, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def judge(line: str, hour: str) -> tuple[dict[str, Any] | None, str]:
    """The event if it is good, else the reason."""
    try:
        value = json.loads(line)
    except ValueError:
        return None, "not_json"
    if not isinstance(value, dict):
        return None, "not_an_object"
    if any(value.get(name) is None for name in ("schema_version", "event_id", "event_type", "event_time", "source")):
        return None, "missing_field"
    if value["schema_version"] != 1:
        return None, "unsupported_schema_version"
    if value["event_type"] not in _NEEDED:
        return None, "unknown_event_type"
    try:
        time = datetime.fromisoformat(value["event_time"])
    except ValueError:
        return None, "invalid_field"
    if time.tzinfo is None:
        return None, "invalid_field"
    if time.astimezone(UTC).strftime("%Y-%m-%d-%H:00") != hour:
        return None, "event_time_out_of_range"
    data = value["data"]
    if any(data.get(name) is None for name in _NEEDED[value["event_type"]]):
        return None, "missing_field"
    if any(data[name] == "" for name in _NEEDED[value["event_type"]] if name.endswith("_id")):
        return None, "invalid_field"
    return value, ""


def expected(lines: list[str], hour: str) -> tuple[dict[tuple[str, str], dict[str, Any]], Counter[str], int]:
    """{(event type, event_id): the event that is kept}, lines by reason, number of repeats dropped."""
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    reasons: Counter[str] = Counter()
    good_lines = 0
    for line in lines:
        value, reason = judge(line, hour)
        if value is None:
            reasons[reason] += 1
            continue
        good_lines += 1
        key = (value["event_type"], value["event_id"])
        if key not in kept or _order(value) > _order(kept[key]):
            kept[key] = value
    return kept, reasons, good_lines - len(kept)


def _order(value: dict[str, Any]) -> tuple[str, str]:
    return value["event_time"], _line(value)
