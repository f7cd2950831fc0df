"""Every mart on Redshift holds what DuckDB's holds, row for row: dbt-redshift on PostgreSQL, from the same lake.

Types are not normalised: both drivers give Python's int, float, str, bool, date and naive datetime (UTC), and rows
are compared by their repr, so to the last bit of a float. Differences and their reasons are in the tests of each.

Not here: what PostgreSQL cannot show (tests/marts/redshift_lint.py looks at the statements), broken connections
(test_redshift_warehouse.py).
"""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.warehouse.dbt.environment import left_out_environment
from tests.aws.redshift.dbt_on_redshift import DbtOnRedshift
from tests.marts.dbt_in_process import Dbt
from tests.marts.lake_folder import LakeFolder, Row, at, event
from tests.marts.oracle import marts_of
from tests.marts.redshift_lint import complaints, statements_of_nodes
from tests.marts.test_any_order_of_builds import change_hour, play, random_hour

pytestmark = [
    pytest.mark.aws,
]

HOURS = [EventHour(at("22T21:00") + timedelta(hours=number)) for number in range(4)]
TABLES = (*marts_of([]), "lake_hours")
UNTESTED = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def contents(dbt: Dbt | DbtOnRedshift) -> dict[str, list[str]]:
    """{mart: its rows as text, sorted}, columns in their order."""
    return {mart: sorted(map(repr, dbt.rows(f"select * from {mart}"))) for mart in TABLES}


def a_lively_lake(lake: LakeFolder, rng: random.Random) -> dict[EventHour, list[Row]]:
    """Four hours across midnight, with edits, tombstones, ties, dangling references and text of many scripts."""
    hours = {hour: random_hour(rng, hour, number) for number, hour in enumerate(HOURS)}
    words = ["naïve", "日本", "😀", 'q"uote', "back\\slash", "a,b", '","', "[x]", "it's"]
    hours[HOURS[0]] += [
        event(
            "post",
            "odd1",
            HOURS[0].start,
            post_id="odd1",
            author_id="u1",
            text="Not bad 😀 日本 'x' \"y\"",
            hashtags=words,
        ),
        event("post", "odd2", HOURS[0].start, post_id="odd2", author_id="u1", hashtags=[], topic=None, lang="pt-br"),
        event("comment", "odd3", HOURS[0].start, comment_id="odd3", post_id="odd1", author_id="u2", hashtags=None),
        event("user", "odd4", HOURS[0].start, user_id="u1", user_name="Zoë", age=41, joined_at=at("01T00:00")),
    ]
    for hour, events in hours.items():
        lake.put(events, hour)
    return hours


def test_a_first_a_second_and_a_full_build_equal_duckdb(
    lake: LakeFolder, redshift: DbtOnRedshift, duckdb: Dbt
) -> None:
    """Prevents marts that depend on the engine, or on how often they were built."""
    a_lively_lake(lake, random.Random(3))
    duckdb.build(options=UNTESTED)
    expected = contents(duckdb)
    assert all(expected.values()), "an empty mart compares nothing"
    for options in ((), (), ("--full-refresh",)):
        redshift.build(options=options)
        assert contents(redshift) == expected, options


def test_a_late_hour_changes_what_duckdb_changes(lake: LakeFolder, redshift: DbtOnRedshift, duckdb: Dbt) -> None:
    """Prevents a windowed build that works on files alone: late, edited, lost and rewritten events, hour by hour."""
    rng = random.Random(5)
    hours = a_lively_lake(lake, rng)
    for dbt in (duckdb, redshift):
        dbt.build(HOURS[0].start, len(HOURS), UNTESTED)
    for number in (1, 0, 2):
        lake.put(change_hour(rng, HOURS[number], hours[HOURS[number]], number), HOURS[number])
        for dbt in (duckdb, redshift):
            dbt.build(HOURS[number].start, 1, UNTESTED)
        assert contents(redshift) == contents(duckdb), HOURS[number].key
    redshift.build(HOURS[0].start, 1)  # with every test, on marts that have a history
    assert contents(redshift) == contents(duckdb)


def test_marts_equal_a_full_refresh_on_redshift_whatever_was_built_in_which_order(
    lake: LakeFolder, redshift: DbtOnRedshift
) -> None:
    """Prevents strategies and receipts that hold on DuckDB alone: builds that stop half way, empty and late hours."""
    play(lake, redshift, seed=1, builds=5)


