"""Locks that only running processes hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from socialsent_assets.lake.storage.file_lock import BusyError, exclusive, shared

HOLDER = """
import sys
from pathlib import Path
from socialsent_assets.lake.storage.file_lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """Prevents two writers of one hour."""
    with exclusive(tmp_path / "lock"), pytest.raises(BusyError, match="process"), exclusive(tmp_path / "lock"):
        pass
    with exclusive(tmp_path / "lock"):
        pass


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    """Prevents kill -9 from blocking every later run."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BusyError), exclusive(tmp_path / "lock"):
        pass
    holder.kill()
    holder.wait()
    with exclusive(tmp_path / "lock"):
        pass


def test_a_shared_lock_keeps_out_only_those_who_want_it_alone(tmp_path: Path) -> None:
    """Prevents builds that refuse each other, and an erasure beside a build."""
    lock = tmp_path / "lock"
    with shared(lock), shared(lock), pytest.raises(BusyError), exclusive(lock):
        pass
    with exclusive(lock), pytest.raises(BusyError), shared(lock):
        pass
