"""Advisory file locks (`flock`). The kernel releases them when the process exits.

A lock file stays behind and means nothing by itself; only a running process can hold it.

They know nothing of other machines, so the lake needs none of them: its runs publish in turns (lake/turns.py).

Not here: what is written under a lock (lake/iceberg/commit.py, warehouse/duckdb/rebuild.py), limits of
Dagster's run queue (dagster.yaml): those order whole runs, these protect single writes from every kind of process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_RETRY_S = 0.1


class BusyError(RuntimeError):
    """Another process of this machine holds the lock; the message names it."""


@contextlib.contextmanager
def exclusive(path: Path, patience_s: float = 0.0, on_wait: Callable[[str], None] | None = None) -> Iterator[int]:
    """Be the only holder of the lock file `path`, waiting up to `patience_s` seconds for the others.

    `on_wait` is called once, with the holder in words, if there is something to wait for.

    Yields the lock's file descriptor: a child process that inherits it holds the lock for as long as it lives.

    Raises:
        BusyError: it was still held after that time.
    """
    with _held(path, patience_s, on_wait, fcntl.LOCK_EX) as handle:
        yield handle


@contextlib.contextmanager
def shared(path: Path, patience_s: float = 0.0) -> Iterator[int]:
    """Hold the lock file `path` together with others that share it; only `exclusive` holders keep out, and are kept.

    Yields as `exclusive`.

    Raises:
        BusyError: an exclusive holder had it for `patience_s` seconds.
    """
    with _held(path, patience_s, None, fcntl.LOCK_SH) as handle:
        yield handle


@contextlib.contextmanager
def _held(path: Path, patience_s: float, on_wait: Callable[[str], None] | None, kind: int) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, patience_s, on_wait, kind)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)  # frees the lock, unless a child that was given the descriptor still has it


def _take(handle: int, patience_s: float, on_wait: Callable[[str], None] | None, kind: int) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(f"busy: {_holder(handle)}") from None
            if on_wait is not None:
                on_wait(_holder(handle))
                on_wait = None
            time.sleep(_RETRY_S)
        else:
            return


def _holder(handle: int) -> str:
    written = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    return f"process {written} holds it" if written.isdigit() else "another process holds it"
