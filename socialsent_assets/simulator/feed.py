"""A seeded feed that looks like a real network: what arrives in each minute, as bytes.

`mock_feed` is a whole planned feed; `minute_of_feed` is one minute of it, for a scheduled tick that keeps
nothing between two calls. Both are the same records, because a record is a function of its number.

Not here: who speaks about what (world.py), Kinesis (lambdas/mock_server).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from socialsent_assets.simulator.chance import dice, fraction, pick
from socialsent_assets.simulator.events import event_of
from socialsent_assets.simulator.faults import broken, dumps
from socialsent_assets.simulator.phrases import MOODS
from socialsent_assets.simulator.roles import Role, role_of
from socialsent_assets.simulator.schedule import (
    MINUTE_MS,
    Pace,
    SteadyPace,
    minute_at,
    planned_pace,
    time_at,
)
from socialsent_assets.simulator.world import World, comment_id, draft, post_id, utterance

__all__ = ["FeedRecord", "LabelRow", "label_rows", "minute_of_feed", "mock_feed", "planned_world", "steady_world"]

_FAULT_SHARE = 0.3  # of the one slot in a hundred that may be broken
_LABEL_SHARE = 0.08
_LABEL_NOISE = 0.08
_ANNOTATORS = ("annotator-1", "annotator-2", "annotator-3", "annotator-4")

LabelRow = dict[str, str]


@dataclass(frozen=True)
class FeedRecord:
    """One record: its bytes, what it is about (a post or user id) and when it reaches the stream (UTC)."""

    raw: bytes
    about: str
    arrived_at: datetime


@lru_cache(maxsize=4)
def planned_world(seed: int, until: datetime, hours: int, events: int) -> World:
    """The network of `mock_feed` with the same arguments."""
    return World(seed, planned_pace(until, hours, events))


@lru_cache(maxsize=4)
def steady_world(seed: int, start: datetime, per_minute: int) -> World:
    """A network with `per_minute` records every minute since `start` (aware), without an end."""
    return World(seed, SteadyPace(per_minute, minute_at(start)))


def mock_feed(seed: int, until: datetime, hours: int, events: int) -> Iterator[FeedRecord]:
    """Exactly `events` records of the `hours` before `until` in order of arrival, broken and repeated ones included.

    Args:
        seed: the same seed and the other arguments give the same bytes.
        until: aware, a whole minute; the first instant after the feed.
        hours: length of the feed, at least 1.
        events: number of records, at least 1.
    """
    world = planned_world(seed, until, hours, events)
    for minute in range(world.pace.first, world.pace.first + 60 * hours):
        yield from minute_of_feed(world, minute)


def minute_of_feed(world: World, minute: int) -> Iterator[FeedRecord]:
    """The records of one minute (whole minutes since 1970); they arrive when it is over."""
    arrived_at = time_at((minute + 1) * MINUTE_MS)
    for number in numbers_of(world.pace, minute):
        raw, about = _record(world, number)
        yield FeedRecord(raw, about, arrived_at)


def label_rows(world: World, minute: int) -> Iterator[LabelRow]:
    """Labels by simulated annotators for 8 % of the posts and comments of a minute; one in twelve is wrong.

    Rows are `{"text_id", "text", "label", "annotator"}`.
    """
    for number in numbers_of(world.pace, minute):
        role = role_of(world.seed, number)
        if role in (Role.POST, Role.COMMENT) and fraction(world.feed, "labelled", number) < _LABEL_SHARE:
            rng = dice(world.feed, "annotator", number)
            words = draft(world, number)
            label = words.mood
            if rng.random() < _LABEL_NOISE:
                label = pick(rng, [mood for mood in MOODS if mood != label])
            yield {
                "text_id": _text_id(world, number),
                "text": words.text,
                "label": label,
                "annotator": pick(rng, _ANNOTATORS),
            }


def numbers_of(pace: Pace, minute: int) -> range:
    """Numbers of the records that are due in a minute."""
    return range(pace.before(minute), pace.before(minute + 1))


def _record(world: World, number: int) -> tuple[bytes, str]:
    event, about = event_of(world, number)
    if role_of(world.seed, number) is Role.FAULT and fraction(world.feed, "broken", number) < _FAULT_SHARE:
        return broken(dice(world.feed, "fault", number), event), about
    return dumps(event), about


def _text_id(world: World, number: int) -> str:
    if role_of(world.seed, number) is Role.POST:
        return post_id(world, utterance(world, number).post)
    return comment_id(world, number)
