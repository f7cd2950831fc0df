"""Times as people write them, and the one reading of a column: day or month first, and the zone of what has none.

Every spelling that names one instant is read as it is, however mixed a column may be. What a single value leaves open
(is 02/03 in February or in March, where is 10:30) is decided once for the whole column, from its values or by an
option, never value by value.

Not here: the times of the wire contract, which are RFC 3339 alone (domain/events/times.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.rejection import shown

DayOrder = Literal["day-first", "month-first"]

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name[:letters]: n for n, name in enumerate(_MONTH_NAMES, start=1) for letters in (3, 4, len(name))}
# The zones of RFC 2822, 4.3. Other letters (CET, IST, BST) name several zones, or none for half of the year.
_ZONES = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7}

_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?P<zone>[A-Za-z]{1,4}|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)(?:\s*\([^)]*\))?"
_REST = rf"(?:(?:[T ]|,\s*|\s+at\s+)\s*{_CLOCK})?(?:\s*{_ZONE})?"
_WEEKDAY = r"(?:[A-Za-z]{3,9},?\s+)?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<mo>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){_REST}")
_COMPACT = re.compile(
    rf"(?P<y>\d{{4}})(?P<mo>\d{{2}})(?P<d>\d{{2}})(?:T(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)?(?:{_ZONE})?)?"
)
_NUMBERS = re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_REST}")
_TWITTER = re.compile(
    rf"{_WEEKDAY}(?P<mon>[A-Za-z]{{3,9}})\s+(?P<d>\d{{1,2}})\s+{_CLOCK}\s+(?:{_ZONE}\s+)?(?P<y>\d{{4}})"
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<mon>[A-Za-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_REST}"
)
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-](?P<mon>[A-Za-z]{{3,9}})\.?,?[\s-](?P<y>\d{{4}}){_REST}"
)
_TIME_OF_DAY = re.compile(rf"{_CLOCK}(?:\s*{_ZONE})?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE]\+?\d+)?")

_EPOCHS = (("epoch seconds", 1), ("epoch milliseconds", 1e3), ("epoch microseconds", 1e6), ("epoch nanoseconds", 1e9))
_EPOCH_YEARS = (datetime(2000, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_SERIALS = range(25_569, 73_051)  # days since 30 December 1899: 1970 to 2099
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a day of a calendar, the zone comes later
_LEAP = 60


class NoZoneError(ValueError):
    """A time without an offset, and no option for the zone."""


class DayOrderError(ValueError):
    """A date that is one day in one order of day and month, and another day in the other."""


@dataclass(frozen=True)
class TimeReading:
    """How the times of one file are read.

    Attributes:
        zone: of times without an offset; None without the option.
        order: of dates such as 02/03/2024; None if neither an option nor a value settles it.
    """

    zone: tzinfo | None = None
    order: DayOrder | None = None

    def read(self, value: object) -> datetime:
        """The instant that a value names, aware, in UTC.

        Raises:
            NoZoneError, DayOrderError: an option is needed.
            ValueError: no time at all.
        """
        return spelled(value, self)[1]


def zone_of(name: str) -> tzinfo:
    """A zone by its name or offset. Raises UserError for another text.

    >>> zone_of("+05:30").utcoffset(None)
    datetime.timedelta(seconds=19800)
    """
    if found := _offset(name):
        return found
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UserError(
            f"--timezone {name} is not known; write UTC, +02:00 or a name such as Europe/Brussels"
        ) from None


def is_time_of_day(value: object) -> bool:
    """Whether a value is a time of day without a date, such as 10:30 or 9:05 pm."""
    return isinstance(value, time) or (isinstance(value, str) and bool(_TIME_OF_DAY.fullmatch(value.strip())))


def joined(day: object, time_of_day: object) -> object:
    """A date and a time of day that stand in two columns, as one text; what cannot be joined becomes no time.

    >>> joined("20260601", "9:05 pm"), joined("01/06/2026", time(9, 5))
    ('2026-06-01 9:05 pm', '01/06/2026 09:05:00')
    """
    if isinstance(day, datetime) and day.time() == time():
        day = day.date()
    text = day.isoformat() if isinstance(day, date) else str(day).strip()
    if len(text) == 8 and text.isdecimal():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return f"{text} {time_of_day.isoformat() if isinstance(time_of_day, time) else str(time_of_day).strip()}"


def spelled(value: object, reading: TimeReading) -> tuple[str, datetime]:
    """The name of the spelling of a value, and the instant, aware, in UTC. Raises as `TimeReading.read`."""
    if isinstance(value, str):
        name, instant = _text(value.strip(), reading.order)
    elif isinstance(value, datetime):
        name, instant = "date and time", value
    elif isinstance(value, date):
        name, instant = "date alone", datetime(value.year, value.month, value.day)  # noqa: DTZ001
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        name, instant = _number(float(value))
    else:
        raise ValueError(f"{shown(value)} is not a time")  # noqa: TRY004 - one kind of error for all that is no time
    if instant.tzinfo is None:
        if reading.zone is None:
            raise NoZoneError(
                f"{shown(value)} has no offset; give its zone: --timezone UTC, --timezone Europe/Paris …"
            )
        instant = instant.replace(tzinfo=reading.zone)
    try:
        return name, instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{shown(value)} is outside the calendar") from None


@dataclass
class TimeSurvey:
    """Evidence in the values of a column on how to read them.

    Attributes:
        spellings: name of a spelling -> number of values.
        without_zone, day_first, month_first, either: numbers of values; `either` fits both orders.
        first_without_zone, first_either, first_unreadable: examples.
    """

    spellings: Counter[str] = field(default_factory=Counter)
    without_zone: int = 0
    day_first: int = 0
    month_first: int = 0
    either: int = 0
    unreadable: int = 0
    first_without_zone: object = None
    first_either: object = None
    first_unreadable: object = None

    def look(self, values: Iterable[object]) -> TimeSurvey:
        """Add values; returns itself."""
        assumed = TimeReading(UTC, "day-first")
        for value in values:
            self._look(value, assumed)
        return self

    def _look(self, value: object, assumed: TimeReading) -> None:
        try:
            name, _ = spelled(value, assumed)
        except ValueError:
            try:
                name, _ = spelled(value, TimeReading(UTC, "month-first"))
            except ValueError:
                self.unreadable += 1
                self.first_unreadable = self.first_unreadable or value
                return
        self.spellings[name] += 1
        self._note_order(value)
        try:
            spelled(value, TimeReading(None, "day-first"))
        except NoZoneError:
            self.without_zone += 1
            self.first_without_zone = self.first_without_zone or value
        except ValueError:
            self.without_zone += 1  # it is month-first, and such a spelling seldom has an offset

    def _note_order(self, value: object) -> None:
        match = _NUMBERS.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or match["sep"] == ".":
            return
        a, b = int(match["a"]), int(match["b"])
        if a > 12:
            self.day_first += 1
        elif b > 12:
            self.month_first += 1
        elif a != b:
            self.either += 1
            self.first_either = self.first_either or value

    @property
    def is_undecided(self) -> bool:
        """Whether more values are needed to know the order of day and month."""
        return bool(self.either) and not self.day_first and not self.month_first

    def decide(self, column: str, asked: TimeReading) -> TimeReading:
        """The one reading of the column. Raises UserError where an option is needed."""
        if asked.order is not None or not (self.either or self.day_first or self.month_first):
            return asked
        if self.day_first and self.month_first:
            raise UserError(
                f"column {column} has dates with the day first and dates with the month first; correct them, or "
                "choose one (the others are quarantined): --dates day-first or --dates month-first"
            )
        if self.is_undecided:
            raise UserError(
                f"column {column}: {shown(self.first_either)} is ambiguous; choose: --dates day-first or "
                "--dates month-first"
            )
        return replace(asked, order="day-first" if self.day_first else "month-first")


def _text(text: str, order: DayOrder | None) -> tuple[str, datetime]:
    if len(text) > 9 and text[4] == "-":
        try:
            return ("date alone" if len(text) == 10 else "ISO 8601"), datetime.fromisoformat(text)
        except ValueError:
            pass  # a near miss, below
    match = _COMPACT.fullmatch(text)
    if match and 1970 <= int(match["y"]) <= 2099 and int(match["mo"]) <= 12 and int(match["d"]) <= 31:
        return "YYYYMMDD", _built(match, int(match["mo"]), int(match["d"]))
    if _NUMBER.fullmatch(text):
        return _number(float(text))
    if match := _YEAR_FIRST.fullmatch(text):
        name = "date alone" if match["h"] is None else "ISO 8601"
        return name, _built(match, int(match["mo"]), int(match["d"]))
    if match := _NUMBERS.fullmatch(text):
        return _by_numbers(match, text, order)
    for name, pattern in (("Twitter", _TWITTER), ("month day, year", _MONTH_FIRST), ("RFC 2822", _DAY_FIRST)):
        match = pattern.fullmatch(text)
        month = _MONTHS.get(match["mon"].lower()) if match else None
        if match and month:
            return name, _built(match, month, int(match["d"]))
    raise ValueError(f"{shown(text)} is not in a known time format")


def _by_numbers(match: re.Match[str], text: str, order: DayOrder | None) -> tuple[str, datetime]:
    a, b = int(match["a"]), int(match["b"])
    if match["sep"] == ".":  # with dots the day comes first wherever dates are written so
        return "day.month.year", _built(match, b, a)
    if order is None and a != b:
        raise DayOrderError(f"{shown(text)} is ambiguous; choose: --dates day-first or --dates month-first")
    if order == "month-first":
        return "month/day/year", _built(match, a, b)
    return "day/month/year", _built(match, b, a)


def _built(match: re.Match[str], month: int, day: int) -> datetime:
    part = match.groupdict()
    year = int(part["y"])
    year += 0 if year > 99 else 2000 if year < 70 else 1900
    hour, minute, second = (int(part.get(name) or 0) for name in ("h", "m", "s"))
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is not an hour of a 12-hour clock")
        hour = hour % 12 + (12 if half in "pP" else 0)
    micro = int(f"{part.get('f') or '0':0<6}"[:6])
    if second == _LEAP:  # a leap second keeps its minute
        second, micro = 59, 999_999
    zone = _offset(part["zone"]) if part.get("zone") else None
    if part.get("zone") and zone is None:
        raise ValueError(f"{shown(part['zone'])} is not a time zone with one offset; write +02:00")
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)


def _offset(text: str) -> tzinfo | None:
    if (hours := _ZONES.get(text.lower())) is not None:
        return timezone(timedelta(hours=hours)) if hours else UTC
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", text)
    if match is None or int(match[2]) > 15 or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset) if offset else UTC


def _number(number: float) -> tuple[str, datetime]:
    first, last = _EPOCH_YEARS
    for name, per_second in _EPOCHS:
        if first <= number / per_second < last:
            return name, datetime.fromtimestamp(0, UTC) + timedelta(seconds=number / per_second)
    if _SERIALS.start <= number < _SERIALS.stop:
        # To the millisecond: a double of this size holds no more of a day.
        return "spreadsheet serial", _SERIAL_ZERO + timedelta(milliseconds=round(number * 86_400_000))
    raise ValueError(f"{number:g} is not a time: neither an epoch of the years 2000 to 2099 nor a spreadsheet's day")
