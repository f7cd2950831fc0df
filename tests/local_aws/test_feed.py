"""A feed through both Lambdas into landing: the same bytes, and every record accounted for."""

from __future__ import annotations

import errno
import gc
import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lambdas.kinesis_consumer import sink as consumer_store
from lambdas.mock_server.handler import FeedSettings
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import Event, Rejection, parse
from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.local_aws import feed as feeds
from socialsent_assets.local_aws.feed import FeedError, FeedPlan, FeedResult, follow, simulate
from socialsent_assets.simulator.feed import mock_feed

UNTIL = datetime(2026, 11, 22, 9, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = FeedPlan(events=2500, hours=3, seed=7, until=UNTIL)


def objects(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(folder: Path, kind: str) -> list[dict]:
    files = sorted((folder / kind).rglob("*.gz"))
    return [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    return folder, simulate(PLAN, str(folder), START)


def test_a_second_simulation_writes_the_same_bytes_under_the_same_names(landed, tmp_path):
    """Prevents a clock, a counter or a set order in what lands: events, quarantine and labels alike."""
    again = simulate(PLAN, str(tmp_path), START)
    assert objects(tmp_path) == objects(landed[0])
    assert again == landed[1]
    assert {name.split("/")[0] for name in objects(tmp_path)} == {"events", "quarantine", "labels"}


def test_simulating_onto_itself_changes_no_byte_and_adds_no_object(landed):
    before = objects(landed[0])
    simulate(PLAN, str(landed[0]), START)
    assert objects(landed[0]) == before


def test_records_do_not_stay_in_memory_when_they_have_landed(landed):
    """Prevents a feed whose process grows by 130 MB a day."""
    from moto.kinesis.models import Record

    gc.collect()
    # isinstance would ask a weak reference, whose object may be gone.
    assert sum(type(each) is Record for each in gc.get_objects()) < PLAN.events


def test_other_seeds_land_other_objects(landed, tmp_path):
    simulate(FeedPlan(2500, 3, 8, UNTIL), str(tmp_path), START)
    assert not set(objects(tmp_path)) & set(objects(landed[0]))


def test_what_was_sent_is_what_lies_on_disk(landed):
    """Prevents objects that overwrite each other while every counter looks fine."""
    folder, result = landed
    events, quarantine = rows(folder, "events"), rows(folder, "quarantine")
    assert result.sent == PLAN.events
    assert (len(events), len(quarantine)) == (result.counts.accepted, result.counts.quarantined)
    assert len(events) + len(quarantine) + result.counts.duplicates == PLAN.events
    answers = [parse(record.raw, record.arrived_at, START) for record in mock_feed(7, UNTIL, 3, 2500)]
    assert {event["event_id"] for event in events} == {a.event_id for a in answers if isinstance(a, Event)}
    assert sum(isinstance(answer, Rejection) for answer in answers) == len(quarantine)
    assert result.counts.duplicates > 5
    assert len(quarantine) > 0


def test_events_land_in_the_hour_of_their_time_and_the_others_in_the_hour_they_arrived(landed):
    folder, _ = landed
    for kind, field in (("events", "event_time"), ("quarantine", "arrived_at")):
        for file in (folder / kind).rglob("*.gz"):
            hour = f"{file.parent.parent.name[3:]}T{file.parent.name[3:]}"
            lines = gzip.decompress(file.read_bytes()).splitlines()
            assert all(json.loads(line)[field].startswith(hour) for line in lines)
            assert parse_landing_name(file.name).rows == len(lines)
    arrivals = [datetime.fromisoformat(row["arrived_at"]) for row in rows(folder, "quarantine")]
    assert all(UNTIL - timedelta(hours=3) < arrival <= UNTIL for arrival in arrivals)


def test_labels_are_about_texts_that_landed(landed):
    folder, result = landed
    texts = {
        e["data"].get("comment_id") or e["data"]["post_id"] for e in rows(folder, "events") if "text" in e["data"]
    }
    labels = rows(folder, "labels")
    assert len(labels) == result.labels > 10
    assert {row["text_id"] for row in labels} <= texts


def test_a_feed_larger_than_one_load_is_the_same_feed(landed, tmp_path, monkeypatch):
    """Prevents a record that gets lost or doubled where one stream ends and the next one begins."""
    monkeypatch.setattr(feeds, "_RECORDS_PER_LOAD", 150)
    simulate(PLAN, str(tmp_path), START)

    def ids(folder: Path) -> set[str]:
        return {event["event_id"] for event in rows(folder, "events")}

    assert ids(tmp_path) == ids(landed[0])
    assert len(rows(tmp_path, "quarantine")) == len(rows(landed[0], "quarantine"))


def test_loads_cover_every_minute_once_and_cross_no_hour():
    pace = feeds.planned_world(7, UNTIL + timedelta(minutes=17), 5, 30_000).pace  # type: ignore[attr-defined]
    loads = list(feeds._loads(pace, 300))
    assert sum(minutes for _, minutes in loads) == 300
    end = UNTIL + timedelta(minutes=17) - timedelta(hours=5)
    for load_end, minutes in loads:
        first = load_end - timedelta(minutes=minutes)
        assert first == end
        assert (load_end - timedelta(minutes=1)).hour == first.hour
        end = load_end
    assert end == UNTIL + timedelta(minutes=17)


def test_a_full_disk_is_an_error_that_names_it(tmp_path, monkeypatch):
    """Prevents a simulation that ends well although nothing was written."""

    def no_space(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(consumer_store.os, "replace", no_space)  # type: ignore[attr-defined]
    with pytest.raises(FeedError, match=r"300 of 300 records could not be written.*No space left"):
        simulate(FeedPlan(300, 1, 7, UNTIL), str(tmp_path), START)
    assert objects(tmp_path) == {}


def test_a_disk_that_is_full_for_a_moment_loses_nothing(landed, tmp_path, monkeypatch):
    failures = iter([True, False, False, True])
    real = os.replace

    def sometimes(source, target):
        if next(failures, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(consumer_store.os, "replace", sometimes)  # type: ignore[attr-defined]
    assert simulate(PLAN, str(tmp_path), START).counts == landed[1].counts
    assert objects(tmp_path) == objects(landed[0])


def test_a_consumer_that_raises_is_no_storage_outage(tmp_path, monkeypatch):
    """Prevents a bug of ours that shows up as a message about the disk."""

    def broken(*_arguments):
        raise TypeError("no such argument")

    monkeypatch.setattr(feeds, "consume", broken)
    with pytest.raises(FeedError, match="raised") as error:
        simulate(FeedPlan(50, 1, 7, UNTIL), str(tmp_path), START)
    assert isinstance(error.value.__cause__, TypeError)


def test_a_sum_that_does_not_close_raises():
    lost = FeedResult(sent=3, counts=Counts(3, 2, 1, 0), objects={"a": 1})
    with pytest.raises(FeedError, match="lost"):
        lost.check()
    with pytest.raises(FeedError, match="lost"):
        FeedResult(sent=4, counts=Counts(3, 2, 1, 0), objects={"a": 2}).check()
    FeedResult(sent=3, counts=Counts(3, 2, 1, 0), objects={"a": 2}).check()


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        (FeedPlan(0, 1, 7, UNTIL), "--events 0"),
        (FeedPlan(10_000_001, 1, 7, UNTIL), "--events"),
        (FeedPlan(1, 0, 7, UNTIL), "--hours 0"),
        (FeedPlan(1, 8761, 7, UNTIL), "--hours"),
        (FeedPlan(1, 8760, 7, UNTIL), "SOCIALSENT_START"),
        (FeedPlan(1, 1, 7, UNTIL + timedelta(days=3)), "24 hours ahead"),
    ],
)
def test_a_plan_that_cannot_be_simulated_says_what_to_change(plan, complaint):
    with pytest.raises(UserError, match=complaint):
        plan.check(START, now=UNTIL)


class Minutes:
    """A clock and a wait that follow a script: a list of seconds to pass, until it is empty."""

    def __init__(self, *seconds: float):
        self.now = UNTIL + timedelta(seconds=7)
        self.seconds = iter(seconds)

    def clock(self) -> datetime:
        return self.now

    def wait(self, _seconds: float) -> bool:
        passed = next(self.seconds, None)
        self.now += timedelta(seconds=passed or 0)
        return passed is None


def run_follow(landing: Path, time: Minutes) -> tuple[list[datetime], FeedResult]:
    minutes: list[datetime] = []
    settings = FeedSettings("", events_per_tick=40, seed=7, start=time.now - timedelta(minutes=1))
    result = follow(
        settings,
        str(landing),
        START,
        every=timedelta(seconds=60),
        wait=time.wait,
        clock=time.clock,
        progress=lambda minute, _: minutes.append(minute),
    )
    return minutes, result


def test_following_the_clock_sends_each_minute_once(tmp_path):
    minutes, result = run_follow(tmp_path, Minutes(60, 30, 10, 60, 61))
    assert minutes == [UNTIL + timedelta(minutes=n) for n in range(4)]
    assert result.sent == 160
    assert len(rows(tmp_path, "events")) == result.counts.accepted


def test_minutes_that_were_slept_through_are_made_up_for_but_not_all_of_a_night(tmp_path):
    minutes, _ = run_follow(tmp_path, Minutes(3 * 60, 8 * 3600))
    assert minutes[:4] == [UNTIL + timedelta(minutes=n) for n in range(4)]
    wake = UNTIL + timedelta(hours=8, minutes=3)
    assert minutes[4:] == [wake - timedelta(minutes=9 - n) for n in range(10)]
