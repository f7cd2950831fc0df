"""Column lineage of the dbt models, parsed from their SQL.

Columns are followed through what is selected, not through filters, joins and groupings; so a plain `count(*)` has
no lineage, and a constant that exists for a table ('post' as what) adds nothing.

Not here: making the SQL (compile.py), when (manifest.py), how Dagster shows it (defs/marts.py).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.lineage import Node

Columns = dict[str, list[tuple[str, str]]]
"""Column -> the pairs (dbt unique_id of a parent, its column) that it is computed from; none for a constant."""
Lineage = dict[str, Columns]
"""dbt unique_id -> its columns. Parents are models and sources that are tables or views."""

_log = logging.getLogger(__name__)
_DIALECT = "duckdb"


def column_lineage(manifest: Mapping[str, Any]) -> Lineage:
    """Lineage of every model that exists as a table or a view.

    A model whose SQL cannot be resolved is left out and named in the debug log.

    Args:
        manifest: dbt's manifest with compiled code (dbt_compile.compiled_manifest).
    """
    nodes = {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }
    tables = _tables(manifest["sources"], nodes)
    columns_of = {unique_id: list(node["columns"]) for unique_id, node in nodes.items()}
    columns_of |= {unique_id: list(node["columns"]) for unique_id, node in manifest["sources"].items()}
    lineage: Lineage = {}
    for unique_id in _parents_first(nodes):
        try:
            found = _columns_of_query(nodes[unique_id]["compiled_code"], tables, columns_of)
        except Exception as error:  # noqa: BLE001 - sqlglot fails in many ways, and a picture is never worth a run
            _log.debug("no column lineage of %s: %s", unique_id, error)
            continue
        columns_of[unique_id] = list(found) or columns_of[unique_id]
        lineage[unique_id] = found
    return lineage


def _parents_first(nodes: Mapping[str, Any]) -> Iterator[str]:
    order = TopologicalSorter({unique_id: node["depends_on"]["nodes"] for unique_id, node in nodes.items()})
    return (unique_id for unique_id in order.static_order() if unique_id in nodes)


def _tables(sources: Mapping[str, Any], nodes: Mapping[str, Any]) -> dict[str, str]:
    """Name of a table in SQL (`database.schema.name`) -> its unique_id."""
    known = {**nodes, **sources}
    names = {unique_id: node.get("relation_name") for unique_id, node in known.items()}
    return {name.replace('"', ""): unique_id for unique_id, name in names.items() if name}


def _columns_of_query(sql: str, tables: Mapping[str, str], columns_of: Mapping[str, list[str]]) -> Columns:
    from sqlglot import parse_one
    from sqlglot.lineage import lineage

    query = parse_one(sql, dialect=_DIALECT).transform(_named_by_unique_id, tables)
    # The types do not matter here; the quotes keep the dots in a unique_id from being read as a path.
    # sqlglot rejects a schema in which any table has no columns.
    schema = {f'"{unique_id}"': dict.fromkeys(names, "text") for unique_id, names in columns_of.items() if names}
    roots = lineage(None, query, schema, dialect=_DIALECT, copy=False, trim_selects=False)
    return {column: sorted(_origins(root)) for column, root in roots.items()}


def _named_by_unique_id(part: exp.Expression, tables: Mapping[str, str]) -> exp.Expression:
    """A table of SQL under its unique_id; CTEs and every other part of the query as they are."""
    from sqlglot import exp

    if not isinstance(part, exp.Table):
        return part
    unique_id = tables.get(_name_in_sql(part))
    if unique_id is None:
        return part
    alias = part.args.get("alias") or exp.TableAlias(this=exp.to_identifier(part.name))
    return exp.Table(this=exp.to_identifier(unique_id, quoted=True), alias=alias)


def _name_in_sql(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts)


def _origins(root: Node) -> set[tuple[str, str]]:
    """The columns of tables at the far end of a column's lineage; constants and counted rows are none."""
    from sqlglot import exp

    return {
        (node.expression.name, exp.to_column(node.name).name)
        for node in root.walk()
        if isinstance(node.expression, exp.Table) and not node.downstream
    }


def write_lineage(path: Path, lineage: Lineage) -> None:
    """Replace the file as a whole, so that no one reads half of it. Raises OSError."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(lineage, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    unfinished.replace(path)


def read_lineage(path: Path) -> Lineage:
    """What `write_lineage` wrote; {} where nothing was written or it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _log.debug("no column lineage in %s: %s", path, error)
        return {}
    return {
        unique_id: {column: [(parent, origin) for parent, origin in origins] for column, origins in columns.items()}
        for unique_id, columns in content.items()
    }
