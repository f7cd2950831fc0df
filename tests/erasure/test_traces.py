"""A trace that is planted in any kind of file is found, and a longer id is none."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.avro.file import AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import NestedField, StringType

from socialsent_assets.erasure.files import erase_file
from socialsent_assets.erasure.needles import Needles
from socialsent_assets.erasure.traces import find_traces, traces_in

LONG, SHORT = "user-3300000042", "u-42"


def landed(folder: Path, value: str) -> None:
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({"author_id": value}).encode()))


def quarantined(folder: Path, value: str) -> None:
    raw = base64.b64encode(f"<{value}>".encode()).decode()
    (folder / "q.jsonl.gz").write_bytes(gzip.compress(f'{{"raw":"{raw}"}}'.encode()))


def parquet(folder: Path, value: str) -> None:
    table = pa.table({"author_id": ["x", value], "tokens": [["y"], None]})
    pq.write_table(table, folder / "t.parquet", compression="zstd")


def parquet_list(folder: Path, value: str) -> None:
    pq.write_table(pa.table({"tokens": [["y", value]]}), folder / "t.parquet", compression="zstd")


def warehouse(folder: Path, value: str) -> None:
    with duckdb.connect(str(folder / "w.duckdb")) as connection:
        connection.execute("create table fct_posts as select 'x' || i as author_id from range(5000) t(i)")
        connection.execute("insert into fct_posts values (?)", [value])


def dagster(folder: Path, value: str) -> None:
    with sqlite3.connect(folder / "runs.db") as database:
        database.execute("create table event_logs (id integer, event text)")
        database.execute("insert into event_logs values (1, ?)", [json.dumps({"text": f"of {value}"})])


def log(folder: Path, value: str) -> None:
    (folder / "materialize.log").write_text(f"good\nabout {value}\n")


def report(folder: Path, value: str) -> None:
    (folder / "insights.html").write_text(f"<td>{value}</td>")


def model(folder: Path, value: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("words.json", json.dumps([value]))
    (folder / "model.npz").write_bytes(packed.getvalue())


def named(folder: Path, value: str) -> None:
    (folder / f"of-file {value} here").write_text("")


def manifest(folder: Path, value: str) -> None:
    schema = Schema(NestedField(1, "file_path", StringType(), required=True))
    file = PyArrowFileIO().new_output(str(folder / "m0.avro"))
    with AvroOutputFile[Record](file, schema, "entry", metadata={"avro.codec": "deflate"}) as written:
        written.write_block([Record("x" * 500), Record(f"bounds {value} ")])


def in_json(folder: Path, value: str) -> None:
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": f"first\n{value}\u00e9"}).encode()))


PLANTED = (
    landed,
    quarantined,
    parquet,
    parquet_list,
    warehouse,
    dagster,
    log,
    report,
    model,
    named,
    manifest,
    in_json,
)


@pytest.mark.parametrize("plant", PLANTED)
@pytest.mark.parametrize("needle", [LONG, SHORT])
def test_a_planted_trace_is_found_wherever_it_is(
    tmp_path: Path, plant: Callable[[Path, str], None], needle: str
) -> None:
    """Prevents a proof that does not look into what is packed."""
    plant(tmp_path, needle)
    assert {trace.needle for trace in find_traces([tmp_path], [needle])} == {needle}
    many = [*(f"somebody-else-{number}" for number in range(50)), needle]
    assert {trace.needle for trace in find_traces([tmp_path], many)} == {needle}


@pytest.mark.parametrize("plant", PLANTED)
def test_a_longer_id_is_no_trace(tmp_path: Path, plant: Callable[[Path, str], None]) -> None:
    """Prevents a proof that fails because another person has an id that begins or ends alike."""
    plant(tmp_path, f"{LONG}7")
    assert list(find_traces([tmp_path], [LONG, LONG[1:]])) == []


def test_bytes_that_no_table_of_a_database_holds_any_more_are_found(tmp_path: Path) -> None:
    """Prevents blocks of deleted rows, which databases do not clear, from passing as erased."""
    warehouse(tmp_path, LONG)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("checkpoint")
        connection.execute("delete from fct_posts where author_id = ?", [LONG])
    held = LONG.encode() in (tmp_path / "w.duckdb").read_bytes()
    assert [trace.place for trace in find_traces([tmp_path], [LONG])] == (["bytes of the file"] if held else [])
    dagster(tmp_path, LONG)
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("pragma secure_delete = off")
        database.execute("delete from event_logs")
    assert "bytes of the file" in {trace.place for trace in traces_in(tmp_path / "runs.db", [LONG])}


@pytest.mark.parametrize("plant", [dagster, log, report])
def test_files_beside_the_tiers_are_cleaned(tmp_path: Path, plant: Callable[[Path, str], None]) -> None:
    """Prevents records of Dagster, logs and reports that keep what the tiers have forgotten."""
    plant(tmp_path, LONG)
    (file,) = tmp_path.iterdir()
    erase_file(file, [LONG])
    assert list(find_traces([tmp_path], [LONG])) == []
    if plant is dagster:
        with sqlite3.connect(file) as database:
            assert database.execute("select event from event_logs").fetchall() == [('{"text": "of erased"}',)]
    if plant is log:
        assert file.read_text() == "good\n"


def test_many_needles_are_counted_as_each_alone() -> None:
    """Prevents a quick search that overlooks overlapping ids, or the edges of its pieces."""
    needles = [f"needle-{number:03}" for number in range(100)]
    content = b" ".join(one.encode() for one in needles * 3) + b" " * (1 << 20) + b"needle-007x needle-008"
    found = {needle: (one.whole, one.part) for needle, one in Needles(needles).count(content).items()}
    alone = {needle: Needles([needle]).count(content)[needle] for needle in needles}
    assert found == {needle: (one.whole, one.part) for needle, one in alone.items()}
    assert (found["needle-007"], found["needle-008"]) == ((3, 1), (4, 0))
