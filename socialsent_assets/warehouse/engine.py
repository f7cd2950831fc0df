"""Protocol of a SQL engine, and its results: DuckDB, Athena and Redshift answer alike.

Not here: the engines (duckdb/, athena/, redshift.py), their errors (errors.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

HOURS_TABLE = "lake_hours"  # the mart model that copies analytics/lake_hours, hour by hour


@dataclass(frozen=True)
class QueryResult:
    """Result of a query; rows are Python values, fetched while iterating, once.

    Attributes:
        columns: names, made different from each other (`n`, `n_2`).
        types: the engine's words for them.
        rows: one tuple per row; timestamps are naive and UTC.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class SqlEngine(Protocol):
    """Something that answers one read-only statement: DuckDB on a machine, Athena on AWS."""

    def run(self, sql: str) -> QueryResult:
        """Answer a statement. Raises UserError with the engine's words if it is rejected."""
        ...


def different(names: Iterable[str]) -> Iterator[str]:
    """Column names, a number added to those that repeat an earlier one: `n`, `n_2`."""
    taken: set[str] = set()
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        yield candidate
