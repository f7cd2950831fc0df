"""Sentiment of the network about each topic over time: a slow drift, and occasional bursts.

Both are functions of (seed, topic, time), so the mood of any minute is known without the minutes before it.

Not here: how a mood becomes a text (texts.py).
"""

from __future__ import annotations

import math
from itertools import accumulate
from random import Random

from socialsent_assets.simulator.chance import fraction, pick
from socialsent_assets.simulator.phrases import NEGATIVE, NEUTRAL, POSITIVE
from socialsent_assets.simulator.schedule import MINUTE_MS
from socialsent_assets.simulator.topics import TOPICS

_HOUR_MS = 60 * MINUTE_MS
_BURST_WINDOW_MS = 6 * _HOUR_MS
_BURST_CHANCE = 0.22  # of one topic in one window: about three bursts in six hours over all topics
_PERIODS_HOURS = (5.0, 17.0, 71.0)  # of a topic's drift
_SHARED_PERIODS_HOURS = (3.7, 11.0, 50.0)  # of a drift that takes all topics along: the mood of the day
_CERTAIN = 0.36  # what is felt beyond this, either way, is not neutral
_POPULARITY = tuple(accumulate(topic.popularity for topic in TOPICS))


def lean(seed: int, topic: int, at_ms: int) -> float:
    """Mood of a topic, about -1 (everybody is annoyed) to 1 (everybody is delighted), bursts included."""
    drift = _drift(seed, topic, _PERIODS_HOURS, at_ms) + _drift(seed, "all", _SHARED_PERIODS_HOURS, at_ms)
    strength, direction = burst(seed, topic, at_ms)
    return drift + 0.9 * strength * direction


def _drift(seed: int, whose: int | str, periods: tuple[float, ...], at_ms: int) -> float:
    drift = 0.0
    for period in periods:
        phase = fraction(seed, "phase", whose, period)
        drift += 0.2 * math.sin(2 * math.pi * (at_ms / _HOUR_MS / period + phase))
    return drift


def burst(seed: int, topic: int, at_ms: int) -> tuple[float, int]:
    """(strength 0 to 1, direction 1 or -1) of a topic's burst; strength 0 outside of one."""
    window, offset = divmod(at_ms, _BURST_WINDOW_MS)
    if fraction(seed, "burst", topic, window) >= _BURST_CHANCE:
        return 0.0, 1
    centre = (0.2 + 0.6 * fraction(seed, "centre", topic, window)) * _BURST_WINDOW_MS
    width = (10 + 25 * fraction(seed, "width", topic, window)) * MINUTE_MS
    strength = math.exp(-(((offset - centre) / width) ** 2))
    direction = 1 if fraction(seed, "direction", topic, window) < 0.45 else -1
    return strength, direction


def topic_of_the_moment(seed: int, rng: Random, at_ms: int) -> int:
    """A topic by popularity; one that bursts draws people away from it."""
    chosen = popular_topic(rng)
    rival = popular_topic(rng)
    strength, _ = burst(seed, rival, at_ms // MINUTE_MS * MINUTE_MS)
    return rival if rng.random() < strength else chosen


def popular_topic(rng: Random) -> int:
    """Index of a topic, in proportion to its popularity."""
    throw = int(rng.random() * _POPULARITY[-1])
    return next(index for index, bound in enumerate(_POPULARITY) if throw < bound)


def mood_from(rng: Random, leaning: float) -> str:
    """`positive`, `negative` or `neutral`: drawn with the leaning (-1 to 1), never certain."""
    felt = leaning + 2.4 * (rng.random() - 0.5)
    if felt > _CERTAIN:
        return POSITIVE
    return NEGATIVE if felt < -_CERTAIN else NEUTRAL


def answer_mood(rng: Random, asked: str, leaning: float) -> str:
    """Mood of a comment: often that of what it answers, else drawn as for a post."""
    if rng.random() < 0.4:
        return asked
    if rng.random() < 0.1:
        return pick(rng, (POSITIVE, NEGATIVE, NEUTRAL))
    return mood_from(rng, leaning)
