"""Servers that other people wrote, on a free port of this machine, for the length of a `with` block.

`make witnesses` installs them into build/witnesses; where one is missing, the test that wants it skips and reports
so.

Not here: what is run against them (the tests beside this file).
"""

from __future__ import annotations

import socket
import subprocess
import time
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


S3_KEY, S3_SECRET = "witness", "witness-secret"


@contextmanager
def s3(folder: Path) -> Iterator[str]:
    """Address of a VersityGW, which keeps objects and their versions below `folder` and checks every signature."""
    program = needed(HOME / "versitygw")
    objects, versions = folder / "objects", folder / "versions"
    for place in (objects, versions):
        place.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    own = ["--access", S3_KEY, "--secret", S3_SECRET, "--region", "eu-central-1", "--port", address, "--quiet"]
    command = [str(program), *own, "posix", "--versioning-dir", str(versions), str(objects)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _await_port(server, address)
            yield f"http://{address}"
        finally:
            server.terminate()


def _await_port(server: subprocess.Popen[bytes], address: str, within_s: float = 60.0) -> None:
    host, _, port = address.partition(":")
    until = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert server.poll() is None, f"{server.args!r} ended with {server.returncode}"
            assert time.monotonic() < until, f"{server.args!r} does not answer"
            time.sleep(0.05)
        else:
            return
