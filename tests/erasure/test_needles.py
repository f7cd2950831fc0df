"""What the search takes for an id, and what it leaves because chance writes it as well."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialsent_assets.erasure.files import erase_file
from socialsent_assets.erasure.needles import Needles, is_word
from socialsent_assets.erasure.traces import find_traces


@pytest.mark.parametrize(
    ("needle", "content"),
    [
        ("u-1", '{"id": "u-1"}'),
        ("u-1", '{"text": "line\\nu-1"}'),
        ("u-1", '{"text": "line\\u00e9u-1"}'),
        ("né", json.dumps({"id": "né"})),
        ('say "a"', json.dumps({"id": 'say "a"'})),
        ("it's <one>", "<td>it&#39;s &lt;one&gt;</td>"),
        ("at://did:plc:x/p/1", "at://did:plc:x/p/1/2"),
    ],
)
def test_an_id_is_found_as_json_and_html_write_it(needle: str, content: str) -> None:
    """Prevents a trace that only an escape hides."""
    assert Needles([needle]).occur_in(content.encode())


@pytest.mark.parametrize("content", ["u-11", "xu-1", "u-1_", "u-1-2", "2-u-1"])
def test_a_part_of_another_id_is_none(content: str) -> None:
    """Prevents the trace of u-11 from being one of u-1."""
    found = Needles(["u-1"]).count(content.encode())["u-1"]
    assert (found.whole, found.part) == (0, 1)


def test_overlapping_ids_and_those_across_a_piece_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents an id that begins in one piece of a large file and ends in the next from being overlooked."""
    monkeypatch.setattr("socialsent_assets.erasure.needles._CHUNK", 7)
    content = b" u-1 u-12 u-123 " * 5
    found = Needles(["u-1", "u-12", "u-123", "2 u"]).count(content)
    assert {needle: (one.whole, one.part) for needle, one in found.items()} == {
        "u-1": (5, 10),
        "u-12": (5, 5),
        "u-123": (5, 0),
        "2 u": (0, 5),
    }


def test_the_longer_of_two_ids_is_replaced_as_a_whole() -> None:
    """Prevents `erased1` where u-11 stood, and a person whose id begins alike from being changed."""
    needles = Needles(["u-1", "u-11", "at://u-1/p"])
    assert needles.replaced("u-1 u-11, at://u-1/p u-111 é", "erased") == "erased erased, erased u-111 é"
    assert needles.replaced("nothing", "erased") == "nothing"


def test_a_database_keeps_ids_that_begin_alike_and_stays_readable(tmp_path: Path) -> None:
    """Prevents records of Dagster that no longer parse, or speak of another person, after an erasure."""
    file = tmp_path / "runs.db"
    records = [{"users": ["u-1", "u-11"], "rows": 12345, "text": "of 12345"}]
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table events (event text)")
        database.executemany("insert into events values (?)", [[json.dumps(one)] for one in records])
        database.commit()
    erase_file(file, ["u-1", "12345", "5"])
    with closing(sqlite3.connect(file)) as database:
        [(event,)] = database.execute("select event from events").fetchall()
    assert json.loads(event) == {"users": ["erased", "u-11"], "rows": 12345, "text": "of 12345"}


SHORT = ("7", "42", "ann", "123456")


@pytest.mark.parametrize("needle", SHORT)
def test_a_short_id_is_found_where_ids_stand_and_nowhere_else(tmp_path: Path, needle: str) -> None:
    """Prevents an age of 42 from being a trace of person 42, and person 42 from being overlooked."""
    assert not is_word(needle)
    log, landed, table, warehouse = (tmp_path / name for name in ("a.log", "b.jsonl.gz", "c.parquet", "w.duckdb"))
    log.write_text(f"{needle} rows in {needle} s\n")
    landed.write_bytes(gzip.compress(f'{{"data":{{"author_id":"u-9","age":{needle!r},"text":"{needle}"}}}}'.encode()))
    pq.write_table(pa.table({"author_id": ["u-9"], "text": [needle]}), table)
    with duckdb.connect(str(warehouse)) as database:
        database.execute("create table t as select 'u-9' as author_id, ? as text", [needle])
    assert list(find_traces([tmp_path], SHORT)) == []
    landed.write_bytes(gzip.compress(f'{{"data":{{"author_id": {json.dumps(needle)}}}}}'.encode()))
    pq.write_table(pa.table({"author_id": ["u-9", needle]}), table)
    with duckdb.connect(str(warehouse)) as database:
        database.execute("update t set author_id = ?", [needle])
    found = [(trace.needle, trace.path) for trace in find_traces([tmp_path], SHORT)]
    assert found == [(needle, landed), (needle, table), (needle, warehouse)]


def test_an_id_that_others_mention_is_searched_for_as_an_id_alone(tmp_path: Path) -> None:
    """Prevents an erasure that never ends because somebody else wrote a name."""
    landed = tmp_path / "a.jsonl"
    landed.write_text('{"data":{"author_id":"u-9","text":"hello u-4200"}}\n')
    assert [trace.needle for trace in find_traces([tmp_path], ["u-4200"])] == ["u-4200"]
    assert list(find_traces([tmp_path], ["u-4200"], as_ids={"u-4200"})) == []
    landed.write_text('{"data":{"author_id":"u-4200"}}\n')
    assert len(list(find_traces([tmp_path], ["u-4200"], as_ids={"u-4200"}))) == 1


def test_packed_bytes_are_no_trace_of_a_few_letters(tmp_path: Path) -> None:
    """Prevents an erasure that starts over because compressed bytes happen to spell a short id."""
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("create table snapshots (body blob)")
        database.execute("insert into snapshots values (?)", [b"\x00p-1\x00p-1234\xff"])
        database.commit()
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"x")[:10] + b"\x00p-1\x00")
    assert list(find_traces([tmp_path], ["p-1", "p-1234"])) == []
