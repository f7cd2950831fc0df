"""SQL over the lake answers questions; no statement can write, leave the lake or loosen the limits."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS, TABLES
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.warehouse.duckdb.engine import reading
from tests.built_lake import keep_receipts, write_hours


@pytest.fixture
def lake(tmp_path):
    lake = Lake.in_folder(tmp_path / "lake")
    hours = {number: EventHour(dt.datetime(2026, 11, 22, number, tzinfo=dt.UTC)) for number in (3, 4)}
    rows, receipts = {}, []
    for number, text in ((3, "three"), (4, "four")):
        time = hours[number].start + dt.timedelta(minutes=30)
        post = {"event_id": text, "event_time": time, "post_id": text}
        rows[hours[number]] = [{**post, "text": text, "hashtags": ["a"], "deleted": False}]
        receipts.append(Receipt("cleanse", hours[number], "in", "out", "1", Counts(1, 1, 0, 0), {"posts": 1}))
    write_hours(lake, POSTS, rows)
    keep_receipts(lake, receipts)
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
    """Every file but those that a reader may leave: locks, SQLite's own, the cache beside the catalog."""
    return sorted(
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock" and not path.name.startswith((".", "catalog.db"))
    )


def test_marts_have_bare_names_and_join_with_lake_tables(ask):
    assert ask("select p.text, f.polarity from fct_posts f join cleansed.posts p using (post_id)") == [("three", 0.5)]


def test_times_are_utc_without_an_offset(ask):
    """Prevents a lake that prints 03:30+00:00 beside marts that print 03:30."""
    rows = ask("select event_time, event_hour, hashtags from cleansed.posts where event_hour = '2026-11-22 03:00'")
    times = [dt.datetime.fromisoformat(f"2026-11-22T03:{minute}") for minute in ("30", "00")]
    assert rows == [(*times, ["a"])]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: "/".join(table.asset_key))
def test_every_table_of_the_lake_can_be_described_even_before_it_has_a_file(ask, table):
    columns = [row[0] for row in ask(f"describe {table.tier}.{table.name}")]
    assert columns == [column.name for column in table.columns]


def test_a_lake_without_anything_is_empty_rather_than_an_error(tmp_path):
    with reading(Lake.in_folder(tmp_path), tmp_path / "none.duckdb") as sql:
        assert list(sql.run("select count(*) from cleansed.posts").rows) == [(0,)]
        with pytest.raises(UserError, match="no fct_posts yet: build the marts with socialsent materialize"):
            sql.run("from fct_posts")


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
        "-- what it costs\nexplain analyze select 1",
        "-- ça coûte\nexplain analyze select 'é'",
        "explain (select 1) union (select 2)",
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
        "-- x\nexplain analyze copy (select 1) to '{lake}/cleansed/evil.parquet'",
        "-- x\nexplain analyze with a as (copy (select 1) to '{lake}/cleansed/evil.parquet') select 1",
        "-- x\nexplain analyze create table evil as select 1",
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
        "from read_duckdb('{home}/warehouse.duckdb', table_name = 'fct_posts')",
        "from sqlite_scan('{lake}/catalog.db', 'iceberg_tables')",
        "from read_text('lakefile://{home}/secret.csv')",
        "from read_parquet('https://example.org/x.parquet')",
        "select getenv('HOME')",
    ],
)
def test_files_outside_the_lake_cannot_be_read(lake, warehouse, tmp_path, statement):
    with reading(lake, warehouse) as sql, pytest.raises(UserError):
        list(sql.run(statement.format(lake=tmp_path / "lake", home=tmp_path)).rows)


@pytest.mark.parametrize("function", ["glob('lakefile://{}/**')", "read_text('lakefile://{}/../../secret.csv')"])
def test_paths_within_the_lake_lead_nowhere_else(ask, tmp_path, function):
    """Prevents a way out of the lake's folders by a pattern or by `..`."""
    assert ask(f"from {function.format(tmp_path / 'lake/cleansed')}") == []


def test_what_passes_the_parser_still_cannot_write(lake, warehouse, tmp_path):
    """Prevents a statement that the check overlooks from replacing a data file of the lake or the marts."""
    before = {path: Path(path).read_bytes() for path in files_of(tmp_path)}
    (data_file,) = (tmp_path / "lake/cleansed/posts").rglob("*.parquet")
    with reading(lake, warehouse) as sql:
        for target in (data_file, f"lakefile://{data_file}", warehouse, tmp_path / "new.parquet"):
            with pytest.raises(duckdb.Error):
                sql._connection.execute(f"copy (select 1 as a) to '{target}' (format parquet)")
    assert {path: Path(path).read_bytes() for path in files_of(tmp_path)} == before


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("from force_checkpoint()", "CHECKPOINT"),
        ("from sqlite_scan('a.db', 't')", "extension"),
        ("(explain select 1)", "syntax error"),
        ("explain (format json) select 1", "EXPLAIN takes no options here"),
        ("from read_text('a')", "query a mart"),
        ("from read_text('lakefile://a')", "file system operations are disabled"),
    ],
)
def test_a_statement_that_asks_for_more_than_reading_hears_why_in_one_line(ask, statement, said):
    """Prevents a failed run, with DuckDB's inner words, where another statement would do."""
    with pytest.raises(UserError, match=said) as refusal:
        ask(statement)
    assert "\n" not in str(refusal.value)
    assert "Traceback" not in str(refusal.value)


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
