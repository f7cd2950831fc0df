"""The event contract as column expressions: for a landing line, the reason why it is refused, or null.

Derived from the fields of domain/events, so a new kind or field needs nothing here.

Where this is laxer than the consumer: a string given as another JSON type is taken as written, and bytes that
are not UTF-8 inside a JSON string are read as U+FFFD. Such lines only get into landing past the consumer.

Not here: reading lines and giving them their columns (read_landing.py).
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

from socialsent_assets.domain.events.event import EVENT_ID, MAX_EVENT_BYTES, SCHEMA_VERSION, SOURCE
from socialsent_assets.domain.events.kinds import KINDS, Field, Kind
from socialsent_assets.domain.events.kinds.kind import MAX_ID_CHARACTERS
from socialsent_assets.domain.events.rejection import Reason
from socialsent_assets.jobs.schemas import CORRUPT

if TYPE_CHECKING:
    from pyspark.sql import Column

_TIME = r"\A\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\z"
_ONE_SPELLING = r"\A\d{4}-\d\d-\d\dT\d\d:[0-5]\d:[0-5]\d\.\d{6}Z\z"
_ID = rf"\A[^\x00-\x1f\x7f-\x9f]{{1,{MAX_ID_CHARACTERS}}}\z"
_SHOWN_CHARACTERS = 60

STRICT_JSON = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
"""Spark's reader is laxer than the contract unless told."""


def failure() -> Column:
    """Struct of `reason` and `detail` of the first rule that a line of `landing_schema` breaks; null if none.

    `event_time` is expected in its one spelling.
    """
    by_kind = [(F.col("event_type") == name, F.coalesce(*_kind_rules(kind))) for name, kind in KINDS.items()]
    (condition, first), *others = by_kind
    data_rules = reduce(lambda case, branch: case.when(*branch), others, F.when(condition, first))
    return F.coalesce(*_line_rules(), *_envelope_rules(), data_rules)


def one_spelling(name: str) -> Column:
    """A time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`; as it came if it is no RFC 3339 time with an offset.

    The consumer writes that spelling already: such a value is recognised, not parsed, which is four times as fast.
    """
    value = F.col(name)
    time = F.when(value.rlike(_TIME), F.expr(f"try_to_timestamp({name})"))
    rewritten = F.coalesce(F.date_format(time, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"), value)
    return F.when(value.rlike(_ONE_SPELLING), value).otherwise(rewritten)


def _line_rules() -> list[Column]:
    corrupt = F.col(CORRUPT)
    longest = F.greatest(F.octet_length(corrupt), F.octet_length("data.text"))
    not_utf8 = F.encode(corrupt, "UTF-8") != corrupt.cast("binary")
    is_object = F.from_json(corrupt, "map<string,string>", STRICT_JSON).isNotNull()
    is_other_json = ~F.ltrim(corrupt).startswith("{") & F.get_json_object(corrupt, "$").isNotNull()
    return [
        _refused(longest > MAX_EVENT_BYTES, "too_large", f"over {MAX_EVENT_BYTES:,} bytes"),
        _refused(not_utf8, "not_utf8", "the line is not UTF-8"),
        _refused(is_other_json, "not_an_object", "an event is a JSON object"),
        _refused(is_object, "invalid_field", "data is no object, or a list in it is none"),
        _refused(corrupt.isNotNull(), "not_json", "the line is not JSON"),
    ]


def _envelope_rules() -> list[Column]:
    time, hour = F.col("event_time"), F.concat(F.col("dt"), F.lit("T"), F.col("hr"))
    version, event_type = F.col("schema_version"), F.col("event_type")
    names = ("schema_version", "event_id", "event_type", "event_time", "source")
    return [
        *(_missing(name) for name in names),
        _refused(version != str(SCHEMA_VERSION), "unsupported_schema_version", _says("schema_version")),
        _refused(~event_type.isin(*KINDS), "unknown_event_type", _says("event_type")),
        *_field_rules(EVENT_ID, "event_id"),
        *_field_rules(SOURCE, "source"),
        _refused(
            ~time.rlike(_ONE_SPELLING), "invalid_field", _says("event_time", "a time with an offset is expected")
        ),
        _refused(
            F.substring(time, 1, 13) != hour,
            "event_time_out_of_range",
            _says("event_time", "outside the hour that it landed in"),
        ),
    ]


def _kind_rules(kind: Kind) -> list[Column]:
    rules = [rule for field in kind.fields for rule in _field_rules(field, f"data.{field.name}")]
    if kind.at_least_one_of:
        names = [f"data.{name}" for name in kind.at_least_one_of]
        rules.append(_refused(F.coalesce(*names).isNull(), "missing_field", f"{' or '.join(names)} is missing"))
    return rules


def _field_rules(field: Field, name: str) -> list[Column]:
    """A missing value breaks the first rule or none: comparisons with null are never true."""
    value = F.col(name)
    rules = []
    if field.required:
        is_tombstone = F.coalesce(F.col("data.deleted") == "true", F.lit(False))
        rules.append(_missing(name, unless=is_tombstone if field.tombstone_may_lack else None))
    if field.is_id:
        expected = f"1 to {MAX_ID_CHARACTERS} characters and no control characters are expected"
        rules.append(_refused(~F.trim(value).rlike(_ID), "invalid_field", _says(name, expected)))
    if field.allowed:
        expected = f"allowed are {', '.join(field.allowed)}"
        rules.append(_refused(~value.isin(*field.allowed), "invalid_field", _says(name, expected)))
    if field.pattern is not None:
        matches = value.rlike(rf"\A(?:{field.pattern})\z")
        rules.append(_refused(~matches, "invalid_field", _says(name, field.pattern_meaning)))
    if field.minimum is not None and field.maximum is not None:
        within = value.cast("bigint").between(field.minimum, field.maximum)
        wrong = ~(value.rlike(r"\A-?\d{1,18}\z") & within)
        rules.append(_refused(wrong, "invalid_field", _says(name, f"allowed are {field.minimum} to {field.maximum}")))
    if field.type == "boolean":
        rules.append(
            _refused(~value.isin("true", "false"), "invalid_field", _says(name, "true or false is expected"))
        )
    if field.type == "timestamp":
        wrong = ~one_spelling(name).rlike(_ONE_SPELLING) | (F.substring(value, 1, 4) < "1900")  # see kinds/kind.py
        rules.append(_refused(wrong, "invalid_field", _says(name, "a time with an offset is expected")))
    return rules


def _missing(name: str, unless: Column | None = None) -> Column:
    absent = F.col(name).isNull()
    return _refused(absent if unless is None else absent & ~unless, "missing_field", f"{name} is missing")


def _says(name: str, rule: str = "") -> Column:
    """`<name> is '<value>': <rule>`, the value cut short."""
    value = F.substring(F.col(name), 1, _SHOWN_CHARACTERS)
    return F.concat(F.lit(f"{name} is '"), value, F.lit(f"': {rule}" if rule else "'"))


def _refused(wrong: Column, reason: Reason, detail: Column | str) -> Column:
    sentence = F.lit(detail) if isinstance(detail, str) else detail
    return F.when(wrong, F.struct(F.lit(reason).alias("reason"), sentence.alias("detail")))
