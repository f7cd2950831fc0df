"""Landing lines that are certainly valid events, recognised by the column: what the consumer writes, day by day.

A line is either recognised here, and then `parse` of domain/events would accept it and read the same values, or it
is in doubt, and `parse` itself decides (read_landing.py). So there is one definition of the rules, and what is
here may be as narrow as it likes. Recognising a line costs a tenth of parsing it.

The text of a line is checked first (`_has_plain_text`), because Arrow's JSON reader takes NaN, endless numbers and
two objects on a line, and reads on over a newline. With that out of the way it is as strict as `parse`: it rejects a
value of another type, a key given twice, and a number that does not fit. Then the values are checked, and a value
that is not an id by the domain's own `Field.normalise`, once for each distinct value.

Not here: lines in doubt (read_landing.py), reading objects (landing_lines.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.event import EVENT_ID, MAX_EVENT_BYTES, SCHEMA_VERSION, SOURCE
from socialsent_assets.domain.events.kinds import KINDS, Field, FieldType, Kind
from socialsent_assets.domain.events.kinds.kind import MAX_ID_CHARACTERS
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.rejection import RefusalError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Mask = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[np.int64]

_HEAD = b'{"data":{'  # keys are sorted, so every line of the consumer starts like this
# NUL ends the text for Arrow's reader; \u writes what UTF-8 cannot (half a surrogate pair) or hides a second key.
_DOUBTFUL = (b"\\u", b"\0", b"NaN", b"Infinity")
# A number that may not fit, or a list in a list, which may be nested too deeply.
_DOUBTFUL_PATTERN = r"[:,\[\s]-?[0-9]{16}|[:,\[\s]-?[0-9][0-9.]*[eE]|\[[^\]\n]*\["
_NO_PLAIN_ID = "[^!-~]"  # ids of visible ASCII need no trimming and hold no control character
_FEW = 32  # lines among which the one that Arrow cannot read is not searched for


@dataclass(frozen=True)
class Recognised:
    """What is known of the lines of a block.

    Attributes:
        events: kind -> table of `event_id`, `event_time`, `source` and the kind's fields, in Arrow's types.
        doubtful: numbers of all other lines, from 0, ascending.
    """

    events: dict[str, pa.Table]
    doubtful: list[int]


def recognise(block: bytes, hour: EventHour) -> Recognised:
    """Sort out the lines of a block (whole lines, each with its newline) that landed in `hour`."""
    import numpy as np
    import pyarrow as pa

    count = block.count(b"\n")
    everything = np.arange(count)
    if _has_plain_text(block, count):
        parsed = [*_parsed(block, everything)]
    else:
        lines = block.split(b"\n")[:-1]
        plain = _plain_ones(lines)
        parsed = [*_parsed(b"".join(lines[number] + b"\n" for number in plain.tolist()), plain)] if len(plain) else []
    found: dict[str, list[pa.Table]] = {}
    doubtful = np.ones(count, dtype=bool)
    for table, numbers in parsed:
        for kind in KINDS.values():
            events, rows = _valid_events(table, kind, hour)
            doubtful[numbers[rows]] = False
            if events.num_rows:
                found.setdefault(kind.name, []).append(events)
    return Recognised(
        {kind: pa.concat_tables(tables) for kind, tables in found.items()}, np.flatnonzero(doubtful).tolist()
    )


# ------------------------------------------------------------------------------------------------ text of lines


def _has_plain_text(block: bytes, count: int) -> bool:
    """Whether every line starts an object, opens no third one, ends with a bracket, and has nothing doubtful.

    Then rows and lines go together: a second object on a line, or one that goes on behind the newline, would need
    another opening bracket.
    """
    import pyarrow as pa

    return (
        block.count(b"{") == 2 * count
        and block.startswith(_HEAD)
        and block.count(b"\n" + _HEAD) == count - 1
        and block.count(b"}\n") == count
        and not any(mark in block for mark in _DOUBTFUL)
        and _longest_line(block) <= MAX_EVENT_BYTES
        and _is_utf8(block)
        and not _has_doubtful_pattern(pa.array([block], pa.large_binary()))[0]
    )


def _plain_ones(lines: Sequence[bytes]) -> Numbers:
    """The numbers of the lines of which `_has_plain_text` would be true."""
    import numpy as np
    import pyarrow as pa

    plain = np.fromiter((_is_plain(line) for line in lines), bool, len(lines))
    numbers = np.flatnonzero(plain)
    doubtful = _has_doubtful_pattern(pa.array([lines[number] for number in numbers.tolist()], pa.large_binary()))
    return numbers[~doubtful]


def _is_plain(line: bytes) -> bool:
    return (
        line.startswith(_HEAD)
        and line.endswith(b"}")
        and line.count(b"{") == 2
        and len(line) <= MAX_EVENT_BYTES
        and not any(mark in line for mark in _DOUBTFUL)
        and _is_utf8(line)
    )


def _longest_line(block: bytes) -> int:
    import numpy as np

    if len(block) <= MAX_EVENT_BYTES:
        return len(block)
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    return int(np.diff(ends, prepend=-1).max()) - 1


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_doubtful_pattern(texts: pa.Array) -> Mask:
    import pyarrow.compute as pc

    return _mask(pc.match_substring_regex(texts, _DOUBTFUL_PATTERN))


def _parsed(block: bytes, numbers: Numbers) -> Iterator[tuple[pa.Table, Numbers]]:
    """Tables of what Arrow can read, each with the numbers of its lines; a line that it cannot takes few along."""
    import pyarrow as pa
    import pyarrow.json as pj

    schema = _line_schema()
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    in_one = pj.ReadOptions(use_threads=False, block_size=len(block) + 1)
    try:
        table = pj.read_json(pa.BufferReader(block), read_options=in_one, parse_options=options)
    except pa.ArrowInvalid:
        if len(numbers) > _FEW:
            lines = block.split(b"\n")[:-1]
            half = len(numbers) // 2
            for part, their in ((lines[:half], numbers[:half]), (lines[half:], numbers[half:])):
                yield from _parsed(b"".join(line + b"\n" for line in part), their)
        return
    if table.num_rows == len(numbers):
        yield table, numbers


@cache
def _line_schema() -> pa.Schema:
    """A line in Arrow's types: reading a value of another type fails."""
    import pyarrow as pa

    types: dict[FieldType, pa.DataType] = {
        "string": pa.string(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.string(),
        "list of strings": pa.list_(pa.string()),
    }
    fields = {field.name: types[field.type] for kind in KINDS.values() for field in kind.fields}
    text = dict.fromkeys(("event_id", "event_type", "event_time", "source"), pa.string())
    return pa.schema({"data": pa.struct(fields), "schema_version": pa.int64(), **text})


# ---------------------------------------------------------------------------------------------------- values


def _valid_events(table: pa.Table, kind: Kind, hour: EventHour) -> tuple[pa.Table, Numbers]:
    """The rows of a parsed table that are certainly valid events of a kind, and their numbers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = np.flatnonzero(_mask(pc.equal(table.column("event_type"), kind.name)))
    names = ("event_id", "event_time", "source")
    columns = {name: _taken(table.column(name), rows) for name in ("schema_version", *names)}
    data = table.column("data").combine_chunks()
    columns |= {field.name: _taken(data.field(field.name), rows) for field in kind.fields}
    valid = (
        _mask(pc.equal(columns.pop("schema_version"), SCHEMA_VERSION))
        & _is_time_of(columns["event_time"], hour)
        & _is_valid(EVENT_ID, columns["event_id"])
        & _is_valid(SOURCE, columns["source"])
    )
    for field in kind.fields:
        valid &= _is_valid(field, columns[field.name])
    if kind.at_least_one_of:
        valid &= np.logical_or.reduce([_mask(columns[name].is_valid()) for name in kind.at_least_one_of])
    events = pa.table(columns)
    return (events, rows) if valid.all() else (events.filter(pa.array(valid)), rows[valid])


def _taken(values: pa.Array | pa.ChunkedArray, rows: Numbers) -> pa.Array:
    import pyarrow as pa

    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    taken: pa.Array = whole.take(pa.array(rows))
    return taken


def _is_time_of(times: pa.Array, hour: EventHour) -> Mask:
    """Times of the hour in the one spelling of domain/events/times.py."""
    import pyarrow.compute as pc

    prefix = hour.start.replace(tzinfo=None).isoformat()[: len("2026-11-22T09:")]
    return _mask(pc.match_substring_regex(times, rf"\A{prefix}[0-5][0-9]:[0-5][0-9]\.[0-9]{{6}}Z\z"))


def _is_valid(field: Field, values: pa.Array) -> Mask:
    """Values that `Field.normalise` would leave as they are. A tombstone that may lack a value is in doubt."""
    import numpy as np
    import pyarrow.compute as pc

    valid = np.ones(len(values), dtype=bool)
    if field.required and values.null_count:
        valid &= _mask(values.is_valid())
    if field.is_id:
        valid &= ~_mask(pc.match_substring_regex(values, _NO_PLAIN_ID))
        length: npt.NDArray[np.int32] = pc.fill_null(pc.binary_length(values), 1).to_numpy(zero_copy_only=False)
        return valid & (length >= 1) & (length <= MAX_ID_CHARACTERS)
    if field.type == "list of strings":
        return valid & ~_mask(_has_null(values))
    if field.type == "boolean" or (field.type == "string" and not field.allowed and field.pattern is None):
        return valid
    wrong = [value for value in pc.unique(values).to_pylist() if value is not None and not _is_normal(field, value)]
    if wrong:
        import pyarrow as pa

        valid &= ~_mask(pc.is_in(values, value_set=pa.array(wrong, values.type)))
    return valid


def _is_normal(field: Field, value: object) -> bool:
    try:
        return field.normalise(value) == value
    except RefusalError:
        return False


def _has_null(lists: pa.Array) -> pa.Array:
    """Whether a list holds null; null for no list."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    inside = pc.list_flatten(lists)
    found = np.zeros(len(lists), dtype=bool)
    if inside.null_count:
        found[pc.list_parent_indices(lists).filter(inside.is_null()).to_numpy()] = True
    return pa.array(found)


def _mask(booleans: pa.Array | pa.ChunkedArray) -> Mask:
    """As numpy has it; null is false."""
    import pyarrow.compute as pc

    mask: Mask = pc.fill_null(booleans, False).to_numpy(zero_copy_only=False)
    return mask
