"""Reports, logs, Dagster's own records and caches without what is erased.

A report goes as a whole: `socialsent report` writes another. Of a log the lines go, of a database the words.

Not here: the tiers and the warehouse (landing.py, tables.py, warehouse.py).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from socialsent_assets.erasure.traces import Trace, holds

_ERASED = "erased"
_DATABASES = (".db", ".sqlite")
_OPEN_ELSEWHERE = ("-wal", "-shm", "-journal")


def erase_file(path: Path, needles: Sequence[str]) -> str:
    """Take the traces out of one file; what was done, in words, or "" for a file that is not ours to change.

    Raises:
        sqlite3.OperationalError: another process holds the database for half a minute.
    """
    if path.name.endswith(_OPEN_ELSEWHERE):
        return "goes with its database"
    if path.suffix in _DATABASES:
        return f"{_erase_sqlite(path, needles)} values"
    if path.suffix in (".html", ".png", ".json", ".parquet", ".gz") or path.suffix == "":
        path.unlink(missing_ok=True)
        return "removed"
    content = path.read_bytes()
    if b"\0" in content:  # a cache of somebody's own making
        path.unlink(missing_ok=True)
        return "removed"
    spelled = [needle.encode("utf-8", "surrogatepass") for needle in needles]
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not any(holds(line, one) for one in spelled)]
    path.write_bytes(b"".join(kept))
    return f"{len(lines) - len(kept)} lines"


def in_order(traces: Sequence[Trace]) -> list[Path]:
    """The files of traces, once each."""
    return list(dict.fromkeys(trace.path for trace in traces))


def _erase_sqlite(path: Path, needles: Sequence[str]) -> int:
    """Replace the needles in every text of the database by a word, and clear the bytes that they stood in."""
    changed = 0
    spellings = {json.dumps(needle)[1:-1] for needle in needles} | set(needles)
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for _, column, kind, *_ in database.execute(f'pragma table_info("{table}")').fetchall():
                if "INT" in kind.upper():
                    continue
                for needle in spellings:
                    cursor = database.execute(
                        f'update "{table}" set "{column}" = replace("{column}", ?, ?) '  # noqa: S608 - catalog names
                        f'where typeof("{column}") = \'text\' and instr("{column}", ?) > 0',
                        [needle, _ERASED, needle],
                    )
                    changed += cursor.rowcount
        database.commit()
        database.execute("vacuum")
        database.execute("pragma wal_checkpoint(truncate)")
    return changed
