"""Read-only SQL over lake and marts on AWS: Athena answers what DuckDB answers on one machine, by one name.

    sql = athena_sql(settings)
    for row in sql.run("select topic, count(*) from cleansed.posts group by 1").rows: ...

The workgroup sets the location and encryption of results and how much a query may scan. A query that is given up,
by Ctrl-C or at its deadline, is stopped there too, for it would go on and cost.

Marts are found where the dbt target `athena` builds them. Timestamps of lake tables have milliseconds here: Athena
keeps no more of a Parquet timestamp in a Hive table.

Not here: which statements pass (rewrite.py), texts as values (decode.py).
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from socialsent_assets.aws.client import AwsCallError, aws_client, explained
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import AthenaSettings, CatalogSettings, Settings
from socialsent_assets.warehouse.athena.decode import is_header, values_of
from socialsent_assets.warehouse.athena.rewrite import MARTS, statement_for
from socialsent_assets.warehouse.engine import QueryResult, different
from socialsent_assets.warehouse.errors import NoMartsError

PAGE = 1000
"""Rows of one GetQueryResults, the most that it gives."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _SLOWER = 0.2, 2.0, 1.5

_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_USER_ERROR = 2  # AthenaError.ErrorCategory: 1 system, 2 user, 3 other
_SCAN_LIMIT = re.compile(r"bytes scanned limit", re.IGNORECASE)
_NO_TABLE = re.compile(r"TABLE_NOT_FOUND.*?'[^'.]*\.(?P<database>[^'.]+)\.(?P<table>[^']+)'")
_NO_SCHEMA = re.compile(r"SCHEMA_NOT_FOUND.*?'(?P<database>[^']+)'")


def athena_sql(settings: Settings) -> AthenaSql:
    """The engine that the settings name. Raises UserError when they name none, or no catalog for it."""
    if settings.athena is None:
        raise UserError("SOCIALSENT_ATHENA_WORKGROUP is missing: it names the workgroup that runs queries")
    if settings.catalog.kind != "glue":
        raise UserError(
            "SOCIALSENT_ATHENA_WORKGROUP needs SOCIALSENT_CATALOG=glue: Athena finds the lake by its catalog"
        )
    return AthenaSql(aws_client("athena"), settings.athena, settings.catalog)


