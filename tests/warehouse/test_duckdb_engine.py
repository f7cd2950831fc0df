"""SQL over the lake answers questions; no statement can write, leave the lake or loosen the limits."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.tables import LAKE_HOURS, POSTS, TABLES
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.warehouse.duckdb.engine import reading

ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "array<string>": pa.list_(pa.string()),
}


def put(lake, table, hour, rows):
    """One Parquet object as the jobs write it."""
    schema = pa.schema([(column.name, ARROW[column.type]) for column in table.columns])
    folder = lake.tier(table.tier).root / table.name / hour
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "part-0.parquet")


@pytest.fixture
def lake(tmp_path):
    tiers = {
        name: FolderStorage(tmp_path / "lake" / name) for name in ("landing", "cleansed", "analytics", "artifacts")
    }
    lake = Lake(**tiers)
    for hour, text in ((3, "three"), (4, "four")):
        post = {"event_id": text, "event_time": dt.datetime(2026, 11, 22, hour, 30, tzinfo=dt.UTC), "post_id": text}
        put(lake, POSTS, f"dt=2026-11-22/hr=0{hour}", [{**post, "text": text, "hashtags": ["a"], "deleted": False}])
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return lake


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table fct_posts as select 'three' as post_id, 0.5 as polarity")
        connection.execute("create schema staging; create table staging.hidden (a int)")
    return path


@pytest.fixture
def ask(lake, warehouse):
    with reading(lake, warehouse) as sql:
        yield lambda statement: list(sql.run(statement).rows)


def files_of(folder):
    return sorted(str(path) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


def test_marts_have_bare_names_and_join_with_lake_tables(ask):
    assert ask("select p.text, f.polarity from fct_posts f join cleansed.posts p using (post_id)") == [("three", 0.5)]


def test_times_are_utc_without_an_offset_and_hours_are_text(ask):
    """Prevents a lake that says 03:30+00:00 beside marts that say 03:30."""
    rows = ask("select event_time, dt, hr, hashtags from cleansed.posts where hr = '03'")
    assert rows == [(dt.datetime.fromisoformat("2026-11-22T03:30"), "2026-11-22", "03", ["a"])]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: "/".join(table.asset_key))
def test_every_table_of_the_lake_can_be_described_even_before_it_has_a_file(ask, table):
    columns = [row[0] for row in ask(f"describe {table.tier}.{table.name}")]
    assert columns == [*(column.name for column in table.columns), "dt", "hr"]


def test_a_lake_without_anything_is_empty_rather_than_an_error(tmp_path):
    tiers = {name: FolderStorage(tmp_path / name) for name in ("landing", "cleansed", "analytics", "artifacts")}
    with reading(Lake(**tiers), tmp_path / "none.duckdb") as sql:
        assert list(sql.run("select count(*) from cleansed.posts").rows) == [(0,)]
        with pytest.raises(UserError, match="no fct_posts yet: build the marts with socialsent materialize"):
            sql.run("from fct_posts")


def test_a_folder_left_without_files_is_empty_rather_than_an_error(lake, warehouse):
    """Prevents DuckDB's 'no files found' after the last event of a table vanished."""
    (lake.analytics.root / LAKE_HOURS.name / "dt=2026-11-22/hr=03").mkdir(parents=True)
    with reading(lake, warehouse) as sql:
        assert list(sql.run("from analytics.lake_hours").rows) == []


def test_a_table_named_only_at_run_time_is_read_too(ask):
    assert ask("select count(*) from query('select * from cleansed.pos' || 'ts')") == [(2,)]


def test_columns_of_the_same_name_stay_apart(lake, warehouse):
    """Prevents JSON objects that lose a column."""
    with reading(lake, warehouse) as sql:
        assert sql.run("select 1 as n, 2 as n, 3 as n").columns == ("n", "n_2", "n_3")


@pytest.mark.parametrize(
    "statement",
    [
        "select 1;",
        "-- a comment\nselect 1",
        "with a as (select 1) select * from a",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) from r",
        "from fct_posts",
        "values (1)",
        "show tables",
        "describe fct_posts",
        "summarize fct_posts",
        "select 1 union all select 2",
        "explain select * from fct_posts",
        "explain analyze select * from cleansed.posts",
    ],
)
def test_reading_statements_are_answered(ask, statement):
    assert ask(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "with x as (copy (select 1) to '{lake}/cleansed/evil.parquet') select * from x",
        "explain analyze copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "explain analyze with x as (copy (select 1) to '{lake}/cleansed/evil.parquet') select * from x",
        "explain (analyze, format json) copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "/* */ explain /* */ analyze copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "with x as (insert into warehouse.main.fct_posts values ('x', 1) returning *) select * from x",
        "with x as (delete from warehouse.main.fct_posts returning *) select * from x",
        "with x as (insert into analytics.lake_hours (records) values (1) returning *) select * from x",
        "insert into fct_posts values ('x', 1)",
        "create table t as select 1",
        "drop view fct_posts",
        "attach '{home}/other.duckdb'",
        "detach warehouse",
        "install httpfs",
        "load httpfs",
        "pragma database_list",
        "set memory_limit = '100GB'",
        "set enable_external_access = true",
        "call enable_logging()",
        "export database '{lake}/cleansed/evil'",
        "prepare p as select 1",
        "use warehouse",
        "checkpoint",
        "select 1; copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "",
        "-- nothing",
    ],
)
def test_statements_that_do_more_than_read_are_refused_and_leave_no_trace(lake, warehouse, tmp_path, statement):
    """Prevents writing through the back doors of DuckDB 2: a WITH clause and EXPLAIN ANALYZE may hold a COPY."""
    before = files_of(tmp_path)
    with reading(lake, warehouse) as sql:
        with pytest.raises(UserError):
            list(sql.run(statement.format(lake=tmp_path / "lake", home=tmp_path)).rows)
        assert list(sql.run("select count(*) from fct_posts").rows) == [(1,)]
        assert list(sql.run("select count(*) from analytics.lake_hours").rows) == [(0,)]
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    "statement",
    [
        "from '{home}/secret.csv'",
        "from read_csv('{home}/secret.csv')",
        "from read_text('{home}/secret.csv')",
        "from read_text('{lake}/cleansed/../../secret.csv')",
        "from glob('{home}/*')",
        "from sniff_csv('{home}/secret.csv')",
        "from read_text('/etc/hostname')",
        "from read_parquet('https://example.org/x.parquet')",
        "select getenv('HOME')",
    ],
)
def test_files_outside_the_lake_cannot_be_read(lake, warehouse, tmp_path, statement):
    with reading(lake, warehouse) as sql, pytest.raises(UserError):
        list(sql.run(statement.format(lake=tmp_path / "lake", home=tmp_path)).rows)


def test_a_misspelled_name_is_answered_with_the_one_that_was_meant(ask):
    with pytest.raises(UserError, match='Did you mean "fct_posts"') as refusal:
        ask("from fct_post")
    assert "\n" not in str(refusal.value)
    with pytest.raises(UserError, match='Candidate bindings: "post_id"'):
        ask("select postid from fct_posts")


def test_a_value_that_cannot_be_converted_ends_the_answer_with_one_line(ask):
    """Prevents a traceback from the middle of a result."""
    with pytest.raises(UserError, match="Could not convert"):
        ask("select cast(post_id as integer) from fct_posts")
