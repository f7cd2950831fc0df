"""The event that a record of the mock network carries: envelope, data and what it is about.

Not here: words (texts.py), references to other records (world.py), broken records (faults.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from socialsent_assets.simulator.chance import dice, fraction, hex_name, pick
from socialsent_assets.simulator.people import person, profile
from socialsent_assets.simulator.roles import Role, count_before, number_of, role_of
from socialsent_assets.simulator.schedule import time_at
from socialsent_assets.simulator.texts import edited
from socialsent_assets.simulator.topics import TOPICS
from socialsent_assets.simulator.world import (
    World,
    a_post,
    author_of,
    comment_id,
    draft,
    moment,
    post_id,
    someone,
    utterance,
)

_REDELIVERED_BACK = 60  # scale, in records, of how far back a redelivery reaches
_RECENT_EDITS = 60  # scale, in posts or comments, of how far back people edit and delete
_OFFSETS_HOURS = (1, 2, -5, 9)
_ACTIONS = ("like",) * 11 + ("share",) * 3 + ("comment",) * 2 + ("follow",) * 3


@dataclass(frozen=True)
class Happening:
    """One event before it has an envelope: `about` is the post or person that decides its shard."""

    event_type: str
    data: dict[str, object]
    about: str


def event_of(world: World, number: int) -> tuple[dict[str, object], str]:
    """The event (a JSON object) of a record that is no fault, and what it is about.

    A redelivery is the very event of an earlier record.
    """
    if role_of(world.seed, number) is Role.REDELIVERY:
        number = _redelivered(world, number)
    happening = _happening(world, number)
    event = {
        "schema_version": 1,
        "event_id": hex_name(world.feed, "event", number, digits=32),
        "event_type": happening.event_type,
        "event_time": _written_time(world, number),
        "source": "mock",
        "data": happening.data,
    }
    return event, happening.about


def _happening(world: World, number: int) -> Happening:
    match role_of(world.seed, number):
        case Role.INTRODUCTION:
            return _introduction(world, number)
        case Role.PROFILE_UPDATE:
            return _profile_update(world, number)
        case Role.POST:
            return _post(world, number)
        case Role.COMMENT:
            return _comment(world, number)
        case Role.EDIT:
            return _edit(world, number)
        case Role.DELETION:
            return _deletion(world, number)
        case _:
            return _interaction(world, number)


def _redelivered(world: World, number: int) -> int:
    back = int(-math.log(1 - fraction(world.feed, "again", number)) * _REDELIVERED_BACK) % number
    earlier = number - 1 - back
    while role_of(world.seed, earlier) in (Role.REDELIVERY, Role.FAULT):
        earlier -= 1  # ends: the feed opens with introductions
    return earlier


def _introduction(world: World, number: int) -> Happening:
    newcomer = person(world.seed, count_before(world.seed, Role.INTRODUCTION, number))
    return Happening("user", profile(newcomer, None), newcomer.user_id)


def _profile_update(world: World, number: int) -> Happening:
    rng = dice(world.feed, "profile", number)
    somebody = person(world.seed, someone(world, rng, moment(world, number).as_of))
    return Happening("user", profile(somebody, rng), somebody.user_id)


def _post(world: World, number: int) -> Happening:
    spoken, words = utterance(world, number), draft(world, number)
    rng = dice(world.feed, "extras", number)
    data: dict[str, object] = {
        "post_id": post_id(world, spoken.post),
        "author_id": person(world.seed, spoken.author).user_id,
        "text": words.text,
    }
    if words.lang != "en" or rng.random() < 0.9:
        data["lang"] = words.lang
    if rng.random() < 0.88:
        data["topic"] = TOPICS[spoken.topic].name
    if words.hashtags:
        data["hashtags"] = list(words.hashtags)
    if rng.random() < 0.22:
        data["place"] = pick(rng, TOPICS[spoken.topic].places)
    return Happening("post", data, str(data["post_id"]))


def _comment(world: World, number: int) -> Happening:
    spoken, words = utterance(world, number), draft(world, number)
    data: dict[str, object] = {
        "comment_id": comment_id(world, number),
        "post_id": post_id(world, spoken.post),
        "author_id": person(world.seed, spoken.author).user_id,
        "text": words.text,
    }
    if spoken.answers is not None and role_of(world.seed, spoken.answers) is Role.COMMENT:
        data["parent_comment_id"] = comment_id(world, spoken.answers)
    if words.lang != "en" or fraction(world.feed, "tagged", number) < 0.8:
        data["lang"] = words.lang
    return Happening("comment", data, str(data["post_id"]))


def _edit(world: World, number: int) -> Happening:
    rng = dice(world.feed, "edit", number)
    original = _recent_utterance(world, rng, number, parity=0)
    before = _happening(world, original)
    text = edited(rng, utterance(world, original).topic, draft(world, original))
    return Happening(before.event_type, {**before.data, "text": text}, before.about)


def _deletion(world: World, number: int) -> Happening:
    rng = dice(world.feed, "deletion", number)
    original = _recent_utterance(world, rng, number, parity=1)
    before = _happening(world, original)
    ids = {name: before.data[name] for name in ("comment_id", "post_id") if name in before.data}
    return Happening(before.event_type, {**ids, "deleted": True}, before.about)


def _recent_utterance(world: World, rng: Random, number: int, parity: int) -> int:
    """Number of a recent post or comment; edits take even ordinals and deletions odd ones, so that no edit
    ever follows a deletion.
    """
    as_of = moment(world, number).as_of
    role = Role.COMMENT if rng.random() < 0.4 and count_before(world.seed, Role.COMMENT, as_of) >= 2 else Role.POST
    pairs = count_before(world.seed, role, as_of) // 2
    back = int(-math.log(1 - rng.random()) * _RECENT_EDITS / 2) % pairs
    return number_of(world.seed, role, 2 * (pairs - 1 - back) + parity)


def _interaction(world: World, number: int) -> Happening:
    rng = dice(world.feed, "interaction", number)
    as_of = moment(world, number).as_of
    actor: str | int = person(world.seed, someone(world, rng, as_of)).user_id
    post = a_post(world, rng, as_of)
    author = author_of(world, number_of(world.seed, Role.POST, post)).user_id
    action = pick(rng, _ACTIONS)
    if rng.random() < 0.02:
        actor = int(actor)  # some clients send ids as numbers
    data: dict[str, object] = {
        "interaction_id": "i" + hex_name(world.feed, "interaction", number, digits=16),
        "action": action,
        "actor_id": actor,
    }
    if action == "follow":
        data["target_user_id"] = author
        return Happening("interaction", data, author)
    data["post_id"] = post_id(world, post)
    if rng.random() < 0.5:
        data["target_user_id"] = author
    return Happening("interaction", data, str(data["post_id"]))


def _written_time(world: World, number: int) -> str:
    """RFC 3339 with milliseconds; one in fifty as a local time with its offset."""
    time = time_at(moment(world, number).at_ms)
    throw = fraction(world.feed, "offset", number) * 50
    if throw >= 1:
        return _rfc3339(time).replace("+00:00", "Z")
    return _rfc3339(time.astimezone(timezone(timedelta(hours=_OFFSETS_HOURS[int(throw * 4)]))))


def _rfc3339(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def utc_text(milliseconds: int) -> str:
    """A time in milliseconds since 1970 as RFC 3339 in UTC."""
    return _rfc3339(time_at(milliseconds).astimezone(UTC)).replace("+00:00", "Z")
