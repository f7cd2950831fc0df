"""Statements allowed on Athena, and their rewritten names."""

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.warehouse.athena.rewrite import READING, names_marts_alone, statement_for

NAMES = {"cleansed": "mood_cleansed", "analytics": "mood_analytics", "main": "mood_marts"}


def asked(sql: str) -> str:
    return statement_for(sql, NAMES)


C = '"mood_cleansed"'
A = '"mood_analytics"'


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("select text from cleansed.posts", f"select text from {C}.posts"),
        ('select 1 from "cleansed".posts p', f"select 1 from {C}.posts p"),
        ("select 1 from Analytics.Sentiment", f"select 1 from {A}.Sentiment"),
        ("select 1 from main.fct_posts", 'select 1 from "mood_marts".fct_posts'),
        ("select 1 from awsdatacatalog.cleansed.posts", f"select 1 from awsdatacatalog.{C}.posts"),
        ("select cleansed.posts.text from cleansed.posts", f"select {C}.posts.text from {C}.posts"),
        ("select 'é😀' from cleansed.posts", f"select 'é😀' from {C}.posts"),
        ("select (select max(x) from cleansed.users) union select 2 from analytics.sentiment",
         f"select (select max(x) from {C}.users) union select 2 from {A}.sentiment"),
        ("EXPLAIN select 1 from cleansed.posts", f"EXPLAIN select 1 from {C}.posts"),
        ("explain (type io) select 1 from cleansed.posts", f"explain (type io) select 1 from {C}.posts"),
        ("show partitions cleansed.posts", "show partitions mood_cleansed.posts"),
        ("-- hello\n select 1 ; ", "select 1"),
        ("/* a; b */ select 1", "select 1"),
    ],
)  # fmt: skip
def test_schemas_of_one_machine_become_databases_of_the_catalog(typed: str, sent: str) -> None:
    """Prevents a question that works on one machine and not on AWS."""
    assert asked(typed) == sent


@pytest.mark.parametrize(
    "sql",
    [
        "select * from fct_posts",
        "select 1 from mood_cleansed.posts",
        "select 'cleansed.posts', 1 as cleansed from fct_posts",
        "with cleansed as (select 1 as x) select cleansed.x from cleansed",
        "select word from fct_posts cross join unnest(split(text, ' ')) as words(word)",
        "values (1, 2)",
        "(select 1)",
        "explain analyze select 1",
    ],
)
def test_everything_else_is_sent_as_it_was_typed(sql: str) -> None:
    """Prevents a literal or an alias rewritten like a schema, and SQL rephrased into something else."""
    assert asked(sql) == sql


@pytest.mark.parametrize(
    "sql",
    [
        "insert into cleansed.posts select * from cleansed.posts",
        "with gone as (delete from fct_posts) select 1",
        "delete from fct_posts",
        "update fct_posts set text = ''",
        "merge into fct_posts t using fct_comments s on t.post_id = s.post_id when matched then delete",
        "create table mine as select 1",
        "create view mine as select 1",
        "drop table cleansed.posts",
        "alter table cleansed.posts add columns (x int)",
        "alter table cleansed.posts drop partition (dt = '2026-11-22')",
        "msck repair table cleansed.posts",
        "unload (select 1) to 's3://elsewhere/'",
        "explain analyze insert into fct_posts select * from fct_posts",
        "explain create table x as select 1",
        "optimize fct_posts rewrite data using bin_pack",
        "vacuum fct_posts",
        "prepare p from select 1",
        "execute p",
        "using external function f(x varchar) returns varchar lambda 'f' select f('x')",
        "grant select on fct_posts to someone",
    ],
)
def test_nothing_that_changes_anything_is_sent(sql: str) -> None:
    """Prevents `socialsent query` from becoming a way to write, or to call a Lambda."""
    with pytest.raises(UserError, match=READING.split(":", maxsplit=1)[0]):
        asked(sql)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select 1; select 2", "one SQL statement"),
        ("show partitions posts; drop table posts", "one SQL statement"),
        ("", "one SQL statement, not 0"),
        ("select (", "Athena cannot parse this SQL"),
        ("select 1 from billing.invoices", "billing is not part of the lake"),
        ("select billing.invoices.x from fct_posts", "billing is not part of the lake"),
        ("select 1 from redshift_catalog.cleansed.posts", "another data source"),
        ("select * from table(system.query(query => 'delete from x'))", "table functions are not allowed"),
        ("describe billing.invoices", "billing is not part of the lake"),
        ("select " + "(" * 3000 + "1" + ")" * 3000, "too deeply|cannot parse"),
    ],
)
def test_what_is_refused_says_why_in_one_line(sql: str, says: str) -> None:
    """Prevents a statement that leaves the lake, and errors of a parser that no one understands."""
    with pytest.raises(UserError, match=says) as error:
        asked(sql)
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("sql", ["show tables", "SHOW ALL TABLES;", "describe cleansed.posts", "desc fct_posts"])
def test_listing_and_describing_become_queries_that_answer_in_columns(sql: str) -> None:
    """Prevents Hive's tab-separated answers, and names that one machine does not have."""
    sent = asked(sql)
    assert "information_schema" in sent
    assert asked(sent) == sent


def test_described_tables_are_looked_up_where_they_are() -> None:
    """Prevents DESCRIBE fct_posts from answering with nothing, because marts have no schema on one machine."""
    assert "table_schema = 'mood_marts' and table_name = 'fct_posts'" in asked("describe FCT_posts")
    assert "table_schema = 'mood_cleansed' and table_name = 'posts'" in asked("describe cleansed.posts")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) from fct_posts p join dim_users u on u.user_id = p.author_id", True),
        ("with p as (select * from fct_posts) select * from p", True),
        ("select 1 from fct_posts where post_id in (select post_id from cleansed.posts)", False),
        ("select 1", False),
        ("delete from fct_posts", False),
        ("show tables", False),
    ],
)
def test_a_question_about_marts_alone_is_known_as_one(sql: str, expected: bool) -> None:
    """Prevents queries for lake tables on Redshift, and for marts where they are not."""
    assert names_marts_alone(sql) is expected
