"""The peak memory that `run` prints counts what it started."""

from __future__ import annotations

import subprocess
import sys

from socialsent_assets.cli.memory import LOOKS_PER_SEARCH, Family

HOLD_100_MB = "import sys; held = b'x' * 100_000_000; print('ready', flush=True); sys.stdin.read()"


def test_a_child_counts_from_the_next_search_and_no_more_when_it_has_ended() -> None:
    """Prevents a peak without the JVM and dbt, which are most of it, and an error when one of them ends."""
    family = Family()
    alone = family.memory_gb()
    child = subprocess.Popen([sys.executable, "-c", HOLD_100_MB], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    looks = [family.memory_gb() for _ in range(LOOKS_PER_SEARCH)]
    child.communicate()
    assert max(looks) > alone + 0.09
    assert family.memory_gb() < alone + 0.09
