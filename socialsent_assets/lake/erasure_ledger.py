"""The ledger of erasures: fingerprints of what was erased, one file per erasure, and the key beside them.

Whoever has both key and ledger can test a guess, and no more. Without the key the ledger is useless: what was
erased would come back when it is sent again. An index beside the folder names its entries, so that a lost one is
noticed.

Whoever consults the ledger and then writes what it lets through (the consumer, `ingest`, cleansing), or writes again
what stands in the tables (scoring, upkeep), shares a lock from the look to the last write (`consulted_ledger`). An
erasure enters its ids and then waits for those who may have looked before (`wait_for_writers`); what they wrote is
there when it searches. A second look after the write would not do: a writer that is killed between the two leaves
what it wrote. The kernel frees a killed writer's lock.

Not here: the rule (domain/events/erasure.py), erasing (erasure/).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, ErasedIds, ErasureLedger, fingerprints
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.lake.storage.file_lock import exclusive, shared

KEY = "key"
INDEX = ".index"
"""Ending of the file beside the folder with the names of the entries that belong in it."""

RETURNING = "returning"
"""In the folder: `in` where a person who was erased may post again."""

WRITERS = ".lock"
"""Ending of the lock file beside the folder that writers share."""

_KEY_BYTES = 32
_PATIENCE_S = 3600.0  # with an ingest of large files
_GATE_PATIENCE_S = 60.0  # an erasure holds the lock for a moment


def ledger_folder(landing: str) -> Path | None:
    """Where the ledger of a lake lies: `erasures` beside its landing tier; None for one in S3, which has none."""
    if landing.startswith("s3://"):
        return None
    return Path(landing.removeprefix("file://").removeprefix("file:")).absolute().parent / "erasures"


def read_ledger(folder: Path | None) -> ErasureLedger:
    """Everything that was erased; nothing where there is no ledger.

    Persons are left out where they may return (`returning`): their texts are in it by ids of their own.

    Raises:
        UserError: the ledger is damaged, or one of its entries or its key is gone.
    """
    if folder is None:
        return NOTHING_ERASED
    files = sorted(folder.glob("*.json"))
    lost = _indexed(folder) - {file.stem for file in files}
    if lost:
        raise UserError(
            f"{folder} lacks {len(lost)} erasures that {_index_of(folder)} names: restore them from a backup; "
            "without them, what was erased would come back"
        )
    if not files:
        return NOTHING_ERASED
    try:
        key = (folder / KEY).read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"{folder} holds erasures but no key: restore {folder / KEY} from a backup; without it, what was erased "
            "would come back"
        ) from None
    found, may_return = set[str](), returning(folder) == "in"
    for file in files:
        try:
            content = json.loads(file.read_bytes())
            known, persons = content["fingerprints"], set(content.get("persons", ()))
            is_whole = file.stem == _name(known) and persons <= set(known)
        except (ValueError, KeyError, TypeError):
            is_whole, known, persons = False, [], set()
        if not is_whole:
            raise UserError(f"{file} was changed or is damaged: restore it from a backup, and run this again")
        found.update(set(known) - persons if may_return else known)
    return ErasureLedger(key, frozenset(found))


@contextlib.contextmanager
def consulted_ledger(folder: Path | None) -> Iterator[ErasureLedger]:
    """The ledger, for a block that writes what it lets through; an erasure waits for the end of the block.

    Raises:
        UserError: as `read_ledger`, or the folder of the lake cannot be written.
    """
    if folder is None:
        yield NOTHING_ERASED
        return
    with contextlib.ExitStack() as stack:
        lock = _lock_of(folder)
        try:
            stack.enter_context(shared(lock, _GATE_PATIENCE_S))
        except OSError as error:
            raise UserError(
                f"{lock} cannot be written ({error.strerror or error}): make {lock.parent} writable, or name another "
                "folder with SOCIALSENT_HOME"
            ) from error
        yield read_ledger(folder)


def wait_for_writers(folder: Path, on_wait: Callable[[str], None] | None = None) -> None:
    """Wait until everybody who may have consulted the ledger without its newest entry has written.

    `on_wait` is called once with the process in words, if there is somebody to wait for.

    Raises:
        BusyError: they wrote for an hour.
    """
    with exclusive(_lock_of(folder), _PATIENCE_S, on_wait):
        pass


def add_to_ledger(folder: Path, ids: ErasedIds, now: datetime, reason: str) -> ErasureLedger:
    """Enter ids; entering them again changes nothing. Raises UserError as `read_ledger`."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / KEY
    if not key_file.exists():
        if any(folder.glob("*.json")):
            read_ledger(folder)  # says that the key is gone
        _write(key_file, secrets.token_bytes(_KEY_BYTES), 0o600, keep=True)
    known = fingerprints(key_file.read_bytes(), ids)
    file = folder / f"{_name(known)}.json"
    if known and not file.exists():
        persons = fingerprints(key_file.read_bytes(), ErasedIds(users=ids.users))
        content = {"erased_at": format_time(now), "reason": reason, "fingerprints": known, "persons": persons}
        _write(file, json.dumps(content, indent=1).encode(), 0o644)
    names = _indexed(folder) | {one.stem for one in folder.glob("*.json")}
    _write(_index_of(folder), "".join(f"{name}\n" for name in sorted(names)).encode(), 0o644)
    return read_ledger(folder)


def returning(folder: Path) -> Literal["in", "out"]:
    """Whether persons who were erased may post again; what they had posted before stays out in either case."""
    try:
        return "in" if (folder / RETURNING).read_text().strip() == "in" else "out"
    except FileNotFoundError:
        return "out"


def set_returning(folder: Path, way: Literal["in", "out"]) -> None:
    """Keep the answer that `returning` gives."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / RETURNING, f"{way}\n".encode(), 0o644)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{WRITERS}")


def _index_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{INDEX}")


def _indexed(folder: Path) -> set[str]:
    try:
        return set(_index_of(folder).read_text().split())
    except FileNotFoundError:
        return set()


def _name(known: list[str]) -> str:
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:16]


def _write(file: Path, content: bytes, mode: int, *, keep: bool = False) -> None:
    """Replace a file in one step; with `keep`, leave one that is there already (another process was first)."""
    handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
            os.fsync(written.fileno())
        os.chmod(temporary, mode)
        if keep:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, file)
        else:
            os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)
