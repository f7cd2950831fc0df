"""Builds of the marts in a copy of the warehouse file, shown to readers by one rename.

Readers have the file of the last build that succeeded, for as long as they keep it open; they wait for no writer, and
no writer waits for them. A build that fails or is killed leaves nothing behind but its copy, which the next one
replaces.

Not here: dbt (defs/marts.py), opening the file to read (database.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from socialsent_assets.lake.storage.file_lock import BusyError, exclusive
from socialsent_assets.warehouse.duckdb.database import attach
from socialsent_assets.warehouse.errors import WarehouseBusyError


def copy_of(path: Path, folder: Path) -> Path:
    """Where a build of the warehouse writes: under the same name, for views name their catalog, which is the file."""
    return folder / path.name


@contextlib.contextmanager
def rebuilding(
    path: Path, copy: Path, patience_s: float = 3600.0, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Be the only builder of the warehouse; `copy` is the file to change, gone at the end unless it was published.

    Both have to be on one file system. There is no copy yet where there is no warehouse.

    Raises:
        WarehouseBusyError: another build, or another program that writes the file, took longer than `patience_s`.
        WarehouseDamagedError: the warehouse is no database.
        OSError: there is no room for a copy.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(path.with_name(f"{path.name}.lock"), patience_s, on_wait))
        except BusyError as error:
            raise WarehouseBusyError(f"{path} is being built; try again in a moment") from error
        _remove(copy)  # of a build that was killed
        stack.callback(_remove, copy)
        if path.is_file():
            _copy(path, copy, patience_s)
        yield


def publish(copy: Path, path: Path) -> None:
    """Replace the file with the copy, atomically. Call it within `rebuilding`, while no process has the copy open."""
    import duckdb

    if not copy.is_file():
        return  # nothing was built
    if _log_of(copy).exists():
        with duckdb.connect(str(copy)) as connection:
            connection.execute("checkpoint")
    with copy.open("rb") as written:
        os.fsync(written.fileno())  # or a power cut could leave the name with no content
    # What an earlier writer logged beside the file belongs to the old content: the copy holds it.
    _log_of(path).unlink(missing_ok=True)
    os.replace(copy, path)


def _copy(path: Path, copy: Path, patience_s: float) -> None:
    import duckdb

    with duckdb.connect() as connection:
        attach(connection, path, "held", patience_s)  # keeps other programs from writing meanwhile
        shutil.copyfile(path, copy)
        if _log_of(path).is_file():
            shutil.copyfile(_log_of(path), _log_of(copy))


def _remove(copy: Path) -> None:
    for file in (_log_of(copy), copy):
        file.unlink(missing_ok=True)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")
