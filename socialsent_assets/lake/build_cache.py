"""Cache of the build state beside a SQLite catalog, valid while no table's pointer has moved.

`socialsent status` and a second `materialize` have nothing to read but one small file then, and import neither
pyiceberg nor SQLAlchemy, which take longer than everything else that they do.

Not here: what is cached (builds.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.tables import TABLES, Table
from socialsent_assets.lake.iceberg.catalog import CatalogError
from socialsent_assets.lake.iceberg.schema import is_elsewhere

if TYPE_CHECKING:
    from socialsent_assets.lake.lake import Lake

Pointers = Mapping[str, str]
"""Table (`cleansed.posts`) -> address of its current metadata."""

_FORMAT = 4
_NAME = ".builds.json"
_BUSY_S = 30


def pointers_of(lake: Lake) -> dict[str, str]:
    """Pointers of the lake's tables; {} while there is no table.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    file = lake.catalog.file
    if file is None:
        return _remote_pointers(lake)
    if not file.exists():
        return {}
    namespaces = {lake.catalog.cleansed: "cleansed", lake.catalog.analytics: "analytics"}
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=_BUSY_S)) as database:
            rows = database.execute(
                "select table_namespace, table_name, metadata_location from iceberg_tables"
            ).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return {}
        raise _unusable(file, error) from error
    except sqlite3.DatabaseError as error:
        raise _unusable(file, error) from error
    known: dict[tuple[str, str], Table] = {(table.tier, table.name): table for table in TABLES}
    found = {(namespaces.get(namespace, ""), name): address for namespace, name, address in rows}
    return {
        f"{tier}.{name}": address
        for (tier, name), address in found.items()
        if (table := known.get((tier, name)))
        and _is_there(address)
        and not is_elsewhere(address, lake.tier(tier).uri, table)
    }


def kept_state(lake: Lake, pointers: Pointers) -> Any | None:
    """What was kept for exactly these pointers; None if nothing, or nothing that can be read."""
    file = _file(lake)
    if file is None:
        return None
    try:
        content = json.loads(file.read_bytes())
        fits = content["format"] == _FORMAT and content["pointers"] == dict(pointers)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content["state"] if fits else None


def keep_state(lake: Lake, pointers: Pointers, state: Mapping[str, Any]) -> None:
    """Keep a state; nothing happens where it cannot be kept, because it is a cache."""
    file = _file(lake)
    if file is None:
        return
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(prefix=".builds-", dir=file.parent)
        with os.fdopen(handle, "w") as written:
            json.dump({"format": _FORMAT, "pointers": dict(pointers), "state": dict(state)}, written)
        os.replace(temporary, file)


def _is_there(address: str) -> bool:
    """False where a table's folder was removed and the catalog left."""
    return not address.startswith("file:") or Path(address.removeprefix("file://")).is_file()


def _remote_pointers(lake: Lake) -> dict[str, str]:
    from socialsent_assets.lake.iceberg.catalog import open_catalog, translate_errors

    catalog: Any = open_catalog(lake.catalog)
    pointer = _glue_pointer if lake.catalog.kind == "glue" else _rest_pointer
    with translate_errors(lake.catalog):
        found = {f"{table.tier}.{table.name}": pointer(catalog, *lake.catalog.identifier(table)) for table in TABLES}
    return {name: address for name, address in found.items() if address is not None}


def _glue_pointer(catalog: Any, database: str, name: str) -> str | None:
    """By one call of Glue: pyiceberg's `load_table` would read the table's metadata from S3 as well."""
    try:
        table = catalog.glue.get_table(DatabaseName=database, Name=name)["Table"]
    except catalog.glue.exceptions.EntityNotFoundException:
        return None
    return str(table["Parameters"]["metadata_location"])


def _rest_pointer(catalog: Any, namespace: str, name: str) -> str | None:
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return str(catalog.load_table((namespace, name)).metadata_location)
    except NoSuchTableError:
        return None


def _file(lake: Lake) -> Path | None:
    return None if lake.catalog.file is None else lake.catalog.file.with_name(_NAME)


def _unusable(file: Path, error: sqlite3.DatabaseError) -> CatalogError:
    return CatalogError(
        f"{file} cannot be used as a catalog ({error}): move it away and run `socialsent materialize`, "
        "which builds every table again from landing"
    )
