"""Times as networks write them, at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from socialsent_assets.domain.events.times import BeyondCalendarError, NoOffsetError, format_time, parse_time


def test_a_time_without_an_offset_is_utc_only_on_request() -> None:
    """Prevents local times that are taken for UTC without a word."""
    with pytest.raises(NoOffsetError):
        parse_time("2026-11-22T09:40:28")
    assert parse_time("2026-11-22T09:40:28", assume_utc=True) == datetime(2026, 11, 22, 9, 40, 28, tzinfo=UTC)
    assert parse_time("2026-11-22T09:40:28+01:00", assume_utc=True).hour == 8


def test_a_leap_second_stays_in_its_hour() -> None:
    """Prevents an event of 23:59:60 on the next day, or in quarantine."""
    assert parse_time("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_time("2016-12-31T23:59:59.5Z").microsecond == 500_000


@pytest.mark.parametrize("text", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:30:00-01:00"])
def test_a_time_beyond_the_calendar_has_an_error_of_its_own(text: str) -> None:
    """Prevents an OverflowError that stops a batch."""
    with pytest.raises(BeyondCalendarError):
        parse_time(text)


def test_a_time_is_written_in_utc_wherever_it_was() -> None:
    """Prevents two spellings of one instant: its event would be two."""
    there = datetime(2026, 11, 22, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(there) == "2026-11-22T09:00:00.000005Z"
