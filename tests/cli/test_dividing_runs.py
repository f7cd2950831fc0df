"""`materialize` when a run fails: what is fine is built, what is not is named, and a broken system ends it early."""

from __future__ import annotations

from datetime import UTC, datetime

from socialsent_assets.cli.graph_run import divide
from socialsent_assets.domain.events.layout import HOUR, EventHour

HOURS = [EventHour(datetime(2026, 11, 22, tzinfo=UTC) + number * HOUR) for number in range(24)]


def test_one_bad_hour_costs_no_other() -> None:
    """Prevents an hour that cannot be built from keeping all others out of the marts."""
    built, reason = divide(HOURS, lambda part: "bad" if HOURS[5] in part else "")
    assert built == [hour for hour in HOURS if hour != HOURS[5]]
    assert reason == "bad"


def test_a_broken_system_is_not_tried_hour_by_hour() -> None:
    """Prevents two dozen starts of Spark on a full disk."""
    runs: list[int] = []

    def fail(part: list[EventHour]) -> str:
        runs.append(len(part))
        return "disk full"

    assert divide(HOURS, fail) == ([], "disk full")
    assert len(runs) <= 7


def test_hours_that_can_be_built_together_are_one_run() -> None:
    """Prevents a run per hour."""
    runs: list[int] = []
    assert divide(HOURS, lambda part: runs.append(len(part)) or "") == (HOURS, "")
    assert runs == [24]