class AthenaSql:
    """One workgroup of Athena; any number of statements, one after the other. See `warehouse.engine.SqlEngine`.

    Attributes:
        scanned_bytes: read by the statements so far, of Athena's own count.

    Args:
        client: see `aws_calls.aws_client`; anything with the same methods will do.
        pause, clock: wait and read the time in seconds; replaced in tests.
    """

    def __init__(
        self,
        client: Any,
        athena: AthenaSettings,
        catalog: CatalogSettings,
        *,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._athena = client
        self._settings = athena
        self._databases = {"cleansed": catalog.cleansed, "analytics": catalog.analytics, MARTS: athena.marts}
        self._pause, self._clock = pause, clock
        self.scanned_bytes = 0

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. The first page of rows is there when it returns; others are fetched on demand.

        Raises:
            NoMartsError: a mart of it does not exist.
            UserError: the statement, the permissions or a limit of the workgroup is in the way.
            AwsCallError: Athena could not do it.
        """
        statement = statement_for(sql, self._databases)
        query_id = self._start(statement)
        try:
            execution = self._ended(query_id)
        except BaseException:
            self._stop(query_id)
            raise
        self.scanned_bytes += int((execution.get("Statistics") or {}).get("DataScannedInBytes") or 0)
        self._refuse_unless_it_succeeded(execution)
        return self._result(query_id, execution.get("StatementType") or "DML")

    def _start(self, statement: str) -> str:
        with explained("athena", f"workgroup {self._settings.workgroup}"):
            started = self._athena.start_query_execution(
                QueryString=statement,
                QueryExecutionContext={"Database": self._settings.marts},
                WorkGroup=self._settings.workgroup,
            )
        return str(started["QueryExecutionId"])

    def _ended(self, query_id: str) -> Mapping[str, Any]:
        """The execution once it has ended, well or not. Raises UserError at the deadline."""
        deadline = self._clock() + self._settings.deadline_seconds
        pause = _FIRST_PAUSE_S
        while True:
            with explained("athena", f"query {query_id}"):
                execution = self._athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in _ENDED:
                return dict(execution)
            if self._clock() >= deadline:
                raise UserError(
                    f"no result within {self._settings.deadline_seconds} seconds, so the query was stopped: read "
                    "fewer hours (where event_hour >= …), or allow more time with SOCIALSENT_ATHENA_DEADLINE_SECONDS"
                )
            self._pause(pause)
            pause = min(pause * _SLOWER, _LONGEST_PAUSE_S)

    def _stop(self, query_id: str) -> None:
        """Best effort: what made us give up is what the caller has to hear."""
        from botocore.exceptions import BotoCoreError, ClientError

        with contextlib.suppress(BotoCoreError, ClientError):
            self._athena.stop_query_execution(QueryExecutionId=query_id)

    def _refuse_unless_it_succeeded(self, execution: Mapping[str, Any]) -> None:
        status = execution["Status"]
        if status["State"] == "SUCCEEDED":
            return
        error = status.get("AthenaError") or {}
        reason = " ".join(str(status.get("StateChangeReason") or error.get("ErrorMessage") or "").split())
        if _SCAN_LIMIT.search(reason):
            raise UserError(
                f"this query scans more than workgroup {self._settings.workgroup} allows ({reason}): read fewer "
                "hours (where event_hour >= timestamp '2026-11-22') or fewer columns"
            )
        if status["State"] == "CANCELLED":
            raise UserError(f"the query was cancelled: {reason or 'it was stopped in Athena'}")
        if error.get("ErrorCategory") == _USER_ERROR or not error:
            self._refuse_missing_marts(reason)
            raise UserError(reason or "Athena rejected the query without a reason")
        raise AwsCallError(f"Athena failed, not the query: {reason or 'no reason given'}; run it again")

    def _refuse_missing_marts(self, reason: str) -> None:
        missing = _NO_TABLE.search(reason) or _NO_SCHEMA.search(reason)
        if missing and missing["database"] == self._settings.marts:
            name = missing.groupdict().get("table") or "mart"
            raise NoMartsError(
                f"there is no {name} in database {self._settings.marts}: build the marts first, with "
                "SOCIALSENT_DBT_TARGET=athena; lake tables are cleansed.posts, analytics.sentiment, …"
            )

    def _result(self, query_id: str, statement_type: str) -> QueryResult:
        page = self._page(query_id, None)
        columns = page["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
        names = [column["Name"] for column in columns]
        kinds = tuple(column["Type"] for column in columns)
        has_header = statement_type != "DDL"  # only a SELECT and its like repeat the names
        rows = self._rows(query_id, page, kinds, names if has_header else None)
        return QueryResult(tuple(different(names)), kinds, rows)

    def _rows(
        self, query_id: str, page: Mapping[str, Any], kinds: tuple[str, ...], header: list[str] | None
    ) -> Iterator[tuple[Any, ...]]:
        rows = list(page["ResultSet"].get("Rows", []))
        if header is not None and rows and is_header(rows[0], header):
            rows = rows[1:]
        while True:
            for row in rows:
                yield values_of(row, kinds)
            token = page.get("NextToken")
            if not token:
                return
            page = self._page(query_id, token)
            rows = page["ResultSet"].get("Rows", [])

    def _page(self, query_id: str, token: str | None) -> dict[str, Any]:
        more = {"NextToken": token} if token else {}
        with explained("athena", f"query {query_id}"):
            return dict(self._athena.get_query_results(QueryExecutionId=query_id, MaxResults=PAGE, **more))
