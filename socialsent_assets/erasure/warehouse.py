"""The DuckDB warehouse without what is erased: rows that only remember, and then the bytes of the file itself.

DuckDB frees the blocks of deleted rows without clearing them, so the whole database is copied into a new file, which
takes the place of the old one in one step.

Not here: the marts, which dbt has built again from the lake.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.erasure import ErasedIds, names_erased
from socialsent_assets.erasure.request import ErasureRequest
from socialsent_assets.warehouse.dbt.environment import ARTIFACTS
from socialsent_assets.warehouse.duckdb.database import reading
from socialsent_assets.warehouse.duckdb.rebuild import copy_of, publish, rebuilding

if TYPE_CHECKING:
    import duckdb

# Tables that remember ids whatever the lake holds now: column -> the name of the event field that it came from.
_MEMORIES = {
    "staging.int_event_keys": {
        "entity_id": "subject_id",
        "post_id": "post_id",
        "user_id": "user_id",
        "other_user_id": "target_user_id",
    },
}
_OWN = """
    select entity_id from staging.int_event_keys
    where event_kind in ('post', 'comment', 'interaction') and user_id in (select unnest(?))
"""
_NEEDLESS = """
    from staging.int_event_keys as keys
    where event_hour in (select event_hour from main.lake_hours) and not exists (
        select 1 from (
            select event_hour, 'post' as kind, post_id as id from staging.int_post_versions
            union all select event_hour, 'comment', comment_id from staging.int_comment_versions
            union all select event_hour, 'interaction', interaction_id from staging.int_interaction_versions
            union all select event_hour, 'user', user_id from staging.int_user_versions
            union all select event_hour, 'deletion', subject_id from staging.int_deletion_versions
            union all select event_hour, 'moderation_label', subject_id from staging.int_moderation_label_versions
        ) as held
        where held.event_hour = keys.event_hour and held.kind = keys.event_kind and held.id = keys.entity_id
    )
"""


def own_texts(path: Path, ids: ErasedIds) -> ErasedIds:
    """The ids with the texts and interactions that the marts remember of these persons."""
    import duckdb

    try:
        with reading(path) as connection:
            rows = connection.execute(_OWN, [sorted(ids.users)]).fetchall()
    except (FileNotFoundError, duckdb.CatalogException):
        return ids
    return ErasedIds(ids.users, ids.texts | {identity for (identity,) in rows if identity})


def erase_warehouse(path: Path, request: ErasureRequest) -> int:
    """Rows forgotten; the file is another one afterwards. Safe to repeat; readers and builds wait.

    Raises:
        WarehouseBusyError: builds held the file for an hour.
    """
    if not path.is_file():
        return 0
    return _written_anew(
        path,
        lambda warehouse: sum(
            _forget(warehouse, table, columns, request.ids) for table, columns in _MEMORIES.items()
        ),
    )


def forget_keys(path: Path) -> int:
    """Remembered keys that no build needs any more: of hours that are built, and whose events are in no table now.

    They are kept so that a build finds the rows which an event made that has vanished; once the hour is built there
    are none. Safe to repeat.

    Raises:
        WarehouseBusyError: builds held the file for an hour.
    """
    import duckdb

    try:
        with reading(path) as connection:
            row = connection.execute(f"select count(*) {_NEEDLESS}").fetchone()
    except (FileNotFoundError, duckdb.CatalogException):
        return 0
    if row is None or not row[0]:
        return 0
    return _written_anew(path, lambda warehouse: _rows(warehouse.execute(f"delete {_NEEDLESS}")))


def _written_anew(path: Path, change: Callable[[duckdb.DuckDBPyConnection], int]) -> int:
    """Rows that `change` took out of a copy of the file, which then takes its place without their bytes."""
    import duckdb

    copy = copy_of(path, path.absolute().parent / ARTIFACTS)
    fresh = copy.with_name(f".{copy.name}.erasing")
    with rebuilding(path, copy):
        fresh.unlink(missing_ok=True)
        with duckdb.connect(str(copy)) as connection:
            forgotten = change(connection)
        with duckdb.connect() as connection:
            connection.execute("set enable_progress_bar = false")  # it would go to the output of the command
            # Views name their tables with the name of the database, which is that of the file.
            connection.execute(f"attach '{_quoted(copy)}' as \"{path.stem}\"")
            connection.execute(f"attach '{_quoted(fresh)}' as erased")
            connection.execute(f'copy from database "{path.stem}" to erased')
        os.replace(fresh, copy)
        publish(copy, path)
    return forgotten


def _forget(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], ids: ErasedIds) -> int:
    import pyarrow as pa

    schema, _, name = table.partition(".")
    found = connection.execute(
        "select column_name from information_schema.columns where table_schema = ? and table_name = ?", [schema, name]
    ).fetchall()
    known = {column for (column,) in found}
    forgotten = 0
    for column, field_name in columns.items():
        if column not in known:
            continue
        values = connection.execute(
            f"select distinct {column} from {table} where {column} is not null"  # noqa: S608 - names of our own
        ).fetchall()
        gone = [value for (value,) in values if names_erased(field_name, value, ids)]
        if not gone:
            continue
        connection.register("gone", pa.table({"id": pa.array(gone, pa.string())}))
        forgotten += _rows(connection.execute(f"delete from {table} where {column} in (select id from gone)"))  # noqa: S608
        connection.unregister("gone")
    return forgotten


def _rows(deleted: duckdb.DuckDBPyConnection) -> int:
    row = deleted.fetchone()
    return int(row[0]) if row else 0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
