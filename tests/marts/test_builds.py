"""Single builds: empty lakes, odd windows, parts of the graph, kills, history; one situation per test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.warehouse.dbt.environment import left_out_environment
from socialsent_assets.warehouse.duckdb.database import versions_held
from tests.marts.dbt_in_process import PROJECT, Dbt
from tests.marts.lake_folder import LakeFolder, Row, at, event
from tests.marts.oracle import marts_of

UNTESTED = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def a_post(event_id: str, time: str, **data: object) -> Row:
    return event("post", event_id, at(time), **{"post_id": event_id, **data})


def test_an_empty_lake_builds_empty_marts_and_passes_every_test(dbt: Dbt) -> None:
    """Prevents a first run that fails because a table has no file yet."""
    dbt.build("22T03")
    assert [dbt.rows(f"from {mart}") for mart in [*marts_of([]), "lake_hours"]] == [[]] * 10


def test_a_build_runs_all_tests_and_signs_its_hours(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents hours that stay stale indefinitely, or count as done under another name than the lake's."""
    lake.put([a_post("p1", "22T03:05"), event("user", "e1", at("22T03:01"), user_id="u1")])
    result = dbt.build("22T03")
    passed = {r.node.name for r in result.result if r.status == "pass"}
    assert {"mood_shares_sum_to_one", "no_deleted_text_is_in_a_mart", "changed_texts_are_there_once"} <= passed
    assert "engagement_counts_what_others_did_to_current_posts" in passed
    with duckdb.connect() as connection:
        [(version,)] = connection.execute(
            f"select lake_version from '{lake.root}/analytics/lake_hours/*/*/*.parquet'"
        ).fetchall()
    assert versions_held(lake.root / "warehouse.duckdb") == {"2026-11-22-03:00": version}


@pytest.mark.parametrize(
    "window",
    [
        {"window_start": "2026-11-22 03:00:00"},
        {"window_start": "2026-11-22 03:30:00", "window_end": "2026-11-22 04:30:00"},
        {"window_start": "2026-11-22 04:00:00", "window_end": "2026-11-22 04:00:00"},
        {"window_start": "'; drop table fct_posts; --", "window_end": "2026-11-22 04:00:00"},
    ],
)
def test_a_window_that_is_not_whole_hours_in_order_is_refused(dbt: Dbt, window: dict[str, str]) -> None:
    """Prevents half an hour of rows from replacing the whole hour."""
    result = dbt.invoke("build", options=["--vars", repr(window)])
    assert not result.success
    assert "window" in str(result.exception)


@pytest.mark.parametrize("window", ["22T03", None])
def test_an_hour_that_waits_for_its_scores_keeps_what_the_marts_hold(
    lake: LakeFolder, dbt: Dbt, monkeypatch: pytest.MonkeyPatch, window: str | None
) -> None:
    """Prevents an hour's new texts beside its old scores, where another run has cleansed and not yet scored it."""
    lake.put([a_post("p1", "22T03:05"), a_post("p2", "22T04:05"), a_post("p3", "22T05:05")])
    dbt.build("22T03", hours=3, options=UNTESTED)
    before = versions_held(lake.root / "warehouse.duckdb")
    lake.put([a_post("new1", "22T03:05"), a_post("new2", "22T04:05"), a_post("new3", "22T05:05")])
    waiting = left_out_environment([EventHour.of(at("22T04:00"))])
    monkeypatch.setenv("SOCIALSENT_WINDOW_WITHOUT", waiting["SOCIALSENT_WINDOW_WITHOUT"])
    dbt.build(window, hours=3)
    assert dbt.rows("select post_id from fct_posts order by 1") == [("new1",), ("new3",), ("p2",)]
    now = versions_held(lake.root / "warehouse.duckdb")
    assert {hour for hour in now if now[hour] == before[hour]} == {"2026-11-22-04:00"}


