"""Children of `socialsent ui`: stopping means that nothing of the family is left."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from socialsent_assets.cli.supervisor import Child, earlier, start, stop_all
from socialsent_assets.lake.storage.file_lock import BusyError, exclusive

# A child that ignores INT and TERM, with a grandchild that does too.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "grandchild"])
print("ready", flush=True)
time.sleep(600)
"""
POLITE = """
import signal, time
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("tidied up", flush=True)
"""

# A supervisor that holds a lock and starts one child, which it hands the lock.
SUPERVISOR = """
import sys
from pathlib import Path
from rich.console import Console
from socialsent_assets.cli.supervisor import start
from socialsent_assets.lake.storage.file_lock import exclusive
folder = Path(sys.argv[1])
with exclusive(folder / "lock") as lock:
    child = start("child", [sys.executable, folder / "child.py"], folder / "log", Console(stderr=True), lock=lock)
    print(child.process.pid, flush=True)
    child.process.wait()
"""

# A child that starts another process while it is being stopped, and leaves it behind.
LATE = """
import subprocess, sys, time
print("ready", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
"""


def started(tmp_path: Path, program: str, lines: int) -> Child:
    """A child that has printed that many lines."""
    script = tmp_path / "child.py"
    script.write_text(program)
    child = start("child", [sys.executable, str(script)], tmp_path / "child.log", Console(file=io.StringIO()))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and child.log_lines() < lines:
        threading.Event().wait(0.02)
    return child


def test_a_child_is_interrupted_and_may_tidy_up(tmp_path: Path) -> None:
    """Prevents servers that inherit an ignored SIGINT from a background script and never stop."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = started(tmp_path, POLITE, lines=1)
    finally:
        signal.signal(signal.SIGINT, before)
    stop_all([child])
    assert child.process.returncode == 0
    assert child.log.read_text().split("\n")[:2] == ["True", "tidied up"]


def test_a_family_that_ignores_every_signal_is_killed(tmp_path: Path) -> None:
    """Prevents run workers and JVMs that live on after Ctrl-C."""
    child = started(tmp_path, STUBBORN, lines=2)
    family = psutil.Process(child.process.pid).children(recursive=True)
    assert family
    stop_all([child], patience_s=0.2)
    assert not child.is_alive
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


def test_a_process_started_during_the_stop_is_stopped_too(tmp_path: Path) -> None:
    """Prevents the JVM of a run that was just starting from surviving as an orphan."""
    child = started(tmp_path, LATE, lines=1)
    stop_all([child])
    left_behind = int(child.log.read_text().split()[-1])
    assert not psutil.pid_exists(left_behind) or psutil.Process(left_behind).status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's own")
def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    """Prevents a daemon and a feed without a supervisor, beside those of the next start."""
    child = killed_supervisor(tmp_path, POLITE)
    child.wait(timeout=60)


def test_nobody_gets_the_lock_while_a_child_of_a_killed_supervisor_lives(tmp_path: Path) -> None:
    """Prevents two daemons on one home."""
    child = killed_supervisor(tmp_path, STUBBORN.replace("len(sys.argv) == 1", "False"))
    with pytest.raises(BusyError), exclusive(tmp_path / "lock"):
        pass
    child.kill()
    child.wait(timeout=60)
    with exclusive(tmp_path / "lock", patience_s=60):
        pass


def killed_supervisor(folder: Path, program: str) -> psutil.Process:
    """Kill -9 a supervisor as soon as its child is ready; the child."""
    ready = folder / "ready"
    os.mkfifo(ready)
    (folder / "child.py").write_text(
        program.replace("flush=True)", f"file=open({str(ready)!r}, 'w'), flush=True)", 1)
    )
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(folder)], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = psutil.Process(int(supervisor.stdout.readline()))
        ready.read_text()  # waits for the child
        supervisor.kill()
    return child


def test_a_log_begins_anew_at_its_limit_and_keeps_the_part_before(tmp_path: Path) -> None:
    """Prevents a log of `make ui` that grows by 150 MB a day until the disk is full."""
    script = "for number in range(100): print(f'line {number:4}')"
    log = tmp_path / "log"
    child = start("child", [sys.executable, "-c", script], log, Console(file=io.StringIO()), log_bytes=200)
    child.process.wait()
    for thread in threading.enumerate():
        if thread.name == "child-log":
            thread.join(timeout=30)
    assert earlier(log).stat().st_size <= 200
    text = earlier(log).read_text() + log.read_text()
    assert text.splitlines() == [f"line {number:4}" for number in range(60, 100)]
