"""Event hours, ranges that people type, and names of landing objects, at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import (
    EventHour,
    LandingName,
    content_digest,
    hours_between,
    landing_name,
    parse_hour_range,
    parse_landing_name,
    table_prefix,
)

NINE = EventHour.from_key("2026-11-22-09:00")
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "time",
    [
        NINE.start + timedelta(minutes=1),
        NINE.start + timedelta(seconds=1),
        NINE.start + TICK,
        NINE.start.replace(tzinfo=None),
    ],
)
def test_an_hour_starts_on_the_hour_in_utc(time: datetime) -> None:
    """Prevents two hours that are one: they would be built twice."""
    with pytest.raises(ValueError, match="starts on the hour, in UTC"):
        EventHour(time)


def test_a_zone_that_equals_utc_is_not_utc() -> None:
    """Prevents hours that are equal and have other texts."""
    with pytest.raises(ValueError, match="in UTC"):
        EventHour(NINE.start.replace(tzinfo=timezone(timedelta(0), "GMT")))


def test_an_instant_belongs_to_the_hour_that_it_begins() -> None:
    """Prevents events of nine o'clock sharp in the hour before, and times before 1970 in the hour after."""
    assert EventHour.of(NINE.start) == NINE
    assert EventHour.of(NINE.start - TICK).next() == NINE
    assert EventHour.of(NINE.end - TICK) == NINE
    assert EventHour.of(NINE.end) == NINE.next()
    assert EventHour.of(datetime(1969, 12, 31, 23, 59, tzinfo=UTC)).key == "1969-12-31-23:00"
    with pytest.raises(ValueError, match="without an offset"):
        EventHour.of(datetime(2026, 11, 22, 9))  # noqa: DTZ001 - that is the test


def test_hours_between_holds_both_ends() -> None:
    """Prevents a rebuild that leaves out the last hour that was requested."""
    assert list(hours_between(NINE, NINE)) == [NINE]
    assert list(hours_between(NINE, NINE.next())) == [NINE, NINE.next()]
    assert list(hours_between(NINE.next(), NINE)) == []


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2026-11-22T09", "2026-11-22-09:00", "2026-11-22-09:00"),
        ("2026-11-22T09:00Z", "2026-11-22-09:00", "2026-11-22-09:00"),
        ("2026-11-22-09:00..2026-11-22T11:59:59", "2026-11-22-09:00", "2026-11-22-11:00"),
        ("2026-11-22", "2026-11-22-00:00", "2026-11-22-23:00"),
        ("2026-11-22..2026-11-23", "2026-11-22-00:00", "2026-11-23-23:00"),
        (" 2026-11-22T09 .. 2026-11-22 ", "2026-11-22-09:00", "2026-11-22-23:00"),
    ],
)
def test_a_range_is_what_a_person_types(typed: str, first: str, last: str) -> None:
    """Prevents a day without its last hour, and a range without its end."""
    assert [hour.key for hour in parse_hour_range(typed)] == [first, last]


@pytest.mark.parametrize(
    ("typed", "words"), [("2026-11-22T09..2026-11-22T08", "ends before it starts"), ("monday", "is not an hour")]
)
def test_a_range_that_is_none_says_what_to_write(typed: str, words: str) -> None:
    """Prevents an empty build that ends with success."""
    with pytest.raises(UserError, match=words):
        parse_hour_range(typed)


@pytest.mark.parametrize(
    "path", ["events/dt=2026-11-31/hr=09", "events/dt=2026-11-22/hr=24", "events/dt=2026-11-22/hr=099"]
)
def test_a_folder_of_no_hour_is_none(path: str) -> None:
    """Prevents a foreign folder that stops every listing."""
    assert EventHour.from_path(path) is None


def test_a_folder_begins_with_the_table() -> None:
    """Prevents an hour of one table that is looked for in another."""
    assert table_prefix("posts", NINE) == "posts/dt=2026-11-22/hr=09"
    assert EventHour.from_path(table_prefix("posts", NINE)) == NINE


def test_the_name_of_an_object_says_how_many_records_were_erased() -> None:
    """Prevents a landing tier whose counts no longer close after an erasure."""
    assert parse_landing_name(landing_name("o", 3, 2)) == LandingName("o", 3, 2)
    assert LandingName("o", 3, 2).erased == 0
    assert parse_landing_name(landing_name("o", 3, 2, 1)) == LandingName("o", 3, 2, 1)
    assert parse_landing_name("part-0000.json.gz") is None


def test_a_digest_has_sixteen_digits() -> None:
    """Prevents a name that changes with the code: every hour would count as changed."""
    assert content_digest(b"") == "e3b0c44298fc1c14"
    assert content_digest(b"", 4) == "e3b0"