def test_a_part_of_the_graph_never_signs_an_hour(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents `lake_hours` built alone from declaring hours done that a stopped build left half way."""
    lake.put([a_post("p1", "22T03:05")])
    dbt.build("22T03", options=(*UNTESTED, "--exclude", "fct_posts+"))
    dbt.build("22T03", options=("--select", "fct_posts+", "--exclude", "lake_hours", *UNTESTED))
    dbt.build("22T03", options=("--select", "lake_hours", *UNTESTED))
    assert dbt.rows("from lake_hours") == []


def test_a_mart_built_alone_takes_no_receipt_away(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents one click on one mart from making all of history stale."""
    lake.put([a_post("p1", "22T03:05")])
    dbt.build("22T03", options=UNTESTED)
    dbt.build("22T03", options=("--select", "agg_sentiment_hourly", *UNTESTED))
    assert len(dbt.rows("from lake_hours")) == 1


def test_a_version_table_that_got_lost_makes_every_hour_stale(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents marts that lose an hour's rows while the receipt still names it."""
    lake.put([a_post("p1", "22T03:05"), a_post("p2", "22T04:05")])
    dbt.build("22T03", hours=2, options=UNTESTED)
    with duckdb.connect(str(lake.root / "warehouse.duckdb")) as connection:
        connection.execute("drop table staging.int_post_versions")
    dbt.build("22T04", options=UNTESTED)
    assert [hour.hour for (hour,) in dbt.rows("select event_hour from lake_hours")] == [4]


def test_what_others_do_later_reaches_the_author_of_an_older_post(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents engagement that only counts likes and replies of the hour in which the post was written."""
    lake.put([a_post("p1", "22T03:05", author_id="ann"), a_post("p2", "22T03:06", author_id="ben")])
    dbt.build("22T03", options=UNTESTED)
    lake.put(
        [
            event("interaction", "e1", at("22T04:01"), interaction_id="i1", post_id="p1", actor_id="cat"),
            event("comment", "e2", at("22T04:02"), comment_id="c1", post_id="p2", author_id="cat"),
        ]
    )
    dbt.build("22T04", options=UNTESTED)
    received = dbt.rows("select user_id, likes_received, comments_received from agg_user_engagement order by user_id")
    assert received == [("ann", 1, 0), ("ben", 0, 1), ("cat", 0, 0)]


def test_the_history_of_a_profile_is_the_same_however_builds_were_cut(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents versions that are lost because two came in one build, or the older one came later."""
    named = {number: event("user", f"e{number}", at(f"22T0{number}:01"), user_id="u1", user_name=f"name {number}")
             for number in (3, 4, 5)}  # fmt: skip
    of_one_moment = event("user", "e4b", at("22T04:01"), user_id="u1", user_name="name 4b")
    gone = [event("user", "e6", at("22T04:02"), user_id="u2"),
            event("deletion", "e7", at("22T03:02"), subject_id="u2", subject_kind="user")]  # fmt: skip
    lake.put([named[3], gone[1]])
    lake.put([named[4], of_one_moment, gone[0]])
    lake.put([named[5]])
    dbt.build("22T03", hours=3, options=UNTESTED)  # all of it in one build
    query = "select user_id, user_name, hour(valid_from), hour(valid_to) from user_profile_history order by 1, 3"
    at_once = dbt.rows(query)
    assert at_once == [("u1", "name 3", 3, 4), ("u1", "name 4b", 4, 5), ("u1", "name 5", 5, None)]
    whole = dbt.rows("select * from user_profile_history order by all")
    (lake.root / "warehouse.duckdb").unlink()
    for hour in ("22T05", "22T03", "22T04", "22T04"):  # the newest first, each alone, one of them twice
        dbt.build(hour, options=UNTESTED)
    assert dbt.rows("select * from user_profile_history order by all") == whole
    lake.put([], EventHour(at("22T04:00")))  # what vanished from the lake has no history either
    dbt.build("22T04", options=UNTESTED)
    assert dbt.rows(query) == [("u1", "name 3", 3, 5), ("u1", "name 5", 5, None)]


def test_an_hour_costs_the_same_files_with_10_and_with_1000_hours_of_history(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents builds that open the history's files and so grow with it."""
    last = at("22T03:00")
    read: list[tuple[int, list[str]]] = []
    for hours in (10, 1_000):
        for number in range(hours):
            hour = EventHour(last - timedelta(hours=number))
            if not (lake.root / "cleansed/posts" / hour.path).exists():
                lake.put([event("post", f"e{number}", hour.start, post_id=f"p{number}")])
        compiled = dbt.invoke("compile", last, options=("--select", "int_post_versions", "int_event_keys")).result
        queries = {r.node.name: r.node.compiled_code for r in compiled}
        read.append((files_opened(queries["int_post_versions"]), sorted(files_named(queries["int_event_keys"]))))
    assert read[0] == read[1]
    assert read[0][0] == 2  # posts and their scores
    assert len(read[0][1]) <= 24  # named: the window's day; opened: its hour


def files_opened(query: str) -> int:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        plan = connection.execute(f"explain analyze {query}").fetchall()[0][1]
    return sum(int(count) for count in re.findall(r"Total Files Read: (\d+)", plan))


def files_named(query: str) -> list[str]:
    return re.findall(r"'[^']*\.parquet'", query)


def test_a_build_killed_in_the_middle_leaves_its_hours_stale_and_the_next_one_repairs_them(
    lake: LakeFolder, dbt: Dbt
) -> None:
    """Prevents marts that contradict each other after kill -9 and are not repaired."""
    first = [a_post("p1", "22T03:05"), event("interaction", "e2", at("22T03:10"), interaction_id="i1", post_id="p1")]
    lake.put(first)
    dbt.build("22T03", options=UNTESTED)
    lake.put([event("interaction", "e2", at("22T03:10"), interaction_id="i1", post_id="p9")])  # the post is gone
    kill_when(lake, "22T03", "OK created sql incremental model main.fct_posts")
    assert dbt.rows("from fct_posts") == []
    assert dbt.rows("from lake_hours") == []
    assert dbt.rows("select text_count from agg_sentiment_hourly") == [(1,)]  # so it was the middle indeed
    lake.put(first)  # back to what the receipt named before the kill
    dbt.build("22T03")
    assert [row[0] for row in dbt.rows("select post_id from fct_posts")] == ["p1"]
    assert dbt.rows("select likes_received from agg_user_engagement where user_id = 'u1'") == [(1,)]


def kill_when(lake: LakeFolder, hour: str, line: str) -> None:
    """Start `dbt build` as a process of its own and kill it as soon as it has printed `line`."""
    window = {"window_start": f"2026-11-{hour[:2]} {hour[3:]}:00:00"}
    window["window_end"] = f"2026-11-{hour[:2]} {int(hour[3:]) + 1:02}:00:00"
    target = lake.root / "killed"
    command = [
        str(Path(sys.executable).parent / "dbt"), "build", *UNTESTED, "--vars", repr(window), "--threads", "1",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
        "--target-path", str(target), "--log-path", str(target), "--no-use-colors",
    ]  # fmt: skip
    environment = {**os.environ, **lake.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for text in process.stdout:
            said.append(text)
            if line in text:
                process.send_signal(signal.SIGKILL)
                break
        else:
            pytest.fail(f"dbt never said {line!r}: {''.join(said)}")


def test_the_docs_are_one_file_that_works_offline(lake: LakeFolder, dbt: Dbt) -> None:
    """Prevents docs that need a network or a server to be read."""
    lake.put([a_post("p1", "22T03:05")])
    dbt.build("22T03", options=UNTESTED)
    assert dbt.invoke("docs", options=("generate", "--static")).success
    page = (dbt.target / "static_index.html").read_text(encoding="utf-8")
    assert "agg_topic_sentiment_daily" in page
    assert "the marts equal a full refresh" in page
