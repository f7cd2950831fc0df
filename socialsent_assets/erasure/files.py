"""Reports, logs, Dagster's own records and caches without what is erased.

A report goes as a whole: `socialsent report` writes another. Of a log the lines go, of a database the words.

Not here: the tiers and the warehouse (landing.py, tables.py, warehouse.py).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from socialsent_assets.erasure.needles import Needles, is_word
from socialsent_assets.erasure.traces import Trace

_ERASED = "erased"
_DATABASES = (".db", ".sqlite")
_OPEN_ELSEWHERE = ("-wal", "-shm", "-journal")


def erase_file(path: Path, needles: Sequence[str]) -> str:
    """Take the traces out of one file; what was done, in words, or "" for a file that is not ours to change.

    Raises:
        sqlite3.OperationalError: another process holds the database for half a minute.
    """
    wanted = Needles(one for one in needles if is_word(one))
    if path.name.endswith(_OPEN_ELSEWHERE):
        return "goes with its database"
    if path.suffix in _DATABASES:
        return f"{_erase_sqlite(path, wanted)} values"
    if path.suffix in (".html", ".png", ".json", ".parquet", ".gz") or path.suffix == "":
        path.unlink(missing_ok=True)
        return "removed"
    content = path.read_bytes()
    if b"\0" in content:  # a cache of somebody's own making
        path.unlink(missing_ok=True)
        return "removed"
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not wanted.occur_in(line)]
    path.write_bytes(b"".join(kept))
    return f"{len(lines) - len(kept)} lines"


def in_order(traces: Sequence[Trace]) -> list[Path]:
    """The files of this machine with traces, once each."""
    return list(dict.fromkeys(trace.path for trace in traces if isinstance(trace.path, Path)))


def _erase_sqlite(path: Path, needles: Needles) -> int:
    """Replace the needles in every text of the database by a word, and clear the bytes that they stood in."""
    changed = 0
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        database.create_function("erased", 1, lambda text: needles.replaced(text, _ERASED), deterministic=True)
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for _, column, kind, *_ in database.execute(f'pragma table_info("{table}")').fetchall():
                if "INT" in kind.upper():
                    continue
                cursor = database.execute(
                    f'update "{table}" set "{column}" = erased("{column}") '  # noqa: S608 - catalog names
                    f'where typeof("{column}") = \'text\' and erased("{column}") <> "{column}"'
                )
                changed += cursor.rowcount
        database.commit()
        database.execute("vacuum")
        database.execute("pragma wal_checkpoint(truncate)")
    return changed
