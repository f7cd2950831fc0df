"""The mock feed: exact, repeatable, stateless, and alive."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from socialsent_assets.domain.events.event import Event, Rejection, parse
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.simulator import chance, moods
from socialsent_assets.simulator import world as simulated
from socialsent_assets.simulator.faults import FAULTS
from socialsent_assets.simulator.feed import (
    label_rows,
    minute_of_feed,
    mock_feed,
    planned_world,
    steady_world,
)
from socialsent_assets.simulator.roles import Role, role_of
from socialsent_assets.simulator.schedule import MINUTE_MS, minute_at, planned_pace
from socialsent_assets.simulator.topics import TOPICS

UNTIL = datetime(2026, 11, 22, 9, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = 12_000
HOURS = 12


def accepted(records) -> list[Event]:
    answers = (parse(record.raw, record.arrived_at, START) for record in records)
    return [answer for answer in answers if isinstance(answer, Event)]


@pytest.fixture(scope="module")
def feed():
    return list(mock_feed(7, UNTIL, HOURS, EVENTS))


@pytest.fixture(scope="module")
def events(feed):
    return accepted(feed)


@pytest.mark.parametrize(("events", "hours"), [(1, 1), (7, 1), (99, 24), (1234, 3), (5000, 1)])
def test_a_feed_has_exactly_the_records_it_was_asked_for(events, hours):
    records = list(mock_feed(3, UNTIL, hours, events))
    assert len(records) == events
    first = UNTIL - timedelta(hours=hours)
    assert all(first < record.arrived_at <= UNTIL for record in records)
    assert [record.arrived_at for record in records] == sorted(record.arrived_at for record in records)


def test_the_feed_is_the_same_bytes_on_every_python():
    """Prevents a draw that differs between 3.11 and 3.12. A change of texts changes the digest: then renew it."""
    digest = hashlib.sha256()
    for record in mock_feed(7, UNTIL, 2, 3000):
        digest.update(record.raw + record.about.encode() + record.arrived_at.isoformat().encode())
    assert digest.hexdigest()[:16] == "ca17c786c0a2a466"


def test_another_seed_or_end_says_other_things():
    feeds = [{r.raw for r in mock_feed(seed, until, 2, 500)} for seed, until in [(1, UNTIL), (2, UNTIL)]]
    feeds.append({r.raw for r in mock_feed(1, UNTIL + timedelta(hours=1), 2, 500)})
    assert not feeds[0] & feeds[1]
    assert not feeds[0] & feeds[2]


def test_two_feeds_of_a_seed_share_people_but_no_post_and_no_event():
    """Prevents a second feed whose posts look like edits of the first one's."""
    one, other = (accepted(mock_feed(5, until, 2, 1000)) for until in (UNTIL, UNTIL + timedelta(days=1)))

    def ids(events: list[Event], name: str) -> set[object]:
        return {event.data[name] for event in events if name in event.data}

    assert ids(one, "user_id") & ids(other, "user_id")
    assert not ids(one, "post_id") & ids(other, "post_id")
    assert not {event.event_id for event in one} & {event.event_id for event in other}


def test_a_minute_alone_is_the_minute_within_its_feed(feed):
    """Prevents state carried from one tick to the next, which a Lambda loses."""
    wanted = defaultdict(list)
    for record in feed:
        wanted[minute_at(record.arrived_at) - 1].append(record)
    simulated.utterance.cache_clear()
    simulated.draft.cache_clear()
    world = planned_world(7, UNTIL, HOURS, EVENTS)
    for minute in sorted(wanted, reverse=True)[::37]:
        assert list(minute_of_feed(world, minute)) == wanted[minute]


def test_a_tick_costs_the_same_however_old_the_feed_is(monkeypatch):
    world = steady_world(7, START, 60)
    draws = []
    real = chance._bytes
    monkeypatch.setattr(chance, "_bytes", lambda about, size: draws.append(1) or real(about, size))

    def cost(minutes_later: int) -> int:
        simulated.utterance.cache_clear()
        simulated.draft.cache_clear()
        draws.clear()
        ticks = [world.pace.first + minutes_later + i for i in range(5)]
        assert sum(len(list(minute_of_feed(world, tick))) for tick in ticks) == 300
        return len(draws)

    assert cost(10 * 365 * 24 * 60) < 1.5 * cost(60)


