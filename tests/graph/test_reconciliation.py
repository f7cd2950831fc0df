"""A tick compares the state of the lake and requests exactly the hours that differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from graph_lake import Landing, hour

from socialsent_assets.defs.reconciliation import DAYS_PER_TICK, Memory, Plan, plan
from socialsent_assets.defs.retries import LONGEST_PAUSE, PARTS, RUNS_PER_TICK, Attempt
from socialsent_assets.domain.events.hour_set import hour_set_text
from socialsent_assets.domain.events.layout import HOUR, EventHour
from socialsent_assets.lake.staleness import CLEANSE_VERSION

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def tick(
    landing: Landing,
    memory: Memory | None = None,
    in_flight: tuple[EventHour, ...] = (),
    failed: tuple[EventHour, ...] = (),
    now: datetime = NOW,
) -> Plan:
    return plan(landing.lake, landing.warehouse, now, memory or Memory(), in_flight, lambda: failed)


def requested(decided: Plan) -> list[str]:
    return [hour_set_text(hours) for hours in decided.runs]


def test_a_new_hour_is_requested_and_a_built_one_is_not(landing: Landing) -> None:
    """Prevents data that waits, and work that is done twice."""
    landing.add(hour("22T08"))
    landing.add(hour("22T09"))
    landing.build([hour("22T08")])
    assert requested(tick(landing)) == ["2026-11-22T09"]


def test_a_late_event_makes_only_its_own_hour_stale(landing: Landing) -> None:
    """Prevents automation that looks at the newest hour alone and never scores late data."""
    hours = [hour("22T03"), hour("22T08"), hour("22T09")]
    for at in hours:
        landing.add(at)
    landing.build(hours)
    landing.add(hour("22T03"), name="late")
    assert requested(tick(landing)) == ["2026-11-22T03"]


def test_two_objects_of_the_same_second_are_both_seen(landing: Landing) -> None:
    """Prevents a cursor by time that takes the first file of a second and loses the next."""
    landing.add(hour("22T08"), name="first")
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), name="second")
    assert requested(tick(landing)) == ["2026-11-22T08"]


def test_a_rewritten_object_of_the_same_size_is_seen(landing: Landing) -> None:
    """Prevents a correction under the same name that never reaches the marts."""
    landing.add(hour("22T08"), text="good")
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="evil")
    assert requested(tick(landing)) == ["2026-11-22T08"]


def test_a_deleted_object_is_seen_and_does_not_raise(landing: Landing) -> None:
    """Prevents a cursor of keys that fails, or keeps rows, when a key is deleted."""
    landing.add(hour("22T08"))
    landing.build([hour("22T08")])
    landing.remove(hour("22T08"))
    assert requested(tick(landing)) == ["2026-11-22T08"]


def test_an_hour_that_returns_to_earlier_content_is_requested_again(landing: Landing) -> None:
    """Prevents a run key that Dagster keeps without limit and that drops this run."""
    landing.add(hour("22T08"), text="good")
    first = tick(landing)
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="evil")
    second = tick(landing, first.memory)
    landing.build([hour("22T08")])
    landing.add(hour("22T08"), text="good")
    third = tick(landing, second.memory)
    assert requested(first) == requested(second) == requested(third) == ["2026-11-22T08"]


def test_an_hour_ahead_of_the_clock_is_requested(landing: Landing) -> None:
    """Prevents events of a sender whose clock runs ahead from waiting until their hour comes."""
    landing.add(hour("23T09"))
    assert requested(tick(landing)) == ["2026-11-23T09"]


def test_all_stale_hours_are_one_run_however_far_apart(landing: Landing) -> None:
    """Prevents a start of Spark and dbt per hour: 267 runs for an imported file with a post every few hours."""
    hours = [EventHour(hour("20T10").start + 3 * number * HOUR) for number in range(12)]
    spring = EventHour(datetime(2026, 3, 1, 12, tzinfo=UTC))
    for at in (*hours, spring):
        landing.add(at)
    fresh = [EventHour(hour("20T11").start + 3 * number * HOUR) for number in range(11)]
    for at in fresh:
        landing.add(at)
    landing.build(fresh)
    assert [list(run) for run in tick(landing).runs] == [[spring, *hours]]


def test_hours_of_an_unfinished_run_are_left_to_it(landing: Landing) -> None:
    """Prevents a second run on hours that one is building."""
    landing.add(hour("22T08"))
    landing.add(hour("22T09"))
    decided = tick(landing, in_flight=(hour("22T08"),))
    assert requested(decided) == ["2026-11-22T09"]
    assert decided.in_flight == [hour("22T08")]


def test_a_failing_hour_is_tried_again_after_growing_pauses_and_never_given_up(landing: Landing) -> None:
    """Prevents both a run every 20 seconds, and an hour that stays stale after a full disk was emptied."""
    landing.add(hour("22T08"))
    memory, now, pauses = Memory(), NOW, []
    for _ in range(7):
        decided = tick(landing, memory, now=now)
        assert requested(decided) == ["2026-11-22T08"]
        quiet = tick(landing, decided.memory, now=now)
        assert requested(quiet) == []
        due = quiet.paused[hour("22T08")]
        pauses.append(due - now)
        memory, now = decided.memory, due
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_corrected_hour_waits_a_minute_not_an_hour(landing: Landing) -> None:
    """Prevents a correction that is looked at an hour after it landed."""
    landing.add(hour("22T08"))
    version = tick(landing).memory.attempts[hour("22T08").key].version
    memory = Memory("", {hour("22T08").key: Attempt(version, 9, NOW, "a")})
    landing.add(hour("22T08"), name="correction")
    decided = tick(landing, memory, failed=(hour("22T08"),))
    assert decided.paused == {hour("22T08"): NOW + timedelta(minutes=1)}


def test_hours_that_failed_together_are_tried_in_smaller_runs_until_the_bad_one_is_alone(landing: Landing) -> None:
    """Prevents one hour that cannot be built from failing the 23 of its run as long as it lies there."""
    day = [EventHour(hour("21T00").start + number * HOUR) for number in range(24)]
    for at in day:
        landing.add(at)
    memory, now, sizes = Memory(), NOW, []
    for _ in range(3):
        decided = tick(landing, memory, failed=tuple(day), now=now)
        sizes.append([len(run) for run in decided.runs])
        landing.build([at for run in decided.runs if day[5] not in run for at in run])
        memory, now = decided.memory, now + LONGEST_PAUSE
    assert sizes == [[3] * PARTS, [1, 1, 1], [1]]
    assert requested(tick(landing, memory, failed=(day[5],), now=now)) == ["2026-11-21T05"]


def test_many_hours_that_failed_alone_start_few_runs_at_once(landing: Landing) -> None:
    """Prevents a full disk from starting a run for every hour of history when it is emptied."""
    day = [EventHour(hour("21T00").start + number * HOUR) for number in range(24)]
    for at in day:
        landing.add(at)
    version = dict(tick(landing).memory.attempts)
    attempts = {key: Attempt(found.version, 3, NOW - 2 * LONGEST_PAUSE, key) for key, found in version.items()}
    decided = tick(landing, Memory("", attempts))
    assert len(decided.runs) == RUNS_PER_TICK
    assert len(decided.paused) == 24 - RUNS_PER_TICK


def test_an_hour_before_the_first_day_of_the_graph_is_named_and_not_requested(landing: Landing) -> None:
    """Prevents a run that Dagster rejects at every tick, because SOCIALSENT_START differs in one shell."""
    ancient = EventHour(datetime(1985, 12, 31, 23, tzinfo=UTC))
    landing.add(ancient)
    landing.add(hour("22T08"))
    decided = tick(landing)
    assert requested(decided) == ["2026-11-22T08"]
    assert decided.unreachable == [ancient]


def test_a_success_forgets_earlier_failures(landing: Landing) -> None:
    """Prevents three rewrites over a week from counting as three failures."""
    landing.add(hour("22T08"))
    memory = tick(landing).memory
    landing.build([hour("22T08")])
    assert tick(landing, memory).memory.attempts == {}


def test_a_busy_warehouse_delays_only_what_is_stale_there(landing: Landing) -> None:
    """Prevents a tick during a dbt build from rebuilding every hour because the versions in the marts are unknown."""
    landing.add(hour("22T08"))
    landing.build([hour("22T08")])
    landing.add(hour("22T09"))
    decided = plan(landing.lake, None, NOW, Memory(), ())
    assert requested(decided) == ["2026-11-22T09"]


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
    assert seen == [hour_set_text([days[30]])]


def test_the_cursor_stays_small_whatever_fails(landing: Landing) -> None:
    """Prevents a cursor that grows with every file ever seen."""
    landing.add(hour("22T08"))
    attempts = {
        f"2026-{month:02}-{day:02}-{at:02}:00": Attempt("x", 3, NOW, "a")
        for month in range(1, 10)
        for day in range(1, 29)
        for at in range(24)
    }
    decided = tick(landing, Memory("dt=2026-01-01", attempts))
    assert len(decided.memory.attempts) <= 2000
    assert Memory.from_json(decided.memory.to_json()) == decided.memory


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"attempts": {"a": 1}}', '{"attempts": []}'])
def test_a_cursor_of_another_version_is_a_fresh_start(text: str) -> None:
    """Prevents a sensor that keeps failing on the cursor of an older release."""
    assert Memory.from_json(text) == Memory()


def test_new_code_tries_again_what_old_code_could_not_do(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a fixed bug from leaving its victims behind."""
    landing.add(hour("22T08"))
    memory = tick(landing).memory
    assert requested(tick(landing, memory)) == []
    monkeypatch.setattr("socialsent_assets.lake.staleness.CLEANSE_VERSION", f"{CLEANSE_VERSION}+1")
    assert requested(tick(landing, memory)) == ["2026-11-22T08"]


def test_a_tick_costs_the_same_with_a_hundred_times_the_history(
    landing: Landing, count_listings: Callable[[], int]
) -> None:
    """Prevents a sensor that slows down with every day in the lake."""
    costs = []
    for hours in (10 * 24, 40 * 24):
        history = [EventHour(datetime(2026, 9, 1, tzinfo=UTC) + number * HOUR) for number in range(hours)]
        new = [at for at in history if not landing.lake.landed(at)]
        for at in new:
            landing.add(at)
        landing.build(new)
        before = count_listings()
        assert requested(tick(landing)) == []
        costs.append(count_listings() - before)
    assert costs[1] <= costs[0] + 5
