"""Times as people write them: one instant per spelling, one reading per column, an error that names its option."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.times import NoZoneError, TimeReading, TimeSurvey, spelled, zone_of

IN_UTC = TimeReading(UTC)
INSTANT = datetime(2026, 6, 24, 10, 30, tzinfo=UTC)

SPELLINGS = [
    "2026-06-24T10:30:00Z",
    "2026-06-24 10:30:00+00:00",
    "2026-06-24 02:30:00 -0800",
    "2026-06-24T02:30:00-0800",
    "2026-06-24T10:30:00.000+0000",
    "2026-06-24 10:30",
    "2026-06-24 10:30:00 UTC",
    "2026/06/24 10:30:00",
    "2026-6-24 10:30",
    "20260624T103000Z",
    "Wed Jun 24 10:30:00 +0000 2026",
    "Wed Jun 24 03:30:00 PDT 2026",
    "Wed, 24 Jun 2026 12:30:00 +0200",
    "24 June 2026 10:30",
    "24-Jun-2026 10:30",
    "Jun 24, 2026, 10:30 AM",
    "June 24th, 2026 at 10:30 am",
    "Wednesday, June 24, 2026 10:30:00",
    "24.06.2026 10:30",
    "24.06.2026, 10:30:00",
    "1782297000",
    "1782297000.0",
    "1.782297E+9",
    "1782297000000",
    "1782297000000000",
    "46197.4375",
    1782297000,
    1782297000.0,
    46197.4375,
    datetime(2026, 6, 24, 10, 30),  # noqa: DTZ001 - as workbooks hold it
    INSTANT,
]


@pytest.mark.parametrize("value", SPELLINGS, ids=str)
def test_each_spelling_names_one_instant(value: object) -> None:
    """Prevents a file that is rejected because of its format of times."""
    assert spelled(value, IN_UTC)[1] == INSTANT


NO_TIMES = [
    "", "yesterday", "10:30", "2026-13-01", "2026-06-31", "7", "0", "-1", "2026", "24 Juni 2026", "12 CET",
    True, None,
    "2026-06-24 10:30 CET", "2026-06-24 25:00", "13/13/2026", "Jun 24, 2026, 13:30 AM", [], {},
    "99999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_TIMES, ids=str)
def test_what_is_no_time_is_refused(value: object) -> None:
    """Prevents a number or a word that lands in some hour because a reader guessed."""
    for order in ("day-first", "month-first"):
        with pytest.raises(ValueError, match=r".") as caught:
            spelled(value, TimeReading(UTC, order))
        assert not isinstance(caught.value, UserError)


def test_a_time_without_offset_needs_a_zone_and_gets_it() -> None:
    """Prevents local times that are silently taken for UTC."""
    with pytest.raises(NoZoneError, match="--timezone UTC"):
        spelled("2026-06-24 12:30", TimeReading())
    assert spelled("2026-06-24 12:30", TimeReading(zone_of("Europe/Brussels")))[1] == INSTANT
    assert spelled("2026-06-24 12:30", TimeReading(zone_of("+02:00")))[1] == INSTANT
    assert spelled("1782297000", TimeReading())[1] == INSTANT  # an epoch has no zone to miss


def test_a_zone_that_is_none_is_named() -> None:
    """Prevents a typing error that shifts a file by hours, or a traceback of zoneinfo."""
    for name in ("Mars/Base", "../../etc/passwd", "CET5", "+99:00", ""):
        with pytest.raises(UserError, match="--timezone"):
            zone_of(name)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["02/03/2024", "13/03/2024"], "day-first"),
        (["02/03/2024", "03/13/2024"], "month-first"),
        (["05/05/2024"], None),
    ],
)
def test_one_value_decides_the_column(values: list[str], order: str | None) -> None:
    """Prevents one column that is read with the day first here and the month first there."""
    assert TimeSurvey().look(values).decide("when", IN_UTC).order == order


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["02/03/2024", "04/05/2024"], "column when: '02/03/2024' is ambiguous; choose: --dates day-first or"),
        (["13/03/2024", "03/13/2024"], "column when has dates with the day first and dates with the month first"),
    ],
)
def test_a_column_that_fits_two_orders_is_an_error_with_its_option(values: list[str], words: str) -> None:
    """Prevents a year of posts in the wrong months."""
    survey = TimeSurvey().look(values)
    with pytest.raises(UserError, match="--dates day-first or --dates month-first") as caught:
        survey.decide("when", IN_UTC)
    assert str(caught.value).startswith(words)
    assert survey.decide("when", TimeReading(UTC, "day-first")).order == "day-first"


@given(st.datetimes(datetime(1971, 1, 1), datetime(2069, 12, 31)))  # noqa: DTZ001
def test_every_spelling_of_a_time_is_that_time(naive: datetime) -> None:
    """Prevents a spelling that is right for one example and an hour or a month off for another."""
    time = naive.replace(microsecond=0, tzinfo=UTC)
    for pattern in (
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S%z",
        "%a %b %d %H:%M:%S %z %Y",
        "%a, %d %b %Y %H:%M:%S %z",
        "%d.%m.%Y %H:%M:%S",
        "%B %d, %Y %I:%M:%S %p",
    ):
        assert spelled(time.strftime(pattern), IN_UTC)[1] == time, pattern
    assert spelled(time.strftime("%m/%d/%Y %H:%M:%S"), TimeReading(UTC, "month-first"))[1] == time
    assert spelled(time.strftime("%d/%m/%y %I:%M:%S %p"), TimeReading(UTC, "day-first"))[1] == time