def test_every_thread_hangs_on_a_post_that_exists(events):
    posted, commented = {}, {}
    for event in events:
        if event.event_type == "post":
            posted.setdefault(event.data["post_id"], event.event_time)
        if event.event_type == "comment":
            commented.setdefault(event.data["comment_id"], event)
    for event in events:
        if event.event_type in ("comment", "interaction") and "post_id" in event.data:
            assert posted[event.data["post_id"]] <= event.event_time
        if parent := event.data.get("parent_comment_id"):
            assert commented[parent].data["post_id"] == event.data["post_id"]
            assert commented[parent].event_time <= event.event_time
    assert any("parent_comment_id" in event.data for event in events)


def test_everybody_who_speaks_was_introduced(events):
    known: set[object] = set()
    for event in events:
        if event.event_type == "user":
            known.add(event.data["user_id"])
        elif speaker := event.data.get("author_id") or event.data.get("actor_id"):
            assert speaker in known


def test_a_few_people_do_most_of_the_talking(events):
    authors = Counter(event.data["author_id"] for event in events if "author_id" in event.data)
    most_active = sum(count for _, count in authors.most_common(len(authors) // 10))
    assert 0.35 < most_active / authors.total() < 0.75
    assert len(authors) > 250


def test_late_repeated_and_broken_records_are_about_as_many_as_promised(feed, events):
    seen, repeated = {}, 0
    for event in events:
        repeated += event.event_id in seen
        assert seen.setdefault(event.event_id, event.line) == event.line, "a redelivery has the same content"
    arrivals = {record.raw: record.arrived_at for record in reversed(feed)}
    delays = []
    for raw, arrived_at in arrivals.items():
        event = parse(raw, arrived_at, START)
        if isinstance(event, Event) and arrived_at - event.event_time > timedelta(minutes=2):
            delays.append(arrived_at - event.event_time)
    assert 0.007 < repeated / EVENTS < 0.013
    assert 0.001 < 1 - len(events) / EVENTS < 0.006
    assert 0.006 < len(delays) / EVENTS < 0.014
    assert max(delays) <= timedelta(hours=6, minutes=1)
    assert sum(delay > timedelta(hours=2) for delay in delays) < 0.3 * len(delays)


def test_a_redelivery_repeats_a_good_record_that_was_sent_before(feed):
    """Prevents one that invents an event, because what it picked was a redelivery or a broken record itself."""
    first = {}
    for number, record in enumerate(feed):
        earlier = first.setdefault(record.raw, number)
        if role_of(7, number) is Role.REDELIVERY:
            assert earlier < number
            assert feed[earlier].about == record.about


def test_late_records_stay_inside_the_feed(events):
    """Prevents hours before the feed that hold one late record each."""
    assert min(event.event_time for event in events) >= UNTIL - timedelta(hours=HOURS)


def test_people_edit_and_delete_and_no_edit_follows_a_deletion(events):
    versions = defaultdict(list)
    for event in events:
        if event.event_type in ("post", "comment"):
            versions[event.data.get("comment_id") or event.data["post_id"]].append(event)
    several = [found for found in versions.values() if len({event.event_id for event in found}) > 1]
    deleted = [found for found in several if any(event.data.get("deleted") for event in found)]
    assert len(several) > 200
    assert len(deleted) > 60
    for found in deleted:
        assert len({event.event_id for event in found if not event.data.get("deleted")}) <= 1
    for found in several:
        assert len({event.event_time for event in found}) > 1


def test_profiles_change(events):
    profiles = defaultdict(set)
    for event in events:
        if event.event_type == "user":
            profiles[event.data["user_id"]].add(event.line.partition(b'"data":')[2])
    assert sum(len(found) > 1 for found in profiles.values()) > 30


def test_texts_are_many_and_of_many_kinds(events):
    texts = {event.data["text"] for event in events if event.data.get("text")}
    assert len(texts) > 4500
    for sign in ("#", "@", "https://", "&amp;", "🔥", "!!", "ooo", "日", "ü"):
        assert any(sign in text for text in texts), sign
    assert {event.data.get("lang") for event in events if event.event_type == "post"} > {"en", "de", "es", None}
    assert {event.data["topic"] for event in events if "topic" in event.data} == {topic.name for topic in TOPICS}
    assert not any("{" in text for text in texts), "a slot was left unfilled"


def test_the_night_is_quieter_than_the_evening(feed):
    hours = Counter(EventHour.of(record.arrived_at - timedelta(minutes=1)).start.hour for record in feed)
    assert hours[3] * 2 < hours[21]


def test_moods_drift_and_burst():
    at = [minute_at(UNTIL) * MINUTE_MS + step * 10 * MINUTE_MS for step in range(6 * 24 * 3)]
    leans = [[moods.lean(7, topic, moment) for moment in at] for topic in range(len(TOPICS))]
    assert all(max(values) - min(values) > 0.5 for values in leans)
    assert max(moods.burst(7, topic, moment)[0] for topic in range(len(TOPICS)) for moment in at) > 0.9
    steps = [abs(b - a) for values in leans for a, b in pairwise(values)]
    assert sum(steps) / len(steps) < 0.1, "between bursts a mood moves slowly"


def test_annotators_label_a_few_texts_and_are_seldom_mistaken():
    world = planned_world(7, UNTIL, HOURS, 40_000)
    rows = [row for minute in _minutes(world) for row in label_rows(world, minute)]
    events = {
        event.data.get("comment_id") or event.data["post_id"]: event
        for event in reversed(accepted(mock_feed(7, UNTIL, HOURS, 40_000)))
        if event.event_type in ("post", "comment") and "text" in event.data
    }
    assert 0.07 < len(rows) / (0.49 * 40_000) < 0.09
    assert all(events[row["text_id"]].data["text"] == row["text"] for row in rows)
    assert {row["label"] for row in rows} == {"positive", "negative", "neutral"}
    assert all(set(row) == {"text_id", "text", "label", "annotator"} for row in rows)
    meant = {simulated.post_id(world, simulated.utterance(world, n).post): n for n in _posts(world)}
    judged = [row for row in rows if row["text_id"] in meant]
    mistaken = sum(simulated.draft(world, meant[row["text_id"]]).mood != row["label"] for row in judged)
    assert 0.03 < mistaken / len(judged) < 0.14


def _minutes(world) -> range:
    return range(world.pace.first, world.pace.first + 60 * HOURS)


def _posts(world):
    return (n for n in range(world.pace.cumulative[-1]) if role_of(world.seed, n) is Role.POST)


def test_the_pace_adds_up_and_knows_the_minute_of_every_record():
    pace = planned_pace(UNTIL, 5, 777)
    assert pace.before(pace.first) == 0
    assert pace.before(pace.first + 300) == pace.before(pace.first + 10_000) == 777
    for number in range(777):
        minute = pace.minute_of(number)
        assert pace.before(minute) <= number < pace.before(minute + 1)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut off in the middle", "not_json"),
        ("in Latin-1", "not_utf8"),
        ("a log line", "not_json"),
        ("only a list of words", "not_an_object"),
        ("without its id", "missing_field"),
        ("with empty data", "missing_field"),
        ("of a kind from the future", "unknown_event_type"),
        ("of the next version", "unsupported_schema_version"),
        ("with a time in words", "invalid_field"),
        ("with a time without offset", "invalid_field"),
        ("from a clock at 1970", "event_time_out_of_range"),
        ("with an id that is not whole", "invalid_field"),
    ],
)
def test_a_broken_record_is_refused_for_what_is_wrong_with_it(feed, fault, reason):
    good = next(json.loads(record.raw) for record in feed if b'"post"' in record.raw)
    answer = parse(FAULTS[fault](good), UNTIL, START)
    assert isinstance(answer, Rejection)
    assert answer.reason == reason


def test_every_fault_is_tried_above():
    (mark,) = test_a_broken_record_is_refused_for_what_is_wrong_with_it.pytestmark
    assert {fault for fault, _ in mark.args[1]} == set(FAULTS)
