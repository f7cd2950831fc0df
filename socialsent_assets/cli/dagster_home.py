"""Dagster's own folder under `$SOCIALSENT_HOME`, and where the chatter of a run goes.

Not here: what runs (graph_run.py), servers (ui.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from socialsent_assets.settings import PROJECT_ROOT, Settings

INSTANCE_FILE = "dagster.yaml"


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the folder, put dagster.yaml there once, and point this process and its children at it."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    target = home / INSTANCE_FILE
    if not target.exists():
        whole = target.with_name(f".{INSTANCE_FILE}.{os.getpid()}")  # another process must not read half of it
        shutil.copyfile(PROJECT_ROOT / INSTANCE_FILE, whole)
        whole.replace(target)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["SOCIALSENT_HOME"] = str(settings.home)  # children may start in another folder
    return home


@contextlib.contextmanager
def chatter_to(log: Path) -> Iterator[TextIO]:
    """Send everything that this process and its children print to a file; yields the real standard output.

    Spark's JVM, dbt and Dagster write to the file descriptors themselves, so those are what is exchanged. The file
    begins anew, unless another command is writing it: then the lines of both are in it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    terminal = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    with log.open("ab") as file:
        _begin_anew(file)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        os.close(saved[0])
        os.close(saved[1])
        terminal.close()


def _begin_anew(log: BinaryIO) -> None:
    """Empty a log that nobody else writes, and hold it as one of its writers until it is closed."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        log.truncate(0)
    fcntl.flock(log, fcntl.LOCK_SH)
