"""Lint over parsed SQL: statements that Redshift rejects or answers differently than PostgreSQL and DuckDB.

A lint and no proof: it knows the constructs below and every function that the project uses, nothing else. Sources:
the Database Developer Guide, "Unsupported PostgreSQL features", "Reserved words", and the pages of the functions.

Not here: the statements (compiled models in test_project_contract.py, the wire in tests/aws/redshift).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

_NODES: dict[type[exp.Expr], str] = {
    exp.Filter: "filter (where …)",
    exp.Array: "an array",
    exp.Bracket: "an element of an array",
    exp.Unnest: "unnest",
    exp.Lateral: "lateral",
    exp.Struct: "a struct",
    exp.TryCast: "try_cast",
    exp.Qualify: "qualify: Redshift has it, the PostgreSQL behind the tests has not",
    exp.NullSafeEQ: "is not distinct from",
    exp.NullSafeNEQ: "is distinct from",
    exp.Interval: "interval: the driver decodes it wrongly",
    exp.Returning: "returning",
    exp.OnConflict: "on conflict",
    exp.Index: "an index",
    exp.Avg: "avg: truncates integers",
    exp.TableSample: "tablesample",
}
_TYPES = {"JSON", "JSONB", "UUID", "ARRAY", "STRUCT", "MAP", "LIST", "UINT", "UBIGINT", "HUGEINT", "SERIAL", "XML"}
_UNBOUNDED = {"VARCHAR", "TEXT", "CHAR", "NVARCHAR"}
# Every function in use; add a new one after reading Redshift's page about it.
_FUNCTIONS = {
    "abs", "chr", "coalesce", "count", "date_trunc", "dateadd", "datediff", "getdate", "lead", "left", "length",
    "max", "md5", "median", "min", "nullif", "octet_length", "replace", "round", "row_number", "substring", "sum",
}  # fmt: skip
_NOT_CALLS = (exp.And, exp.Or, exp.Xor, exp.Case, exp.If, exp.Cast, exp.DPipe, exp.Exists)
_NAMES = {
    "unicodestring": "chr", "timestamptrunc": "date_trunc", "date_add": "dateadd", "current_timestamp": "getdate",
    "date_diff": "datediff", "byte_length": "octet_length", "timestamp_trunc": "date_trunc", "len": "length",
}  # fmt: skip
_RESERVED_WORDS = """
aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials cross
current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag
delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit
false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike
in initially inner intersect interval into is isnull join leading left like limit localtime localtimestamp lun
luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on
only open or order outer overlaps parallel partition percent permissions pivot placing primary raw readratio
recover references rejectlog resort respect restore right select session_user similar snapshot some sysdate
system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns type union unique
unnest unpivot user using verbose wallet when where with without
"""
_RESERVED = set(_RESERVED_WORDS.split())


def complaints(sql: str) -> list[str]:
    """What is wrong with one or more statements on Redshift; [] if nothing is known to be."""
    if "\\" in sql:
        return ["a backslash: in a literal it escapes the next character"]
    found: list[str] = []
    for tree in sqlglot.parse(sql, read="redshift"):
        if tree is None:
            continue
        if isinstance(tree, exp.Command):
            found.append(f"not understood: {sql[:80]}")
        for node in tree.walk():
            found.extend(_of_node(node))
    return found


def _of_node(node: exp.Expr) -> Iterator[str]:
    for kind, words in _NODES.items():
        if isinstance(node, kind):
            yield words
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        yield "distinct on"
    if isinstance(node, exp.DataType):
        yield from _of_type(node)
    if isinstance(node, (exp.Except, exp.Intersect)) and not node.args.get("distinct"):
        yield "except all, intersect all"
    if isinstance(node, exp.Values) and not isinstance(node.parent, exp.Insert):
        yield "values as a table"
    if isinstance(node, exp.Select):
        yield from (f"a literal of no type: {p.sql()}" for p in node.expressions if _is_untyped(p))
    if isinstance(node, exp.Identifier) and not node.quoted and node.this.lower() in _RESERVED:
        yield f"reserved word {node.this}"
    if isinstance(node, exp.Func) and not isinstance(node, _NOT_CALLS):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        if _NAMES.get(name, name) not in _FUNCTIONS:
            yield f"function {name}: not known to be in Redshift"


def _of_type(node: exp.DataType) -> Iterator[str]:
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    if name in _TYPES:
        yield f"type {name}"
    if name in _UNBOUNDED and not node.expressions:
        yield f"{name.lower()} of no length: 256 bytes, or one"


def _is_untyped(projection: exp.Expr) -> bool:
    """A text or null without a type, which Redshift cannot always compare, join or unite with a typed one."""
    value = projection.unalias()
    return isinstance(value, exp.Null) or (isinstance(value, exp.Literal) and value.is_string)


_NODE_OF = re.compile(r'"node_id": "([^"]+)"')
_OF_THE_ADAPTER = re.compile(r"\b(?:pg_\w+|svv_\w+|information_schema)\b", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def statements_of_nodes(statements: list[str]) -> Iterator[tuple[str, str]]:
    """(node, statement without its comment) of those that models, tests and hooks of the project sent.

    Left out: dbt's queries on the catalog, and unit tests, whose fixtures are dbt's own SQL.
    """
    for statement in statements:
        node = _NODE_OF.search(statement)
        if node and not node[1].startswith("unit_test.") and not _OF_THE_ADAPTER.search(statement):
            yield node[1], _COMMENT.sub("", statement)
