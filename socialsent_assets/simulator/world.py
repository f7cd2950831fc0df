"""The mock network as a pure function of (seed, pace): content of the record of any number.

Nothing is remembered: a reply recomputes the post it answers, an edit the text it changes. One tick of a
stateless Lambda and a whole simulated day are therefore the same records, and a tick costs the same
however old the feed is. Ids of people depend on the seed alone; all other ids on the pace as well, so
that two feeds of one seed are the same people saying other things.

Not here: how often a role occurs (roles.py), bytes and broken records (feed.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from socialsent_assets.simulator import moods
from socialsent_assets.simulator.chance import dice, fraction, hex_name, pick
from socialsent_assets.simulator.people import Person, active_person, person
from socialsent_assets.simulator.roles import Role, count_before, number_of, role_of
from socialsent_assets.simulator.schedule import MINUTE_MS, Pace
from socialsent_assets.simulator.texts import Draft, write_comment, write_post

_LATE_SHARE = 0.013  # 1 % of the records: those about to be repeated or broken, and the first ones, are never late
_LATE_AFTER = 100  # a late record still finds this many records before it
_RECENT_POSTS = 250  # scale, in posts, of how far back attention reaches
_RECENT_COMMENTS = 120


@dataclass(frozen=True, eq=False)
class World:
    """One network: compare by identity, so that it can key a cache."""

    seed: int
    pace: Pace

    @property
    def feed(self) -> str:
        """Names the feed in every draw that is not about a person."""
        return f"{self.seed}/{self.pace.tag}"


@dataclass(frozen=True)
class Moment:
    """When something happened (`at_ms`, milliseconds since 1970) and how many records it can have seen."""

    at_ms: int
    as_of: int


@dataclass(frozen=True)
class Utterance:
    """A post or comment before it has words. `post` is the ordinal of the post it is, or is under."""

    number: int
    at_ms: int
    author: int
    topic: int
    mood: str
    post: int
    answers: int | None  # number of the record it replies to; None for a post


def moment(world: World, number: int) -> Moment:
    """When the event of a record happened: usually its minute of arrival, for 1 % up to 6 hours before."""
    minute = world.pace.minute_of(number)
    first = world.pace.before(minute)
    place = number - first + fraction(world.feed, "second", number)
    within = int(place / (world.pace.before(minute + 1) - first) * MINUTE_MS)
    at_ms = minute * MINUTE_MS + within
    if role_of(world.seed, number) in (Role.REDELIVERY, Role.FAULT, Role.INTRODUCTION):
        return Moment(at_ms, number)
    rng_value = fraction(world.feed, "late", number)
    if rng_value >= _LATE_SHARE:
        return Moment(at_ms, number)
    delay = _delay_ms(dice(world.feed, "delay", number))
    as_of = world.pace.before((at_ms - delay) // MINUTE_MS)
    return Moment(at_ms - delay, as_of) if as_of >= _LATE_AFTER else Moment(at_ms, number)


def _delay_ms(rng: Random) -> int:
    """Mostly 5 minutes to 2 hours; one in eight up to 6 hours."""
    minutes = 120 + 240 * rng.random() if rng.random() < 0.125 else 5 + 115 * rng.random()
    return int(minutes * MINUTE_MS)


@lru_cache(maxsize=1 << 14)
def utterance(world: World, number: int) -> Utterance:
    """The post or comment that a record of these two roles carries."""
    when = moment(world, number)
    rng = dice(world.feed, "utterance", number)
    author = someone(world, rng, when.as_of)
    writer = person(world.seed, author)
    if role_of(world.seed, number) is Role.POST:
        favourite = rng.random() < 0.5
        topic = pick(rng, writer.favourites) if favourite else moods.topic_of_the_moment(world.seed, rng, when.at_ms)
        mood = moods.mood_from(rng, moods.lean(world.seed, topic, when.at_ms) + writer.temperament)
        post = count_before(world.seed, Role.POST, number)
        return Utterance(number, when.at_ms, author, topic, mood, post, None)
    asked = utterance(world, _answered(world, rng, when.as_of))
    leaning = moods.lean(world.seed, asked.topic, when.at_ms) + writer.temperament
    mood = moods.answer_mood(rng, asked.mood, leaning)
    return Utterance(number, when.at_ms, author, asked.topic, mood, asked.post, asked.number)


def _answered(world: World, rng: Random, as_of: int) -> int:
    """Number of the post or (two in five) comment that a comment replies to."""
    comments = count_before(world.seed, Role.COMMENT, as_of)
    if comments and rng.random() < 0.4:
        return number_of(world.seed, Role.COMMENT, comments - 1 - _age(rng, _RECENT_COMMENTS, comments))
    return number_of(world.seed, Role.POST, a_post(world, rng, as_of))


def a_post(world: World, rng: Random, as_of: int) -> int:
    """Ordinal of a post that exists by then; recent ones draw attention, and a few of them most of it."""
    posts = count_before(world.seed, Role.POST, as_of)
    chosen = posts - 1 - _age(rng, _RECENT_POSTS, posts)
    throw = rng.random()
    if throw < 0.12:
        return chosen - chosen % 64
    return chosen - chosen % 8 if throw < 0.5 else chosen


def _age(rng: Random, scale: int, available: int) -> int:
    return int(-math.log(1 - rng.random()) * scale) % available


def someone(world: World, rng: Random, as_of: int) -> int:
    """Number of a person who has been introduced by then."""
    return active_person(rng, max(1, count_before(world.seed, Role.INTRODUCTION, as_of)))


@lru_cache(maxsize=1 << 14)
def draft(world: World, number: int) -> Draft:
    """The words of a post or comment."""
    spoken = utterance(world, number)
    rng = dice(world.feed, "words", number)
    writer = person(world.seed, spoken.author)
    if spoken.answers is None:
        return write_post(rng, spoken.topic, spoken.mood, writer)
    addressed = None
    if rng.random() < 0.45:
        addressed = author_of(world, spoken.answers).user_name
    return write_comment(rng, spoken.topic, spoken.mood, writer, addressed)


def author_of(world: World, number: int) -> Person:
    """Who wrote the post or comment of that record."""
    return person(world.seed, utterance(world, number).author)


def post_id(world: World, post: int) -> str:
    """Id of a post by its ordinal."""
    return "p" + hex_name(world.feed, "post", post, digits=16)


def comment_id(world: World, number: int) -> str:
    """Id of a comment by the number of its record."""
    return "c" + hex_name(world.feed, "comment", number, digits=16)
