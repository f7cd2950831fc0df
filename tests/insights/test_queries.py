"""The report's SQL is understood by every engine that may hold the marts, and means the same in each."""

import itertools
import re
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from socialsent_assets.insights import queries, report_data
from socialsent_assets.warehouse.athena.rewrite import statement_for
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts

QUESTIONS = list(queries.every_question())

# Standard SQL; before anything is added here, look it up for all three.
FUNCTIONS = {"avg", "case", "cast", "coalesce", "count", "floor", "nullif", "round", "row_number", "sum"}
PARSED_AS_FUNCTIONS = {"and", "or", "if"}  # in sqlglot's class tree; if is a branch of case


@pytest.mark.parametrize("dialect", ["athena", "redshift", "duckdb"])
@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_every_question_is_sql_of_every_engine(question: str, dialect: str) -> None:
    """Prevents a report that works on one machine alone."""
    tree = sqlglot.parse_one(question, read=dialect)
    used = {function.sql_name().lower() for function in tree.find_all(exp.Func)} - PARSED_AS_FUNCTIONS
    assert used <= FUNCTIONS
    assert not list(tree.find_all(exp.Filter, exp.Placeholder, exp.Parameter, exp.Qualify))


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_every_subquery_has_a_name_and_every_quotient_is_of_doubles(question: str) -> None:
    """Prevents what only some engines allow (no alias), or divide in their own way (decimals, whole numbers)."""
    tree = sqlglot.parse_one(question, read="redshift")
    for subquery in tree.find_all(exp.Subquery):
        if isinstance(subquery.parent, exp.From | exp.Join):
            assert subquery.alias
    for quotient in tree.find_all(exp.Div):
        assert "DOUBLE PRECISION" in quotient.this.sql(dialect="redshift")


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_athena_is_asked_every_question_as_it_is(question: str) -> None:
    """Prevents a query that the read-only check for Athena rejects or rewrites."""
    names = {"cleansed": "c", "analytics": "a", "main": "m"}
    assert statement_for(question, names) == question.strip()


def test_the_list_of_questions_is_complete() -> None:
    """Prevents a new question that none of these tests sees."""
    source = Path(queries.__file__).read_text("utf-8")
    listed = re.search(r"def every_question.*", source, re.DOTALL)
    assert listed is not None
    names = re.findall(r"^(?:def )?([A-Z]+(?:_[A-Z]+)*|[a-z]+)(?: = |\()", source[: listed.start()], re.MULTILINE)
    names = [name for name in names if name != "TEXTS"]  # a relation, which other pages read too
    assert all(name in listed[0] for name in names)
    used = set(
        re.findall(r"queries\.(\w+)", Path(report_data.__file__).read_text("utf-8").partition("import queries")[2])
    )
    assert used == set(names)


@pytest.mark.parametrize(
    ("rates", "median"),
    [([], 0), ([3.0], 3), ([1.0, 4.0], 2.5), ([1.0, 2.0, 10.0], 2), ([5.0, 1.0, 2.0, 4.0], 3), ([None, 2.0], 2.0)],
)  # fmt: skip
def test_the_median_is_the_middle_or_between_the_two_in_the_middle(rates: list[float | None], median: float) -> None:
    """Prevents an author who posts nothing from counting, and an even number of authors from having no median."""
    with duckdb.connect() as connection:
        connection.execute("create table agg_user_engagement (engagement_per_post double)")
        for rate in rates:
            connection.execute("insert into agg_user_engagement values (?)", [rate])
        assert connection.execute(queries.MEDIAN_ENGAGEMENT).fetchone() == (median,)


@pytest.mark.parametrize("limit", [1, 7, 36, 37, 1000])
def test_a_sample_has_the_size_asked_for_and_comes_from_all_hours(marts, usual, limit: int) -> None:
    """Prevents word clouds of the first day alone, or of other texts at each build."""
    path = marts(**usual)
    with duckdb_marts(path) as sql:
        sampled = report_data.read_texts(sql, limit)
        assert sampled == report_data.read_texts(sql, limit)
        everything = report_data.read_texts(sql, 10**6)
    assert len(sampled) == min(limit, len(everything)) == min(limit, 37)
    places = [everything.index(text) for text in sampled]
    assert places == sorted(places)
    if 1 < limit < 37:
        gaps = [after - before for before, after in itertools.pairwise(places)]
        assert max(gaps) <= 37 // limit + 1