def test_an_hour_that_waits_for_its_scores_keeps_what_the_marts_hold(
    lake: LakeFolder, redshift: DbtOnRedshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents an hour's new texts beside its old scores, where another run has cleansed and not yet scored it."""
    named = ("old1", "old2", "old3")
    lake.put([event("post", p, at(f"22T0{3 + n}:05"), post_id=p) for n, p in enumerate(named)])
    redshift.build("22T03", 3, UNTESTED)
    query = "select event_hour, lake_version from lake_hours"
    before = dict(redshift.rows(query))
    lake.put([event("post", f"new{n}", at(f"22T0{2 + n}:05"), post_id=f"new{n}") for n in (1, 2, 3)])
    for name, value in left_out_environment([EventHour.of(at("22T04:00"))]).items():
        monkeypatch.setenv(name, value)
    for window in ("22T03", None):
        redshift.build(window, 3, UNTESTED)
        assert redshift.rows("select post_id from fct_posts order by 1") == [("new1",), ("new3",), ("old2",)]
        now = dict(redshift.rows(query))
        assert [hour.hour for hour in now if now[hour] == before[hour]] == [4]


def test_a_mart_with_another_column_asks_for_a_full_refresh(lake: LakeFolder, redshift: DbtOnRedshift) -> None:
    """Prevents rows of a new shape in a table of the old one."""
    a_lively_lake(lake, random.Random(3))
    redshift.build(options=UNTESTED)
    before = contents(redshift)
    with redshift.server.database.connect() as connection:  # as if the project had not known this column yet
        connection.execute("alter table marts.fct_posts drop column place")
    result = redshift.invoke(["build", *UNTESTED], HOURS[0].start)
    [failed] = [r for r in result.result if r.status == "error"]
    assert failed.node.name == "fct_posts"
    assert "full_refresh" in failed.message
    assert "place" in failed.message
    assert redshift.rows("select event_hour from lake_hours where event_hour = '2026-11-22 21:00:00'") == []
    redshift.build(options=(*UNTESTED, "--full-refresh"))
    assert contents(redshift) == before


def test_a_replacement_is_one_transaction(lake: LakeFolder, redshift: DbtOnRedshift) -> None:
    """Prevents a reader, or a build that is killed, from finding an hour or a post deleted and not yet back."""
    a_lively_lake(lake, random.Random(3))
    redshift.build(HOURS[0].start, 2, UNTESTED)
    redshift.build(HOURS[0].start, 1, ("--threads", "1", *UNTESTED))  # one connection, so statements are in order
    replaced = 0
    for number, statement in enumerate(redshift.statements):
        target = re.search(r"delete from (\S+)\s", statement)
        if not target or '"connection_name": "master"' in statement:  # the hook that takes receipts away
            continue
        following = [s for s in redshift.statements[number + 1 :] if not s.startswith("select pg_")]
        assert f"insert into {target[1]}" in following[0], statement
        assert following[1].strip().lower() == "commit", statement
        opened = [s.strip().lower() for s in redshift.statements[:number] if s.strip().lower() in ("begin", "commit")]
        assert opened[-1] == "begin", statement
        replaced += 1
    assert replaced == 17


def test_no_statement_is_known_to_fail_on_redshift(lake: LakeFolder, redshift: DbtOnRedshift) -> None:
    """Prevents SQL that PostgreSQL takes and Redshift rejects: all that dbt sent, hooks and strategies included."""
    a_lively_lake(lake, random.Random(3))
    redshift.build()
    sent = redshift.statements
    redshift.build(HOURS[0].start, 1)
    statements = list(statements_of_nodes([*sent, *redshift.statements]))
    nodes = {node for node, _ in statements}
    assert len([node for node in nodes if node.startswith("model.")]) >= 20
    for node, statement in statements:
        assert complaints(statement) == [], (node, statement)
    assert any("with no schema binding" in s for s in sent)
    assert any("sortkey" in s.lower() and "distkey" in s.lower() for s in sent)


def test_text_of_any_length_fits_in_bytes(lake: LakeFolder, redshift: DbtOnRedshift) -> None:
    """Prevents a single long post from failing every build: varchar(n) has room for n bytes, not characters."""
    lake.put(
        [
            event("post", "e1", at("22T03:05"), post_id="p1", text="😀" * 20_000, place="日" * 500, topic="é" * 512),
            event("user", "e2", at("22T03:06"), user_id="u1", user_name="😀" * 300, location="x" * 1024),
        ]
    )
    redshift.build()
    [(text, place, topic)] = redshift.rows("select text, place, topic from fct_posts")
    assert (text, place, topic) == ("😀" * 16_383, "日" * 256, "é" * 512)
    assert redshift.rows("select user_name, location from dim_users") == [("😀" * 256, "x" * 1024)]
    columns = redshift.rows(
        "select table_schema || '.' || table_name, column_name, character_maximum_length"
        " from information_schema.columns where table_schema in ('marts', 'staging') "
        " and data_type in ('character varying', 'text')"
    )
    assert len(columns) > 50
    unbounded = [(table, column) for table, column, length in columns if length is None]
    assert unbounded == []
    for table, column, length in columns:
        [(longest,)] = redshift.rows(f"select coalesce(max(octet_length({column})), 0) from {table}")
        assert longest <= (length or 256), (table, column)


def test_the_spectrum_schemas_are_made_once_from_role_and_databases(
    redshift: DbtOnRedshift, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a first build that finds no lake, and a role that is pasted with a blank in it."""
    operation = ["run-operation", "create_spectrum_schemas"]
    monkeypatch.setenv("SOCIALSENT_SPECTRUM_ROLE_ARN", "arn:aws:iam::123456789012:role/a b")
    assert not redshift.invoke(operation).success
    assert "is not the ARN of a role" in capsys.readouterr().out
    role = "arn:aws:iam::123456789012:role/socialsent-spectrum"
    monkeypatch.setenv("SOCIALSENT_SPECTRUM_ROLE_ARN", role)
    monkeypatch.setenv("SOCIALSENT_GLUE_DATABASE_CLEANSED", "lake_cleansed")
    redshift.server.forget_everything()
    assert redshift.invoke(operation).success
    sent = [re.sub(r"/\*.*?\*/\s*", "", s) for s in redshift.statements if "external schema" in s]
    made = "create external schema if not exists {} from data catalog database '{}' iam_role '{}'"
    assert sent == [
        made.format("spectrum_cleansed", "lake_cleansed", role),
        made.format("spectrum_analytics", "socialsent_analytics", role),
    ]
    begun = [s.strip().lower() for s in redshift.statements if s.strip().lower() in ("begin", "commit", "rollback")]
    assert begun[-1] != "begin"  # Redshift rejects it inside a transaction
