"""Child processes of a supervisor: started so that they can be stopped, stopped with all their descendants; their
logs, which never outgrow a limit.

Not here: which children there are (ui.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from rich.console import Console
from rich.text import Text

PATIENCE_S = 20.0
EVERY_LINE = re.compile("")
LOG_BYTES = 20_000_000
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before a fork, where little is allowed


@dataclass(frozen=True)
class Child:
    """A running child; its output goes to `log`, and selected lines also go to the terminal.

    A log that reached its limit is `earlier(log)`, and `log` holds what came after it.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def log_lines(self) -> int:
        """Number of lines that it has printed so far."""
        return self.log.read_bytes().count(b"\n") if self.log.is_file() else 0


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    console: Console,
    shown: re.Pattern[str] = EVERY_LINE,
    lock: int | None = None,
    log_bytes: int = LOG_BYTES,
) -> Child:
    """Start a child; all its output goes to `log`, and lines that match `shown` to the terminal.

    Of a log that reaches `log_bytes` the earlier part is kept beside it, and what was there is deleted: Dagster
    prints 100 kB for each refresh, which is 150 MB for a day of minute runs.

    It is started in a session of its own, so that Ctrl-C reaches it through us alone and in order.

    SIGINT and SIGTERM are set back to their defaults: started from a script in the background they would be
    ignored, Dagster would inherit that, and nothing but SIGKILL would stop it.

    On Linux a child is interrupted when we are killed. It inherits `lock`, the descriptor of a lock that we hold, so
    nobody else gets the lock while it still lives.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=functools.partial(_prepare_child, os.getpid()),
        pass_fds=() if lock is None else (lock,),
    )
    assert process.stdout is not None  # noqa: S101 - stdout=PIPE was passed
    reader = threading.Thread(
        target=_relay, args=(name, process.stdout, log, console, shown, log_bytes), name=f"{name}-log", daemon=True
    )
    reader.start()
    return Child(name, process, log)


def stop_all(children: Sequence[Child], patience_s: float = PATIENCE_S) -> None:
    """Ask every child to end, last started first, wait, then kill whatever is left of their families."""
    for child in reversed(children):
        if child.is_alive:
            child.process.send_signal(signal.SIGINT)
    for child in children:
        try:
            child.process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    _end([member for child in children for member in family(child)])


def family(child: Child) -> list[psutil.Process]:
    """Every process of the child's session, whatever its parent is now.

    Not its descendants: a run that starts its JVM while it is being stopped leaves an orphan without a parent.
    """
    return [process for process in psutil.process_iter() if _session(process.pid) == child.process.pid]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _end(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=2.0)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=5.0)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5.0)


def _prepare_child(parent: int) -> None:
    """Between fork and exec."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:  # it was killed before we asked to be told
            os._exit(1)


def earlier(log: Path) -> Path:
    """Where the part of a log is kept that reached the limit last."""
    return log.with_name(f"{log.name}.1")


def _relay(name: str, stream: IO[bytes], log: Path, console: Console, shown: re.Pattern[str], log_bytes: int) -> None:
    file = log.open("wb")
    try:
        for raw in stream:
            if file.tell() + len(raw) > log_bytes and file.tell():
                file.close()
                log.replace(earlier(log))
                file = log.open("wb")
            file.write(raw)
            file.flush()
            line = raw.decode("utf-8", "replace").rstrip()
            if shown.search(line):
                console.print(Text.assemble((f"{name:8}", "dim"), line), soft_wrap=True)
    finally:
        file.close()
