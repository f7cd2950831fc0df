"""A set of hours as text, and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.hour_set import days_of, hour_set_text, hours_of_day, parse_hour_set
from socialsent_assets.domain.events.layout import HOUR, EventHour

START = EventHour(datetime(2026, 11, 21, tzinfo=UTC))
SOME_HOURS = st.sets(st.integers(min_value=0, max_value=24 * 40)).map(
    lambda numbers: sorted(EventHour(START.start + number * HOUR) for number in numbers)
)


@given(SOME_HOURS)
def test_every_set_of_hours_comes_back(hours: list[EventHour]) -> None:
    """Prevents a run that builds one hour more or less than requested."""
    assert parse_hour_set(hour_set_text(hours)) == hours


def test_whole_days_are_short() -> None:
    """Prevents a tag of 200 kB for a year of hours."""
    year = [EventHour(START.start + number * HOUR) for number in range(365 * 24)]
    assert len(hour_set_text(year)) <= 365 * 17
    assert days_of(year)[0] == "2026-11-21"
    assert len(days_of(year)) == 365


@pytest.mark.parametrize(
    "text",
    ["2026-11-22", "2026-11-22T", "2026-11-22T3", "2026-13-01T03", "2026-11-22T03..04", "T03", "2026-11-22T03,"],
)
def test_any_other_text_is_refused(text: str) -> None:
    """Prevents a typing error in a tag from building other hours."""
    with pytest.raises(ValueError, match=r"write|match"):
        parse_hour_set(text)


def test_a_day_has_24_hours_in_utc() -> None:
    """Prevents a day of 23 or 25 hours, as clocks on walls have them."""
    assert len(hours_of_day("2026-03-29")) == 24
