"""Definition of an event type: fields as data, and the one place that checks a value against its field.

Not here: the kinds (one file each beside this one), the envelope around `data` (event.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.domain.events.times import format_time, parse_time

FieldType = Literal["string", "integer", "boolean", "timestamp", "list of strings"]

MAX_ID_CHARACTERS = 128
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_YEARS = range(1900, 9999)  # Parquet readers rebase older times, time zone arithmetic overflows on later ones


@dataclass(frozen=True)
class Field:
    """One field of an event; absent and null mean the same.

    Attributes:
        name: key in the JSON object.
        type: simple type, from which the readers' schemas follow.
        meaning: one sentence.
        required: whether an event without it is rejected.
        is_id: a non-empty string of at most 128 characters without control characters; an integer is
            accepted and becomes a string, spaces around it are dropped.
        allowed: the only values; () for any.
        minimum, maximum: bounds of an integer, both included.
        pattern: regular expression that a string matches as a whole; `pattern_meaning` describes it in words.
        tombstone_may_lack: required, unless the event has `"deleted": true`.
    """

    name: str
    type: FieldType
    meaning: str
    required: bool = False
    is_id: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    pattern_meaning: str = ""
    tombstone_may_lack: bool = False

    @functools.cached_property
    def normalise(self) -> Callable[[object], object]:
        """The value as landing keeps it, as a function of the value as it came.

        Raises:
            RefusalError: invalid_field, with a sentence that names field, value and rule.
        """
        # Found once per field: looking at the type for every value is a tenth of landing an event.
        if self.is_id:
            return self._id
        of_type: dict[FieldType, Callable[[object], object]] = {
            "string": self._string,
            "integer": self._integer,
            "timestamp": self._timestamp,
            "boolean": self._boolean,
            "list of strings": self._strings,
        }
        return of_type[self.type]

    @functools.cached_property
    def _whole_pattern(self) -> re.Pattern[str] | None:
        return None if self.pattern is None else re.compile(self.pattern)

    def _strings(self, value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(value, "a list of strings is expected")
        return value

    def _boolean(self, value: object) -> bool:
        if not isinstance(value, bool):
            self._refuse(value, "true or false is expected")
        return value

    def _id(self, value: object) -> str:
        if type(value) is str and value.isalnum() and len(value) <= MAX_ID_CHARACTERS:
            return value  # most ids; what follows would say the same
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            self._refuse(value, "ids are strings or integers")
        text = value.strip(" ")
        if not text:
            self._refuse(value, "ids are not empty")
        if len(text) > MAX_ID_CHARACTERS:
            self._refuse(value, f"{len(text)} characters, allowed are {MAX_ID_CHARACTERS}")
        if _CONTROL.search(text):
            self._refuse(value, "ids hold no control characters")
        return text

    def _string(self, value: object) -> str:
        if not isinstance(value, str):
            self._refuse(value, "a string is expected")
        if self.allowed and value not in self.allowed:
            self._refuse(value, f"allowed are {', '.join(self.allowed)}")
        if self._whole_pattern is not None and self._whole_pattern.fullmatch(value) is None:
            self._refuse(value, self.pattern_meaning)
        return value

    def _integer(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(value, "an integer is expected")
        if self.minimum is not None and self.maximum is not None and not self.minimum <= value <= self.maximum:
            self._refuse(value, f"allowed are {self.minimum} to {self.maximum}")
        return value

    def _timestamp(self, value: object) -> str:
        if not isinstance(value, str):
            self._refuse(value, "a time such as 2026-11-22T09:40:28Z is expected")
        try:
            time = parse_time(value)
        except ValueError as error:
            self._refuse(value, str(error))
        if time.year not in _YEARS:
            self._refuse(value, f"allowed are the years {_YEARS.start} to {_YEARS.stop - 1}")
        return format_time(time)

    def _refuse(self, value: object, rule: str) -> NoReturn:
        raise RefusalError("invalid_field", f"{self.name} is {shown(value)}: {rule}")


@dataclass(frozen=True)
class Kind:
    """One kind of event: the rules of its `data`.

    Attributes:
        name: the `event_type`.
        meaning: one sentence.
        fields: those that the contract knows; others are kept and not looked at.
        identity: name of the id field that versions of the same thing share.
        at_least_one_of: names of optional fields of which one has to be there; () for no such rule.
        example: a whole valid event, envelope included.
    """

    name: str
    meaning: str
    fields: tuple[Field, ...]
    identity: str
    example: Mapping[str, object]
    at_least_one_of: tuple[str, ...] = ()

    def normalise(self, data: Mapping[str, object]) -> dict[str, object]:
        """`data` with every known field checked and in its one spelling; unknown fields as they came.

        Raises:
            RefusalError: missing_field or invalid_field.
        """
        checked = dict(data)
        is_tombstone = data.get("deleted") is True
        for name, normalise, field in self._checks:
            value = data.get(name)
            if value is not None:
                checked[name] = normalise(value)
            elif field.required and not (is_tombstone and field.tombstone_may_lack):
                raise RefusalError("missing_field", f"data.{name} is missing in a {self.name}")
        if self.at_least_one_of and all(data.get(name) is None for name in self.at_least_one_of):
            names = " or ".join(f"data.{name}" for name in self.at_least_one_of)
            raise RefusalError("missing_field", f"{names} is missing in a {self.name}")
        return checked

    @functools.cached_property
    def _checks(self) -> tuple[tuple[str, Callable[[object], object], Field], ...]:
        return tuple((field.name, field.normalise, field) for field in self.fields)


def id_field(name: str, meaning: str, *, required: bool = False, tombstone_may_lack: bool = False) -> Field:
    """A field that holds an id."""
    return Field(name, "string", meaning, required=required, is_id=True, tombstone_may_lack=tombstone_may_lack)


LANG = Field(
    "lang",
    "string",
    "Language of the text, BCP 47.",
    pattern=r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*",
    pattern_meaning="a BCP 47 tag such as en or pt-BR is expected",
)
TEXT = Field("text", "string", "As written; may be empty.", required=True, tombstone_may_lack=True)
DELETED = Field("deleted", "boolean", "True for a tombstone: remove it from every mart.")
