"""The promise of the marts: whatever was built when, they equal a full refresh over what the lake holds.

Random lakes with late, edited, deleted, rewritten and vanished events; hours built in random order, twice, in
windows of several hours, and with builds that stop half way. After each finished build the marts are compared
with an oracle that sees all events together.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from socialsent_assets.domain.events.layout import EventHour
from tests.marts.dbt_in_process import Dbt
from tests.marts.lake_folder import LakeFolder, Row, at, event
from tests.marts.oracle import marts_of

FIRST = at("22T21:00")  # the hours cross midnight, so that days have to be recomputed too
HOURS = [EventHour(FIRST + timedelta(hours=number)) for number in range(6)]
USERS = 15  # many for the few events of an hour, so that a user who should have changed is not so by chance
FAST = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
STOPS = ("int_post_versions+", "fct_posts+", "fct_comments+", "agg_sentiment_hourly+", "agg_user_engagement+")

State = dict[EventHour, list[Row]]


class Builds(Protocol):
    """dbt on a lake, whatever the warehouse."""

    def build(self, start: str | datetime | None = None, hours: int = 1, options: Iterable[str] = ()) -> Any: ...

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...


def random_event(rng: random.Random, event_id: str, hour: EventHour) -> Row:
    """An event in `hour`, from so few ids that edits, deletions and dangling references are common."""
    time = hour.start + timedelta(seconds=rng.randrange(0, 3600, 600))  # few instants, so that event_id breaks ties
    kind = rng.choices(
        ("post", "comment", "interaction", "user", "deletion", "moderation_label"), (5, 4, 4, 2, 2, 2)
    )[0]

    def pick(prefix: str, count: int) -> str:
        return f"{prefix}{rng.randrange(count)}"

    if kind in ("deletion", "moderation_label"):
        named = rng.choice(("post", "comment", "interaction", "user", None))
        prefix, count = {"p": ("p", 6), "c": ("c", 8), "i": ("i", 12), "u": ("u", USERS)}[(named or "post")[0]]
        subject = {"subject_id": pick(prefix, count), "subject_kind": named}
        if kind == "deletion":
            return event(kind, event_id, time, **subject, restored=rng.random() < 0.3)
        value, labeler = rng.choice(("!takedown", "!hide", "spam")), rng.choice("ab")
        return event(
            kind, event_id, time, **subject, labeler_id=labeler, label_value=value, withdrawn=rng.random() < 0.4
        )
    if kind == "user":
        return event(kind, event_id, time, user_id=pick("u", USERS), user_name=event_id)
    if kind == "interaction":
        action = rng.choice(("like", "share", "comment", "follow"))
        of_user = action == "follow" or rng.random() < 0.1
        about = {"target_user_id": pick("u", USERS)} if of_user else {"post_id": pick("p", 6)}
        return event(
            kind, event_id, time, interaction_id=pick("i", 12), action=action, actor_id=pick("u", USERS), **about
        )
    deleted = rng.random() < 0.2
    data: Row = {
        "post_id": pick("p", 6),
        "author_id": None if deleted and rng.random() < 0.5 else pick("u", USERS),
        "text": None if deleted else f"text {event_id}",
        "deleted": deleted,
    }
    if kind == "post":
        return event(kind, event_id, time, **data, topic=rng.choice(("tea", "rain", None)))
    return event(kind, event_id, time, **data, comment_id=pick("c", 8))


def random_hour(rng: random.Random, hour: EventHour, number: int) -> list[Row]:
    """A whole hour of events; repeated event ids within the same hour number are rewritten content."""
    return [random_event(rng, f"e{number}-{index}", hour) for index in range(rng.choice((0, 4, 9)))]


def change_hour(rng: random.Random, hour: EventHour, events: list[Row], number: int) -> list[Row]:
    """What may become of an hour: late events, lost events, events of the same id with other content, or nothing."""
    change = rng.choice(("late", "lost", "rewritten", "emptied"))
    if change == "late":
        return [*events, *(random_event(rng, f"late{rng.randrange(10**6)}-{index}", hour) for index in range(3))]
    if change == "lost":
        return [one for one in events if rng.random() < 0.5]
    return random_hour(rng, hour, number) if change == "rewritten" else []


def assert_marts_hold(dbt: Builds, events: list[Row], story: list[str]) -> None:
    for mart, expected in marts_of(events).items():
        columns = list(expected[0]) if expected else ["1"]
        found = dbt.rows(f"select {', '.join(columns)} from {mart}")
        wanted = [tuple(row[column] for column in columns) for row in expected]
        assert sorted(map(repr, found)) == sorted(map(repr, wanted)), f"{mart} after {story}"


def hours_in_receipt(dbt: Builds) -> set[datetime]:
    marts = "table_name = 'lake_hours' and table_schema not like 'spectrum%'"  # so is one of the lake
    if not dbt.rows(f"select 1 from information_schema.tables where {marts}"):
        return set()
    return {hour for (hour,) in dbt.rows("select event_hour from lake_hours")}


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 10))])
def test_marts_equal_a_full_refresh_whatever_was_built_in_which_order(lake: LakeFolder, dbt: Dbt, seed: int) -> None:
    """Prevents marts that keep deleted posts, miss late edits, or count a moved text in two hours."""
    play(lake, dbt, seed)


def play(lake: LakeFolder, dbt: Builds, seed: int, builds: int = 9) -> None:
    """Build a random lake in random order, changing it between builds; compare after each finished build."""
    rng = random.Random(seed)
    now: State = {hour: random_hour(rng, hour, number) for number, hour in enumerate(HOURS)}
    for hour, events in now.items():
        lake.put(events, hour)
    built: State = {}  # the hours as their last build saw them
    unfinished: set[EventHour] = set()
    stale = set(HOURS)
    story: list[str] = []
    for _ in range(builds):
        first = rng.choice(sorted(stale | unfinished)) if stale | unfinished else rng.choice(HOURS)
        window = [hour for hour in HOURS if first <= hour][: rng.choice((1, 1, 2))]
        stop = rng.choice(STOPS) if rng.random() < 0.3 else None
        story.append(f"{window[0].key} x{len(window)}" + (f" stopped before {stop}" if stop else ""))
        dbt.build(window[0].start, len(window), (*FAST, *(("--exclude", stop) if stop else ())))
        built.update({hour: now[hour] for hour in window})
        unfinished = unfinished | set(window) if stop else unfinished - set(window)
        stale -= set(window)
        assert hours_in_receipt(dbt) == {hour.start.replace(tzinfo=None) for hour in built.keys() - unfinished}, story
        if not unfinished:
            assert_marts_hold(dbt, [one for events in built.values() for one in events], story)
        for number, hour in enumerate(HOURS):
            if rng.random() < 0.25:
                now[hour] = change_hour(rng, hour, now[hour], number)
                lake.put(now[hour], hour)
                stale.add(hour)
    dbt.build(HOURS[0].start, len(HOURS), FAST)
    assert_marts_hold(dbt, [one for events in now.values() for one in events], story)
    before = {mart: sorted(map(repr, dbt.rows(f"select * from {mart}"))) for mart in marts_of([])}
    dbt.build(None, 0, (*FAST, "--full-refresh"))
    after: Mapping[str, Any] = {mart: sorted(map(repr, dbt.rows(f"select * from {mart}"))) for mart in marts_of([])}
    assert after == before, story
