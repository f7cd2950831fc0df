"""The few spellings of Redshift that PostgreSQL's grammar lacks, respelled; everything else passes as it is.

What is taken away here is not tested by anything that runs behind it: physical design (DISTSTYLE, DISTKEY, SORTKEY,
BACKUP), late binding (views bind when created), external schemas (an ordinary schema replaces one). PostgreSQL also
accepts more than Redshift does: tests/marts/redshift_lint.py looks at the statements themselves.

Not here: the protocol (wire.py), functions that only have to be defined (functions.sql).
"""

from __future__ import annotations

import re

_FLAGS = re.IGNORECASE | re.DOTALL
_COMMENTS = r"\A(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_CREATE_TABLE = re.compile(_COMMENTS + r"create\s+(?:(?:temporary|temp)\s+)?table\b", _FLAGS)
_PHYSICAL = re.compile(
    r"\b(?:backup\s+(?:yes|no)|diststyle\s+(?:all|even|key|auto)|distkey\s*\([^)]*\)"
    r"|(?:(?:compound|interleaved)\s+)?sortkey\s*(?:auto|\([^)]*\)))",
    _FLAGS,
)
_LATE_BINDING = re.compile(r"\bwith\s+no\s+schema\s+binding\b\s*;?\s*\Z", _FLAGS)
_DATE_PART = re.compile(r"\b(dateadd|datediff)\s*\(\s*([a-z]+)\s*,", _FLAGS)
_EXTERNAL_SCHEMA = re.compile(_COMMENTS + r"create\s+external\s+schema\s+(if\s+not\s+exists\s+\S+)\s+from\b", _FLAGS)
# Parameters of a Redshift session. PostgreSQL takes any name with a dot, and SHOW gives it back.
_SESSION = re.compile(_COMMENTS + r"set\s+(json_serialization_enable|query_group)\s+to\b", _FLAGS)


def for_postgres(sql: str) -> str:
    """The statement as PostgreSQL understands it.

    >>> for_postgres("create table t diststyle key distkey (a) as (select 'diststyle all' as a)")
    "create table t   as (select 'diststyle all' as a)"
    >>> for_postgres("set json_serialization_enable to true")
    'set redshift.json_serialization_enable to true'
    """
    if schema := _EXTERNAL_SCHEMA.match(sql):
        return f"create schema {schema[1]}"
    if session := _SESSION.match(sql):
        return f"{sql[: session.start(1)]}redshift.{sql[session.start(1) :]}"
    if _CREATE_TABLE.match(sql):
        head, *query = re.split(r"(\bas\s*\()", sql, maxsplit=1, flags=_FLAGS)
        sql = _PHYSICAL.sub("", head) + "".join(query)
    sql = _LATE_BINDING.sub("", sql)
    return _DATE_PART.sub(r"\1('\2',", sql)
