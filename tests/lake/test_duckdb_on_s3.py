"""DuckDB over a lake in S3: the same answers, the same limits, and never two versions of one object."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialsent_assets.aws.s3 import ReplacedError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.jobs.schemas import arrow_schema
from socialsent_assets.lake.duckdb.connection import connected, read_again_if_replaced
from socialsent_assets.lake.duckdb.s3_filesystem import S3Files
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.warehouse.duckdb.engine import LakeSql, reading

KEY = "posts/dt=2026-11-22/hr=09/part-0.parquet"


@pytest.fixture
def lake(bucket: str) -> Lake:
    return Lake(*(storage_at(f"s3://{bucket}/{tier}") for tier in ("landing", "cleansed", "analytics", "artifacts")))


@pytest.fixture
def sql(lake: Lake, tmp_path: Path) -> Iterator[LakeSql]:
    put(lake, "first")
    with reading(lake, tmp_path / "no.duckdb") as sql:
        yield sql


def put(lake: Lake, author: str, rows: int = 10, tier: str = "cleansed", key: str = KEY) -> None:
    """Posts of one author as one object."""
    posts = [
        {"event_id": str(n), "post_id": str(n), "author_id": author, "text": f"{author} {n}"} for n in range(rows)
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(posts, schema=arrow_schema(POSTS)), file, row_group_size=1000)
    lake.tier(tier).write(key, file.getvalue())


def answer(sql: LakeSql, statement: str) -> list[tuple[object, ...]]:
    return list(sql.run(statement).rows)


def test_a_statement_sees_the_rows_and_the_hour_in_the_path(sql: LakeSql) -> None:
    """Prevents a lake in S3 that is empty, or has no dt and hr."""
    found = answer(sql, "select author_id, dt, hr, count(*) from cleansed.posts group by all")
    assert found == [("first", "2026-11-22", "09", 10)]


def test_the_next_statement_sees_what_was_published_since(sql: LakeSql, lake: Lake) -> None:
    """Prevents answers from a listing or a block that was kept since the first statement."""
    assert answer(sql, "select distinct author_id from cleansed.posts") == [("first",)]
    put(lake, "other")
    put(lake, "third", key=KEY.replace("hr=09", "hr=10"))
    assert answer(sql, "select distinct author_id from cleansed.posts order by 1") == [("other",), ("third",)]


@pytest.mark.parametrize("place", ["artifacts", "cleansed-secrets", "cleansed/../artifacts", "../elsewhere"])
@pytest.mark.parametrize("function", ["read_parquet", "read_text", "glob"])
def test_no_statement_leaves_the_tiers_that_hold_tables(
    sql: LakeSql, lake: Lake, bucket: str, place: str, function: str
) -> None:
    """Prevents a query that reads models, another project's folder of the bucket, or another bucket."""
    put(lake, "secret", tier="artifacts")
    for path in (f"s3://{bucket}/{place}/{KEY}", f"s3://{bucket}/{place}/*/*/*/*"):
        with pytest.raises(
            (UserError, PermissionError, ValueError), match=r"Cannot access|not in the lake|leaves its"
        ):
            answer(sql, f"select * from {function}('{path}')")


def test_nothing_can_be_written_through_duckdb(lake: Lake) -> None:
    """Prevents a COPY TO s3://, if a statement ever got past the parser's check."""
    with (
        pytest.raises(PermissionError, match="only be read"),
        connected([lake.cleansed]) as connection,
    ):
        connection.execute(f"copy (select 1 as a) to '{lake.cleansed.path('x.parquet')}'")
    assert lake.cleansed.list("") == []


def test_an_object_replaced_within_a_statement_is_an_error_and_not_a_mixture(lake: Lake) -> None:
    """Prevents rows of the new object found by the footer of the old one."""
    put(lake, "old", rows=200_000)

    def read() -> object:
        with connected([lake.cleansed]) as connection:
            rows = connection.read_parquet(lake.cleansed.path(KEY))  # has read the footer
            put(lake, "new", rows=200_000)
            return rows.aggregate("min(author_id), max(author_id)").fetchall()

    with pytest.raises(ReplacedError):
        read()


def test_one_connection_sees_one_version_however_often_it_asks(lake: Lake) -> None:
    """Prevents a dbt build whose first model sees an hour as it was, and whose last one as it is now."""
    put(lake, "old")
    count = f"select count(*) from read_parquet('{lake.cleansed.path(KEY)}') where text is not null"

    def count_twice() -> object:
        with connected([lake.cleansed]) as connection:
            before = connection.execute(count).fetchall()
            put(lake, "new", rows=11)
            return before, connection.execute(count).fetchall()

    with pytest.raises(ReplacedError):
        count_twice()


def test_a_reader_repeats_itself_when_an_object_was_replaced(lake: Lake) -> None:
    """Prevents a check that fails because another run published at that moment."""
    put(lake, "old")
    tries: list[str] = []

    @read_again_if_replaced
    def authors() -> list[tuple[str]]:
        with connected([lake.cleansed]) as connection:
            rows = connection.read_parquet(lake.cleansed.path(KEY))
            if not tries:
                put(lake, "new")
            tries.append("again")
            return rows.project("author_id").distinct().fetchall()

    assert authors() == [("new",)]
    assert len(tries) == 2


def test_a_statement_repeats_itself_when_an_object_was_replaced(
    sql: LakeSql, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents `socialsent query` that fails whenever the daemon builds an hour."""
    opened = S3Files.open
    later = iter(["new"])

    def open_late(files: S3Files, path: str, mode: str = "rb", **options: object) -> object:
        file = opened(files, path, mode, **options)
        if author := next(later, ""):
            put(lake, author)
        return file

    monkeypatch.setattr(S3Files, "open", open_late)
    assert answer(sql, "select distinct author_id from cleansed.posts") == [("new",)]


def test_threads_that_share_a_file_do_not_move_each_others_position(lake: Lake) -> None:
    """Prevents rows of another column: DuckDB's threads share one handle, and S3 is slow between seek and read."""
    lake.cleansed.write("x", bytes(range(200)))
    file = S3Files([lake.cleansed.uri]).open(lake.cleansed.path("x"))
    file.seek(10)
    with ThreadPoolExecutor(1) as other:
        other.submit(lambda: (file.seek(150), file.read(5))).result()
    assert file.read(3) == bytes([10, 11, 12])


def test_a_pattern_stays_within_one_folders_name(lake: Lake) -> None:
    """Prevents `hr=*` that matches a file two levels further down, as S3 itself knows no folders."""
    for key in (KEY, "posts/dt=2026-11-22/hr=09/deep/x.parquet", "posts/dt=2026-11-22/x.parquet"):
        put(lake, "x", key=key)
    files = S3Files([lake.cleansed.uri])
    assert files.glob(lake.cleansed.path("posts/dt=*/hr=*/*.parquet")) == [lake.cleansed.path(KEY)]
    assert files.glob(lake.cleansed.path("posts/dt=2026-11-2?/x.parquet")) == [
        lake.cleansed.path("posts/dt=2026-11-22/x.parquet")
    ]
    assert files.glob(lake.cleansed.path("posts/none")) == []
