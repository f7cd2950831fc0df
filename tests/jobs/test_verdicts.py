"""Lines of landing: the rows that engines see against the verdict of the consumer's own parser, line by line."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.event import MAX_AHEAD, MAX_EVENT_BYTES, Event, parse
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.plain_lines import recognise
from socialsent_assets.jobs.read_landing import TABLE_OF, landing_rows
from socialsent_assets.lake.storage.local import FolderStorage
from tests.domain.events.test_event import BAD
from tests.domain.events.test_event_properties import nearly_events

HOUR = EventHour.from_key("2026-11-22-09:00")
KEY = f"events/{HOUR.path}/lines.jsonl.gz"
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC) - MAX_AHEAD
GOOD = [parse(json.dumps(kind.example).encode(), LATEST, EARLIEST) for kind in KINDS.values()]
LINES = [event.line for event in GOOD if isinstance(event, Event)]

HOSTILE: dict[str, bytes] = {
    **{f"consumer's corpus: {name}": make() for name, (_, make) in BAD.items() if b"\n" not in make()},
    "NaN in a field nobody knows": LINES[0].replace(b'"lang"', b'"x":NaN,"lang"'),
    "-Infinity in a field nobody knows": LINES[0].replace(b'"lang"', b'"x":[-Infinity],"lang"'),
    "1e400 in a field nobody knows": LINES[0].replace(b'"lang"', b'"x":1e400,"lang"'),
    "64 bits and one": LINES[0].replace(b'"lang"', b'"x":9223372036854775808,"lang"'),
    "a field nobody knows": LINES[0].replace(b'"lang"', b'"x":[1,2.5,null,true],"lang"'),
    "two events on a line": LINES[0] + LINES[1],
    "an event and null": LINES[0] + b" null",
    "an event and null and a bracket": LINES[0] + b" null}",
    "null alone": b"null",
    "an event that stops before its last bracket": LINES[0][:-1],
    "a bracket too many": LINES[0] + b"}",
    "data only": b'{"data":{}}',
    "data twice": LINES[0][:-1] + b',"data":{}}',
    "an id twice": LINES[0][:-1] + b',"event_id":"other"}',
    "a text twice": LINES[0].replace(b'"text"', b'"text":"first","text"'),
    "a text twice, spelled differently": LINES[0].replace(b'"text"', b'"\\u0074ext":"first","text"'),
    "a byte-order mark": b"\xef\xbb\xbf" + LINES[0],
    "a carriage return": LINES[0] + b"\r",
    "spaces around": b"  " + LINES[0] + b"\t",
    "blank": b" \t\r",
    "NUL at the end": LINES[0] + b"\0",
    "NUL in a text": LINES[0].replace(b"tram is", b"tram\\u0000 is"),
    "a raw NUL in a text": LINES[0].replace(b"tram is", b"tram\0 is"),
    "a raw tab in a text": LINES[0].replace(b"tram is", b"tram\tis"),
    "brackets in a text": LINES[0].replace(b"tram is", b"{tram} is [it]"),
    "escapes in a text": LINES[0].replace(b"tram is", b'\\"tram\\" \\\\ \\n \\/ is'),
    "half a pair": LINES[0].replace(b"tram is", b"\\ud83d"),
    "a byte of no character": LINES[0].replace(b"tram is", b"\xff"),
    "half a pair in bytes": LINES[0].replace(b"tram is", b"\xed\xa0\x80"),
    "a control character of Latin-1 in an id": LINES[0].replace(b'"p-17"', '"p\x85"'.encode()),
    "DEL in an id": LINES[0].replace(b'"p-17"', b'"p\x7f"'),
    "an id of other letters": LINES[0].replace(b'"p-17"', '"ä😀"'.encode()),
    "spaces around an id": LINES[0].replace(b'"p-17"', b'" p-17 "'),
    "an id as number": LINES[0].replace(b'"p-17"', b"17"),
    "an id of 128 characters": LINES[0].replace(b'"p-17"', b'"' + b"x" * 128 + b'"'),
    "an id of 129 characters": LINES[0].replace(b'"p-17"', b'"' + b"x" * 129 + b'"'),
    "an explicit null": LINES[0].replace(b'"tram"', b"null"),
    "a list with null": LINES[0].replace(b'["tram"]', b'["a",null]'),
    "an empty list": LINES[0].replace(b'["tram"]', b"[]"),
    "a tombstone": b'{"data":{"deleted":true,"post_id":"p"},"event_id":"t",'
    b'"event_time":"2026-11-22T09:00:00.000000Z",'
    b'"event_type":"post","schema_version":1,"source":"s"}',
    "not deleted": LINES[0].replace(b'"hashtags"', b'"deleted":false,"hashtags"'),
    "a post with an age of text": LINES[0].replace(b'"author_id"', b'"age":"old","author_id"'),
    "a post with an age": LINES[0].replace(b'"author_id"', b'"age":-7,"author_id"'),
    "a time with an offset": LINES[0].replace(b"T09:40:28.123000Z", b"T10:40:28.123+01:00"),
    "a leap second": LINES[0].replace(b"T09:40:28.123000Z", b"T09:59:60Z"),
    "a time in the next hour": LINES[0].replace(b"T09:40:28.123000Z", b"T10:00:00.000000Z"),
    "Arabic digits in a plain time": LINES[0].replace(b"T09:40:28.123000Z", "T09:40:2٨.123000Z".encode()),
    "version 1.0, keys sorted": LINES[0].replace(b'"schema_version":1', b'"schema_version":1.0'),
    "version true, keys sorted": LINES[0].replace(b'"schema_version":1', b'"schema_version":true'),
    "a source with a line of its own": LINES[0].replace(b'"source":"mock"', b'"source":"mock\\n"'),
    "a name of no-break spaces": LINES[3].replace(b'"user_name":"ada"', '"user_name":"\u00a0"'.encode()),
    "100,000 lists in lists": LINES[0].replace(b'"lang"', b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"lang"'),
    "64 levels": LINES[0].replace(b'"lang"', b'"x":' + b"[" * 62 + b"]" * 62 + b',"lang"'),
    "65 levels": LINES[0].replace(b'"lang"', b'"x":' + b"[" * 63 + b"]" * 63 + b',"lang"'),
    "1 MiB": LINES[0].replace(b"tram is", b"x" * (MAX_EVENT_BYTES - len(LINES[0]) + len(b"tram is"))),
    "1 MiB and a byte": LINES[0].replace(b"tram is", b"x" * (MAX_EVENT_BYTES - len(LINES[0]) + len(b"tram is") + 1)),
    "5 MiB": b"x" * (5 * MAX_EVENT_BYTES),
    "5 MiB of spaces": b" " * (5 * MAX_EVENT_BYTES),
}

lines = (
    nearly_events()
    | st.sampled_from([*LINES, *(line for line in HOSTILE.values() if len(line) < 5_000)])
    | st.builds(
        lambda line, at, byte: line[: at % len(line)] + byte + line[at % len(line) :],
        st.sampled_from(LINES),
        st.integers(0, 10_000),
        st.binary(min_size=1, max_size=3),
    )
    | st.builds(lambda line, at: line[: at % len(line)], st.sampled_from(LINES), st.integers(1, 10_000))
).filter(lambda line: b"\n" not in line)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> FolderStorage:
    return FolderStorage(tmp_path_factory.mktemp("landing"))


def rows_of(storage: FolderStorage, content: bytes) -> list[dict[str, Any]]:
    storage.write(KEY, gzip.compress(content, mtime=0))
    return [row for table in landing_rows(storage, [KEY]) for row in table.to_pylist()]


def expected(line: bytes) -> dict[str, Any] | None:
    """What a line has to become; written down without the code under test."""
    if not line.strip():
        return None
    verdict = parse(line, LATEST, EARLIEST)
    if isinstance(verdict, Event) and verdict.hour == HOUR:
        values = {name: verdict.data.get(name) for name in (f.name for f in KINDS[verdict.event_type].fields)}
        texts = {k: json.dumps(v) if isinstance(v, (bool, int)) else v for k, v in values.items()}
        time = verdict.event_time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        envelope = {"event_id": verdict.event_id, "event_time": time, "source": verdict.source}
        return {"partition": f"{TABLE_OF[verdict.event_type]}/{HOUR.path}", **envelope, **texts}
    reason = "event_time_out_of_range" if isinstance(verdict, Event) else verdict.reason
    raw = base64.b64encode(line).decode() if reason in ("not_json", "not_utf8", "not_an_object") else None
    return {"partition": f"quarantine/{HOUR.path}", "reason": reason, "source_object": KEY, "raw": raw}


def comparable(row: dict[str, Any]) -> str:
    """A row without what is null and, in quarantine, without the words."""
    words = ("detail", "event_id") if row["partition"].startswith("quarantine") else ()
    return json.dumps({k: v for k, v in row.items() if v is not None and k not in words}, sort_keys=True)


def assert_same(storage: FolderStorage, given_lines: list[bytes]) -> None:
    found = rows_of(storage, b"".join(line + b"\n" for line in given_lines))
    wanted = [row for row in map(expected, given_lines) if row is not None]
    assert Counter(map(comparable, found)) == Counter(map(comparable, wanted))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_gets_the_verdict_of_the_consumer(storage: FolderStorage, name: str) -> None:
    """Prevents a line that the fast reader accepts and the contract rejects, and values that it reads differently."""
    assert_same(storage, [HOSTILE[name]])
    assert_same(storage, [*LINES, HOSTILE[name], *LINES])


def test_all_of_them_together_get_the_verdicts_of_each(storage: FolderStorage) -> None:
    """Prevents a bad line from changing the verdict of its neighbours."""
    assert_same(storage, [*HOSTILE.values(), *(LINES * 40), *HOSTILE.values()])


@given(st.lists(lines, max_size=12), st.integers(0, 40))
def test_any_lines_get_the_verdicts_of_the_consumer(storage: FolderStorage, some: list[bytes], good: int) -> None:
    """Prevents two meanings of one line: a second set of rules always drifts from the first."""
    assert_same(storage, [*some, *(LINES * good)[:good], *some])


def test_lines_of_the_consumer_are_recognised_and_not_parsed_one_by_one() -> None:
    """Prevents a recogniser that is right because it recognises nothing: it would be ten times as slow."""
    block = b"".join(line + b"\n" for line in LINES * 100)
    recognised = recognise(block, HOUR)
    at = {line: index for index, line in enumerate(LINES)}
    here = [line for line in LINES if b"T09:" in line]
    assert len(recognised.doubtful) == 100 * (len(at) - len(here))
    assert sum(table.num_rows for table in recognised.events.values()) == 100 * len(here)


@pytest.mark.parametrize("keep", [1, 100, 250, 400])
def test_a_cut_object_keeps_its_whole_lines_and_reports_the_rest(storage: FolderStorage, keep: int) -> None:
    """Prevents lines that vanish behind the end of a broken gzip stream."""
    content = b"".join(LINES[0].replace(b"e-1001", b"e-%d" % n) + b"\n" for n in range(2000))
    packed = gzip.compress(content, mtime=0)
    storage.write(KEY, packed[: len(packed) * keep // 500])
    rows = [row for table in landing_rows(storage, [KEY]) for row in table.to_pylist()]
    [report] = [row for row in rows if row["partition"].startswith("quarantine")]
    readable = len(rows) - 1
    assert f"after line {readable}: the gzip stream is cut off" in report["detail"]
    rest = base64.b64decode(report["raw"])
    assert content.startswith(b"".join(content.splitlines(True)[:readable]) + rest)
