"""A source with a daily swing, restless from hour to hour, as the rules' tests need it: seeded, in plain Python."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.hour_stats import HourStats

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
TOPICS = 8


def source(
    seed: int, hours: int, mean: float = 200.0, swing: float = 0.8, restless: float = 0.15
) -> dict[EventHour, HourStats]:
    """Facts of consecutive hours: counts vary by more than chance, moods by topic as well, 1 % is quarantined."""
    rng = random.Random(seed)
    weights = [rng.random() + 0.1 for _ in range(TOPICS)]
    usual = [rng.uniform(0.1, 0.5) for _ in range(TOPICS)]
    made: dict[EventHour, HourStats] = {}
    for number in range(hours):
        start = START + timedelta(hours=number)
        daily = 1 + swing * math.sin(2 * math.pi * (start.hour - 6) / 24)
        records = _poisson(rng, mean * daily * rng.lognormvariate(0, restless))
        texts = rng.choices(range(TOPICS), weights, k=records // 2)
        topics = {}
        for topic in set(texts):
            share = rng.betavariate(60 * usual[topic], 60 * (1 - usual[topic]))
            count = texts.count(topic)
            topics[f"topic {topic}"] = (count, _binomial(rng, count, share))
        made[EventHour(start)] = HourStats(
            EventHour(start), records, _binomial(rng, records, 0.01), _binomial(rng, records, 0.003),
            len(texts), sum(bad for _, bad in topics.values()), topics, "v",
        )  # fmt: skip
    return made


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _binomial(rng: random.Random, cases: int, share: float) -> int:
    return sum(rng.random() < share for _ in range(cases))
