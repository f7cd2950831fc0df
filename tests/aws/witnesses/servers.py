"""Servers that other people wrote, on a free port of this machine, for the length of a `with` block.

`make witnesses` installs them into build/witnesses; where one is missing, the test that wants it skips and reports
so.

Not here: what is run against them (the tests beside this file).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.node import installed_node
from tests.infra.synthesized import ROOT

HOME = ROOT / "build" / "witnesses"


def needed(path: Path) -> Path:
    """The installed file or folder; skips the test where it is missing."""
    if not path.exists():
        pytest.skip(f"{path.name} is not installed on this machine: make witnesses")
    return path


@contextmanager
def kinesis() -> Iterator[str]:
    """Address of a kinesalite, which keeps its streams in memory."""
    needed(HOME / "node_modules" / "kinesalite")
    script = ROOT / "tests" / "witnesses" / "kinesis.js"
    command = [str(installed_node() or "node"), str(script), str(HOME)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            assert port.isdigit(), f"kinesalite did not start: {port}"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
