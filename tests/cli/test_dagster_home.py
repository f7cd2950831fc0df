"""Logs of commands that run at the same time on one home."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from socialsent_assets.cli.dagster_home import chatter_to


def test_two_builds_at_once_keep_the_lines_of_both(tmp_path: Path) -> None:
    """Prevents a second build that empties the log that has the first one's error."""
    log = tmp_path / "logs" / "materialize.log"
    log.parent.mkdir()
    with log.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        other.write(b"first\n")
        with chatter_to(log):
            os.write(1, b"second\n")
        other.write(b"first again\n")
    assert log.read_bytes() == b"first\nsecond\nfirst again\n"


def test_a_build_begins_its_log_anew(tmp_path: Path) -> None:
    """Prevents a log that grows without limit, and an old error that is read as the new one."""
    log = tmp_path / "logs" / "materialize.log"
    for line in (b"first\n", b"second\n"):
        with chatter_to(log):
            os.write(1, line)
    assert log.read_bytes() == b"second\n"
