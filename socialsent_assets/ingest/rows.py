"""One row, or one JSON record of an unknown format, as an event, by the columns that were found.

Not here: finding the columns (columns.py), files (tables.py), records of known networks (sources/).
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from socialsent_assets.domain.events.draft import Draft, derived_id
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.columns import Columns, value_of
from socialsent_assets.ingest.options import ENVELOPE_COLUMNS
from socialsent_assets.ingest.records import snowflake_time
from socialsent_assets.ingest.source import Label, Record
from socialsent_assets.ingest.times import TimeReading, spelled
from socialsent_assets.ingest.values import flag, id_value, is_missing, language, strings, whole_number

_TYPES = {f.name: f.type for kind in KINDS.values() for f in kind.fields}
_IDS = {f.name for kind in KINDS.values() for f in kind.fields if f.is_id}
_FIELDS = {kind.name: frozenset(f.name for f in kind.fields) for kind in KINDS.values()}
_LONG_ID = 16  # digits from which a spreadsheet rounds
_ROUNDED_END = "000"


@dataclass(frozen=True)
class RowReader:
    """Makes events of rows.

    Attributes:
        columns: field -> column.
        times: the one reading of the file's times.
        source: slug of the events.
        event_type: default kind of a row.
        constants: field -> one value for all rows.
        label, meanings, annotator: column of human labels, value -> class, and who gave them.
        joined_text: columns that together are the text.
        drop: columns that are not kept.
        rounded: fields of ids of which all that were seen end in zeros, as a spreadsheet leaves them.
    """

    columns: Columns
    times: TimeReading
    source: str
    event_type: str = "post"
    constants: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    annotator: str = ""
    joined_text: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    rounded: frozenset[str] = frozenset()

    @functools.cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset({"", *self.columns.of.values(), self.columns.time_of_day, *self.joined_text, *self.drop})

    def drafts(self, record: Record) -> Iterator[Draft | Label]:
        """The event of a row, and its label if it has one. Raises RefusalError for a row that cannot be one."""
        values = self._values(record)
        label = self._label(record)
        event_type = str(values.pop("event_type", self.event_type))
        kind = KINDS.get(event_type)
        if kind is None:
            raise RefusalError(
                "unknown_event_type", f"event_type is {shown(event_type)}, known are {', '.join(KINDS)}"
            )
        source = str(values.pop("source", self.source))
        time = self._time(record, values.pop("event_time", None), is_needed=label is None)
        event_id = values.pop("event_id", None)
        names = _FIELDS[event_type]
        typed = self._typed
        data = {n: value for n, v in values.items() if n in names and (value := typed[n](v)) is not None}
        if time is None:
            yield Label("", str(data.get("text", "")), label or "", self.annotator)
            return
        if "author_id" in names and "author_id" not in data and not data.get("deleted"):
            data["author_id"], data["author_is_unknown"] = f"{source}-unknown", True
        if kind.identity not in data:
            parts = (str(data.get(name, "")) for name in ("author_id", "user_name", "text", "action", "post_id"))
            data[kind.identity] = derived_id(source, format_time(time), *parts)
        data |= self._others(record, names)
        yield Draft(event_type, time, source, data, None if event_id is None else id_value(event_id, "event_id"))
        if label is not None:
            yield Label(str(data[kind.identity]), str(data.get("text", "")), label, self.annotator)

    def _values(self, record: Record) -> dict[str, object]:
        values: dict[str, object] = dict(self.constants)
        for name, column in self.columns.of.items():
            value = value_of(record, column)
            if name == "event_time":
                value = self.columns.time_in(record)
            if not is_missing(value) or (name == "text" and isinstance(value, str) and value):
                values[name] = value
        if self.joined_text:
            texts = [str(value) for column in self.joined_text if not is_missing(value := value_of(record, column))]
            if texts:
                values["text"] = "\n\n".join(texts)
        return values

    def _label(self, record: Record) -> str | None:
        if not self.label:
            return None
        value = value_of(record, self.label)
        return None if is_missing(value) else self.meanings.get(str(value).strip().lower())

    def _time(self, record: Record, value: object, *, is_needed: bool) -> dt.datetime | None:
        if value is None and self.columns.snowflake:
            value = snowflake_time(str(value_of(record, self.columns.snowflake) or ""))
        if value is None:
            if is_needed or "event_time" in self.columns.of:
                raise RefusalError("missing_field", "event_time is missing")
            return None
        try:
            return spelled(value, self.times)[1]
        except ValueError as error:
            raise RefusalError("invalid_field", f"event_time: {error}") from None

    @functools.cached_property
    def _typed(self) -> dict[str, Callable[[object], object]]:
        """Field -> its value in the field's type; what does not fit stays, and the contract rejects it."""
        of_type: dict[str, Callable[[object], object]] = {
            "string": lambda value: value if isinstance(value, str) else str(value),
            "boolean": flag,
            "integer": whole_number,
            "list of strings": strings,
            "timestamp": self._timestamp,
        }
        typed = {name: of_type[kind] for name, kind in _TYPES.items()}
        typed |= {name: functools.partial(self._id, name) for name in _IDS}
        return {**typed, "lang": language}

    def _id(self, name: str, value: object) -> str:
        text = id_value(value, name)
        if name in self.rounded and len(text) >= _LONG_ID and text.endswith(_ROUNDED_END):
            raise id_rounded(name, text)
        return text

    def _timestamp(self, value: object) -> object:
        try:
            return format_time(spelled(value, self.times)[1])
        except ValueError:
            return value

    def _others(self, record: Record, names: frozenset[str]) -> dict[str, object]:
        """What the contract does not know, as it came; a name that means another thing in it is marked."""
        others: dict[str, object] = {}
        for column, value in record.items():
            if column not in self._taken and not is_missing(value):
                name = f"column_{column}" if column in names or column in ENVELOPE_COLUMNS else column
                others[name] = _json_value(value)
        return others


def id_rounded(name: str, text: str) -> RefusalError:
    """The rejection of an id whose last digits are gone."""
    return RefusalError(
        "invalid_field",
        f"{name} is {shown(text)}: all ids of this column end in zeros, as a spreadsheet leaves long numbers, so "
        f"that several posts share one; export ids as text, or go without: --map {name}=",
    )


def rounded_fields(columns: Mapping[str, str], sample: list[Record]) -> frozenset[str]:
    """Fields of which all long ids in the sample end in zeros; by chance that happens once in a thousand million."""
    found = set()
    for name, column in columns.items():
        if name in _IDS:
            texts = {str(value).strip() for record in sample if not is_missing(value := value_of(record, column))}
            long = [text for text in texts if text.isdecimal() and len(text) >= _LONG_ID]
            if len(long) >= 3 and all(text.endswith(_ROUNDED_END) for text in long):
                found.add(name)
    return frozenset(found)


def _json_value(value: object) -> object:
    if isinstance(value, (str, int, float, bool, list, dict)) or value is None:
        return value
    return value.isoformat() if isinstance(value, (dt.datetime, dt.date, dt.time)) else str(value)
