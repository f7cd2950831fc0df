"""Whatever comes in, nothing raises, nothing is lost, and names, paths and elements survive the way back."""

import gzip
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.event import Event, parse, parse_record
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.landing import LandedBatch, SourceRecord, land
from socialsent_assets.domain.events.layout import (
    EventHour,
    contiguous_ranges,
    hours_between,
    landing_key,
    landing_name,
    parse_landing_name,
)
from socialsent_assets.domain.events.strict_json import elements
from socialsent_assets.domain.events.times import format_time, parse_time

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLES = [dict(kind.example) for kind in KINDS.values()]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
field_names = st.sampled_from(sorted({*EXAMPLES[0], *(f.name for kind in KINDS.values() for f in kind.fields)}))


@st.composite
def nearly_events(draw: st.DrawFn) -> bytes:
    """A worked example with a few fields of envelope and data replaced by anything."""
    event = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES))))
    event["event_id"] = draw(st.sampled_from(["a", "b", "c", 1]))
    event["data"] |= draw(st.dictionaries(field_names, json_values, max_size=2))
    event |= draw(st.dictionaries(field_names, json_values, max_size=1))
    return json.dumps(event, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


days = st.integers(0, 3_652_056).map(lambda n: datetime.min.replace(tzinfo=UTC) + timedelta(days=n + 1))
times = st.builds(lambda day, part: day + part, days, st.timedeltas(timedelta(0), timedelta(hours=23)))
hours = times.map(EventHour.of)
arrays = st.lists(nearly_events(), max_size=4).map(lambda events: b"[" + b", ".join(events) + b"]")
records = st.lists(st.binary(max_size=40) | nearly_events() | arrays, max_size=8)


def lines_of(batch: LandedBatch, kind: str) -> list[bytes]:
    return [
        line
        for key, content in batch.objects.items()
        if key.startswith(kind)
        for line in gzip.decompress(content).splitlines()
    ]


@given(st.binary(max_size=200) | nearly_events())
def test_no_bytes_make_parse_raise(raw: bytes) -> None:
    """Prevents a poison record that stops its shard."""
    answer = parse(raw, NOW, START)
    if isinstance(answer, Event):
        assert parse(answer.line, NOW, START) == answer
        assert b"\n" not in answer.line
    assert parse_record(raw, NOW, START)


@given(records)
def test_records_in_are_accepted_duplicates_and_quarantined(raws: list[bytes]) -> None:
    """Prevents a record that is counted twice or nowhere, and counts that differ from what is written."""
    batch = land([SourceRecord(raw, f"record {n}") for n, raw in enumerate(raws)], NOW, START, "o")
    assert batch.counts.records == sum(len(parse_record(raw, NOW, START)) for raw in raws if raw.strip())
    assert batch.counts.accepted == len(lines_of(batch, "events/"))
    assert batch.counts.quarantined == len(lines_of(batch, "quarantine/")) == sum(batch.reasons.values())
    names = [parse_landing_name(key.rpartition("/")[2]) for key in batch.objects]
    assert sum(name.rows for name in names if name) == batch.counts.accepted + batch.counts.quarantined
    assert sum(name.duplicates for name in names if name) == batch.counts.duplicates


@given(records, st.integers(0, 8), st.integers(0, 8))
def test_a_stream_lands_the_same_lines_however_it_is_split(raws: list[bytes], cut: int, overlap: int) -> None:
    """Prevents events that are lost or changed when a batch is retried in other pieces."""
    stream = [SourceRecord(raw, f"shard:{n}") for n, raw in enumerate(raws)]
    whole = land(stream, NOW, START, "o")
    parts = [land(part, NOW, START, "o") for part in (stream[:cut], stream[max(0, cut - overlap) :])]
    for kind in ("events/", "quarantine/"):
        assert set(lines_of(whole, kind)) == {line for part in parts for line in lines_of(part, kind)}


@given(st.lists(hours, min_size=2, max_size=6))
def test_hour_paths_sort_like_time(some: list[EventHour]) -> None:
    """Prevents a day written as `5`, after which partitions no longer sort."""
    assert [hour.path for hour in sorted(some)] == sorted(hour.path for hour in some)
    assert [hour.key for hour in sorted(some)] == sorted(hour.key for hour in some)


@given(hours, st.text(max_size=30), st.integers(0, 10**9), st.integers(0, 10**9))
def test_landing_names_and_paths_survive_the_way_back(hour: EventHour, origin: str, rows: int, twice: int) -> None:
    """Prevents a wrong hour or count in a listing of landing."""
    name = landing_name(f"x{origin}", rows, twice)
    key = landing_key("events", hour, name)
    assert EventHour.from_path(key) == EventHour.from_key(hour.key) == hour
    parsed = parse_landing_name(key.rpartition("/")[2])
    assert parsed is not None
    assert (parsed.rows, parsed.duplicates) == (rows, twice)
    assert key.count("/") == 3


@given(st.sets(st.integers(0, 40), max_size=20))
def test_ranges_hold_exactly_their_hours(offsets: set[int]) -> None:
    """Prevents a range that swallows a fresh hour or forgets a stale one."""
    some = {EventHour(START + timedelta(hours=n)) for n in offsets}
    ranges = contiguous_ranges(some)
    assert [hour for first, last in ranges for hour in hours_between(first, last)] == sorted(some)
    assert all(a.next() < b for (_, a), (b, _) in itertools.pairwise(ranges))


@given(times, st.integers(-1439, 1439))
def test_a_time_survives_any_offset(time: datetime, minutes: int) -> None:
    """Prevents an instant that moves when it is written elsewhere on earth."""
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    local = (time + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(timespec="microseconds")
    assert parse_time(f"{local}{sign}{size // 60:02d}:{size % 60:02d}") == time
    assert parse_time(format_time(time)) == time


tricky_texts = st.text(st.sampled_from('"\\\\[]{},é'), max_size=8)


@given(st.lists(json_values | tricky_texts, min_size=1, max_size=5), st.integers(1, 20), st.booleans())
def test_an_array_falls_into_the_same_elements_in_any_pieces(values: list[object], size: int, pretty: bool) -> None:
    """Prevents an element that is cut where a chunk of the file ends."""
    raw = json.dumps(values, indent=2 if pretty else None, ensure_ascii=False).encode("utf-8", "surrogatepass")
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    found = [element.decode("utf-8", "surrogatepass") for element in elements(chunks)]
    assert Counter(repr(json.loads(text)) for text in found) == Counter(repr(value) for value in json.loads(raw))
