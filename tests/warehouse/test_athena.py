"""Queries on Athena, against a fake client: states, pages, types and faults.

The fake returns prepared responses. Shapes and codes are those of botocore's service model; that Athena itself
behaves so is not shown here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from socialsent_assets.aws.client import AwsCallError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import AthenaSettings, CatalogSettings, Settings
from socialsent_assets.warehouse.athena.engine import AthenaSql, athena_sql
from socialsent_assets.warehouse.errors import NoMartsError

CATALOG = CatalogSettings("mood_cleansed", "mood_analytics")
WORKGROUP = AthenaSettings("mood", "mood_marts", deadline_seconds=60)


def refused(code: str, message: str = "because") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "StartQueryExecution")


at = datetime.fromisoformat


class StandIn:
    """A client of Athena: goes through `states`, then gives `pages` of `columns`.

    An entry of `states` is a state, a whole status, or an exception to raise.
    """

    def __init__(
        self,
        states: Sequence[Any] = ("SUCCEEDED",),
        columns: Sequence[tuple[str, str]] = (("n", "bigint"),),
        pages: Sequence[Sequence[Sequence[str | None]]] = ((("n",), ("1",)),),
        statement_type: str = "DML",
    ) -> None:
        self.states, self.columns, self.pages = list(states), columns, pages
        self.statement_type = statement_type
        self.started: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.fetched: list[str | None] = []

    def start_query_execution(self, **arguments: Any) -> dict[str, str]:
        self.started.append(arguments)
        return {"QueryExecutionId": f"q{len(self.started)}"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, BaseException):
            raise state
        status = state if isinstance(state, dict) else {"State": state}
        execution = {"QueryExecutionId": QueryExecutionId, "Status": status, "StatementType": self.statement_type}
        return {"QueryExecution": {**execution, "Statistics": {"DataScannedInBytes": 1_500_000}}}

    def get_query_results(self, NextToken: str | None = None, **_: Any) -> dict[str, Any]:
        self.fetched.append(NextToken)
        number = int(NextToken or 0)
        info = [{"Name": name, "Label": name, "Type": kind} for name, kind in self.columns]
        rows = [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in self.pages[number]]
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": info}}, **more}

    def stop_query_execution(self, QueryExecutionId: str) -> None:
        self.stopped.append(QueryExecutionId)


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def engine(client: StandIn, time: Time | None = None) -> AthenaSql:
    watch = time or Time()
    return AthenaSql(client, WORKGROUP, CATALOG, pause=watch.pause, clock=lambda: watch.now)


def ended(state: str, reason: str = "", category: int | None = None) -> dict[str, Any]:
    error = {} if category is None else {"AthenaError": {"ErrorCategory": category, "ErrorMessage": reason}}
    return {"State": state, "StateChangeReason": reason, **error}


def test_a_question_goes_to_the_workgroup_with_the_marts_as_its_schema() -> None:
    """Prevents queries outside the workgroup, whose scan limit then does not hold, and marts that need a prefix."""
    client = StandIn()
    assert list(engine(client).run("select count(*) as n from cleansed.posts").rows) == [(1,)]
    assert client.started == [
        {
            "QueryString": 'select count(*) as n from "mood_cleansed".posts',
            "QueryExecutionContext": {"Database": "mood_marts"},
            "WorkGroup": "mood",
        }
    ]
    assert client.stopped == []


def test_values_come_as_python_values() -> None:
    """Prevents numbers sorted and drawn as texts, nulls shown as empty texts and times in another zone."""
    cells: list[tuple[str, str | None, Any]] = [
        ("varchar", "", ""),
        ("varchar", None, None),
        ("bigint", "9007199254740993", 9007199254740993),
        ("integer", "-1", -1),
        ("double", "0.25", 0.25),
        ("double", "Infinity", float("inf")),
        ("float", "1.5E10", 1.5e10),
        ("decimal", "12.3400", Decimal("12.3400")),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("date", "2026-11-22", date(2026, 11, 22)),
        ("timestamp", "2026-11-22 03:00:00.123", at("2026-11-22T03:00:00.123")),
        ("timestamp", "2026-11-22 03:00:00.123456", at("2026-11-22T03:00:00.123456")),
        ("timestamp with time zone", "2026-11-22 03:00:00.000 UTC", at("2026-11-22T03:00")),
        ("timestamp with time zone", "2026-11-22 03:00:00.000 Europe/Berlin", at("2026-11-22T02:00")),
        ("timestamp with time zone", "2026-11-22 03:00:00.000 +01:00", at("2026-11-22T02:00")),
        ("array", "[good, morn]", ["good", "morn"]),
        ("array", "[]", []),
        ("timestamp", "12026-01-01 00:00:00.000", "12026-01-01 00:00:00.000"),
        ("row", "{a=1}", "{a=1}"),
        ("json", '{"a": 1}', '{"a": 1}'),
    ]
    names = [f"c{n}" for n in range(len(cells))]
    client = StandIn(
        columns=[(name, kind) for name, (kind, _, _) in zip(names, cells, strict=True)],
        pages=[[names, [text for _, text, _ in cells]]],
    )
    (row,) = engine(client).run("select 1").rows
    assert list(row) == [value for _, _, value in cells]


def test_pages_are_fetched_only_when_their_rows_are_asked_for() -> None:
    """Prevents a table of 50 rows from downloading a million, and rows lost at the edge of a page."""
    client = StandIn(pages=[[("n",), ("1",), ("2",)], [("3",)], [("4",)]])
    rows = engine(client).run("select n from t").rows
    assert client.fetched == [None]
    assert [next(rows), next(rows)] == [(1,), (2,)]
    assert client.fetched == [None]
    assert list(rows) == [(3,), (4,)]
    assert client.fetched == [None, "1", "2"]


def test_the_names_of_the_columns_are_no_row_and_appear_once() -> None:
    """Prevents the header as data; a later row that looks like it is one."""
    client = StandIn(columns=[("a", "varchar"), ("a", "varchar")], pages=[[("a", "a"), ("a", "a"), ("b", "c")]])
    result = engine(client).run("select a, a from t")
    assert result.columns == ("a", "a_2")
    assert list(result.rows) == [("a", "a"), ("b", "c")]


def test_the_first_row_of_show_is_a_row() -> None:
    """Prevents the first partition from being swallowed as a header that only SELECT has."""
    client = StandIn(columns=[("partition", "varchar")], pages=[[("dt=2026-11-22/hr=03",)]], statement_type="DDL")
    assert list(engine(client).run("show partitions cleansed.posts").rows) == [("dt=2026-11-22/hr=03",)]


def test_an_answer_without_rows_has_its_columns() -> None:
    """Prevents an empty result from failing or from losing its header in CSV."""
    result = engine(StandIn(pages=[[("n",)]])).run("select n from t where false")
    assert (result.columns, list(result.rows)) == (("n",), [])


def test_waiting_grows_slower_and_knows_no_hurry() -> None:
    """Prevents a poll per millisecond, which Athena throttles for the whole account."""
    time = Time()
    engine(StandIn(states=[*["QUEUED"] * 5, *["RUNNING"] * 10, "SUCCEEDED"]), time).run("select 1")
    assert time.pauses == sorted(time.pauses)
    assert (time.pauses[0], time.pauses[-1]) == (0.2, 2.0)


def test_scanned_bytes_add_up() -> None:
    """Prevents a user who does not see what a question costs."""
    sql = engine(StandIn())
    sql.run("select 1")
    sql.run("select 2")
    assert sql.scanned_bytes == 3_000_000


def test_ctrl_c_stops_the_query_in_athena() -> None:
    """Prevents a question that goes on and costs although no one waits for it."""
    client = StandIn(states=["RUNNING", KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        engine(client).run("select 1")
    assert client.stopped == ["q1"]


def test_at_the_deadline_the_query_is_stopped() -> None:
    """Prevents a command that waits indefinitely, and a query that no one waits for."""
    client = StandIn(states=["RUNNING"])
    with pytest.raises(UserError, match=r"within 60 seconds.*where event_hour"):
        engine(client).run("select 1")
    assert client.stopped == ["q1"]


def test_a_query_that_cannot_be_stopped_still_says_what_happened_first() -> None:
    """Prevents the error of the clean-up from hiding the reason."""
    client = StandIn(states=["RUNNING"])
    client.stop_query_execution = lambda **_: (_ for _ in ()).throw(refused("Throttling"))  # type: ignore[method-assign]
    with pytest.raises(UserError, match="within 60 seconds"):
        engine(client).run("select 1")


@pytest.mark.parametrize(
    ("status", "raised", "says"),
    [
        (ended("CANCELLED", "Bytes scanned limit was exceeded"), UserError, "mood allows .*where event_hour"),
        (ended("CANCELLED", ""), UserError, "it was stopped"),
        (ended("FAILED", "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be", 2), UserError, "line 1:8: Column 'x'"),
        (ended("FAILED", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.mood_marts.fct_posts' does not exist", 2),
         NoMartsError, "there is no fct_posts in database mood_marts: .*SOCIALSENT_DBT_TARGET=athena"),
        (ended("FAILED", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.mood_cleansed.x' does not exist", 2),
         UserError, "mood_cleansed.x"),
        (ended("FAILED", "SCHEMA_NOT_FOUND: line 1:15: Schema 'mood_marts' does not exist", 2),
         NoMartsError, "there is no mart in database mood_marts"),
        (ended("FAILED", "INTERNAL_ERROR", 1), AwsCallError, "not the query: INTERNAL_ERROR; run it"),
        (ended("FAILED", "SYNTAX_ERROR: old engines name no category"), UserError, "SYNTAX_ERROR"),
    ],
)  # fmt: skip
def test_a_query_that_did_not_succeed_says_why_and_what_to_do(
    status: dict[str, Any], raised: type[Exception], says: str
) -> None:
    """Prevents no rows where there was no answer, and an exit code that blames the wrong side."""
    client = StandIn(states=["RUNNING", status])
    with pytest.raises(raised, match=says) as error:
        engine(client).run("select 1")
    assert "\n" not in str(error.value)
    assert client.stopped == []


@pytest.mark.parametrize(
    ("error", "raised", "says"),
    [
        (refused("AccessDeniedException"), UserError, "StartQueryExecution is not allowed on workgroup mood"),
        (refused("ExpiredTokenException"), UserError, "credentials have expired"),
        (refused("UnrecognizedClientException"), UserError, "does not know these AWS credentials"),
        (refused("InvalidRequestException", "WorkGroup mood is not found."), UserError, "mood is not found"),
        (refused("TooManyRequestsException"), AwsCallError, "throttled"),
        (refused("InternalServerException"), AwsCallError, "InternalServerException"),
        (EndpointConnectionError(endpoint_url="https://athena"), AwsCallError, "cannot be reached"),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_one_line_that_says_what_to_do(
    error: Exception, raised: type[Exception], says: str
) -> None:
    """Prevents botocore's own words for a permission that is missing."""
    client = StandIn()

    def refuse(**_: Any) -> Any:
        raise error

    client.start_query_execution = refuse  # type: ignore[method-assign]
    with pytest.raises(raised, match=says) as told:
        engine(client).run("select 1")
    assert "\n" not in str(told.value)


def test_athena_without_a_catalog_is_refused_by_name() -> None:
    """Prevents an engine that cannot find the lake from answering with table errors."""
    with pytest.raises(UserError, match="SOCIALSENT_CATALOG=glue"):
        athena_sql(Settings.from_env({"SOCIALSENT_ATHENA_WORKGROUP": "mood"}))
