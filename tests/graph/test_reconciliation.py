"""A tick looks at the state of the lake and asks for exactly the hours that differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from graph_lake import Landing, hour

from socialsent_assets.defs.reconciliation import ATTEMPTS, DAYS_PER_TICK, Memory, Plan, plan
from socialsent_assets.domain.events.layout import HOUR, EventHour
from socialsent_assets.lake.staleness import CLEANSE_VERSION

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def tick(landing: Landing, memory: Memory | None = None, in_flight: tuple[EventHour, ...] = ()) -> Plan:
    return plan(landing.lake, landing.warehouse, NOW, memory or Memory(), in_flight)


def requested(decided: Plan) -> list[str]:
    return [f"{first}" if first == last else f"{first}..{last}" for first, last in decided.ranges]


def test_a_new_hour_is_requested_and_a_built_one_is_not(landing: Landing) -> None:
    """Prevents data that waits, and work that is done twice."""
    landing.add(hour("22T08"))
    landing.add(hour("22T09"))
    landing.build([hour("22T08")])
    assert requested(tick(landing)) == ["2026-11-22-09:00"]


def test_a_late_event_makes_only_its_own_hour_stale(landing: Landing) -> None:
    """Prevents automation that looks at the newest hour alone and never scores late data."""
    hours = [hour("22T03"), hour("22T08"), hour("22T09")]
    for at in hours:
        landing.add(at)
    landing.build(hours)
    landing.add(hour("22T03"), name="late")
    assert requested(tick(landing)) == ["2026-11-22-03:00"]


def test_two_objects_of_the_same_second_are_both_seen(landing: Landing) -> None:
    """Prevents a cursor by time that takes the first file of a second and loses the next."""
    landing.add(hour("22T08"), name="first")
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), name="second")
    assert requested(tick(landing)) == ["2026-11-22-08:00"]


def test_a_rewritten_object_of_the_same_size_is_seen(landing: Landing) -> None:
    """Prevents a correction under the same name that never reaches the marts."""
    landing.add(hour("22T08"), text="good")
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="evil")
    assert requested(tick(landing)) == ["2026-11-22-08:00"]


def test_a_deleted_object_is_seen_and_does_not_raise(landing: Landing) -> None:
    """Prevents a cursor of keys that fails, or keeps rows, when somebody deletes a key."""
    landing.add(hour("22T08"))
    landing.build([hour("22T08")])
    landing.remove(hour("22T08"))
    assert requested(tick(landing)) == ["2026-11-22-08:00"]


def test_an_hour_that_returns_to_earlier_content_is_requested_again(landing: Landing) -> None:
    """Prevents a run key that Dagster remembers for ever and that drops this run."""
    landing.add(hour("22T08"), text="good")
    first = tick(landing)
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="evil")
    second = tick(landing, first.memory)
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="good")
    third = tick(landing, second.memory)
    assert requested(first) == requested(second) == requested(third) == ["2026-11-22-08:00"]


def test_an_hour_ahead_of_the_clock_is_requested(landing: Landing) -> None:
    """Prevents events of a sender whose clock runs ahead from waiting until their hour comes."""
    landing.add(hour("23T09"))
    assert requested(tick(landing)) == ["2026-11-23-09:00"]


def test_neighbouring_hours_are_one_run(landing: Landing) -> None:
    """Prevents a Spark start per hour."""
    for at in ("22T05", "22T06", "22T07", "22T09"):
        landing.add(hour(at))
    assert requested(tick(landing)) == ["2026-11-22-05:00..2026-11-22-07:00", "2026-11-22-09:00"]


def test_many_scattered_hours_share_runs_across_hours_that_never_held_anything(landing: Landing) -> None:
    """Prevents a thousand runs for an imported file with a post every few hours."""
    for number in range(12):
        landing.add(EventHour(hour("20T10").start + 3 * number * HOUR))
    assert requested(tick(landing)) == ["2026-11-20-10:00..2026-11-21-19:00"]


def test_scattered_hours_do_not_rebuild_fresh_hours_between_them(landing: Landing) -> None:
    """Prevents a bridge over hours that are up to date."""
    fresh = [EventHour(hour("20T11").start + 3 * number * HOUR) for number in range(11)]
    for at in fresh:
        landing.add(at)
    landing.build(fresh)
    for number in range(12):
        landing.add(EventHour(hour("20T10").start + 3 * number * HOUR))
    assert len(requested(tick(landing))) == 12


def test_hours_of_an_unfinished_run_are_left_to_it(landing: Landing) -> None:
    """Prevents a second run on hours that one is building."""
    landing.add(hour("22T08"))
    landing.add(hour("22T09"))
    decided = tick(landing, in_flight=(hour("22T08"),))
    assert requested(decided) == ["2026-11-22-09:00"]
    assert decided.in_flight == [hour("22T08")]


def test_a_failing_hour_is_tried_three_times_and_again_when_it_changes(landing: Landing) -> None:
    """Prevents both a run every 20 seconds for ever, and an hour that is given up although it was corrected."""
    landing.add(hour("22T08"))
    memory = Memory()
    for _ in range(ATTEMPTS):
        decided = tick(landing, memory)
        assert requested(decided) == ["2026-11-22-08:00"]
        memory = decided.memory
    decided = tick(landing, memory)
    assert requested(decided) == []
    assert decided.given_up == [hour("22T08")]
    landing.add(hour("22T08"), name="correction")
    assert requested(tick(landing, decided.memory)) == ["2026-11-22-08:00"]


def test_a_success_forgets_earlier_failures(landing: Landing) -> None:
    """Prevents three rewrites over a week from counting as three failures."""
    landing.add(hour("22T08"))
    memory = tick(landing).memory
    landing.build([hour("22T08")])
    assert tick(landing, memory).memory.attempts == {}


def test_a_busy_warehouse_delays_only_what_is_stale_there(landing: Landing) -> None:
    """Prevents a tick during a dbt build from rebuilding every hour because nobody could say what the marts hold."""
    landing.add(hour("22T08"))
    landing.build([hour("22T08")])
    landing.add(hour("22T09"))
    decided = plan(landing.lake, None, NOW, Memory(), ())
    assert requested(decided) == ["2026-11-22-09:00"]


def test_old_days_are_looked_at_in_turn_until_all_were_seen(landing: Landing) -> None:
    """Prevents a correction in last spring's data from never being noticed."""
    days = [EventHour(datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=number)) for number in range(35)]
    for at in days:
        landing.add(at)
    landing.build(days)
    landing.add(days[30], name="late")
    memory, seen = Memory(), []
    for _ in range(1 + 35 // DAYS_PER_TICK):
        decided = tick(landing, memory)
        seen += requested(decided)
        memory = decided.memory
    assert seen == [days[30].key]


def test_the_cursor_stays_small_whatever_fails(landing: Landing) -> None:
    """Prevents a cursor that grows with every file ever seen."""
    landing.add(hour("22T08"))
    attempts = {
        f"2026-{month:02}-{day:02}-{at:02}:00": ("x", 3)
        for month in range(1, 10)
        for day in range(1, 29)
        for at in range(24)
    }
    decided = tick(landing, Memory("dt=2026-01-01", attempts))
    assert len(decided.memory.attempts) <= 1000
    assert Memory.from_json(decided.memory.to_json()) == decided.memory


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"attempts": {"a": 1}}', '{"attempts": []}'])
def test_a_cursor_of_another_version_is_a_fresh_start(text: str) -> None:
    """Prevents a sensor that fails for ever on what an older release wrote."""
    assert Memory.from_json(text) == Memory()


def test_new_code_tries_again_what_old_code_could_not_do(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a fixed bug from leaving its victims behind."""
    landing.add(hour("22T08"))
    memory = Memory()
    for _ in range(ATTEMPTS):
        memory = tick(landing, memory).memory
    monkeypatch.setattr("socialsent_assets.lake.staleness.CLEANSE_VERSION", f"{CLEANSE_VERSION}+1")
    assert requested(tick(landing, memory)) == ["2026-11-22-08:00"]


def test_a_tick_costs_the_same_with_a_hundred_times_the_history(
    landing: Landing, count_listings: Callable[[], int]
) -> None:
    """Prevents a sensor that slows down with every day in the lake."""
    costs = []
    for hours in (10 * 24, 40 * 24):
        history = [EventHour(datetime(2026, 9, 1, tzinfo=UTC) + number * HOUR) for number in range(hours)]
        for at in history:
            if not landing.lake.landed(at):
                landing.add(at)
                landing.build([at])
        before = count_listings()
        assert requested(tick(landing)) == []
        costs.append(count_listings() - before)
    assert costs[1] <= costs[0] + 5
