"""A real PostgreSQL of this test session, out of the wheel `pgserver`: a folder in /tmp and a Unix socket.

`pgserver.get_server` would do as much, but as root it makes a system user and opens the folders above its own to
everybody. Here root runs a copy of the binaries as an unprivileged user, and nothing is left behind.

Not here: what makes it look like Redshift (wire.py, dialect.py, catalog.sql, functions.sql).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER, USER, PASSWORD, DATABASE = "postgres", "socialsent", "a-test-password", "socialsent"
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "timezone": "UTC",
    # What redshift_connector's SCRAM does not speak, MD5 does; passwords are checked for real.
    "password_encryption": "md5",
}
_WHO_MAY_CONNECT = f"local all {SUPERUSER} trust\nlocal all all md5\n"


@dataclass(frozen=True)
class Postgres:
    """A running server; its socket has the name that clients make of folder and port 5432."""

    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    def connect(self, database: str = DATABASE, user: str = SUPERUSER) -> psycopg.Connection[Any]:
        """A connection of its superuser, past the shim; every statement commits by itself."""
        return psycopg.connect(host=str(self.folder), dbname=database, user=user, autocommit=True)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with one database, owned by an ordinary user with a password; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has room for 107 bytes
    try:
        binaries = _binaries(folder)
        data = folder / "data"
        _run(
            folder, binaries / "initdb", "-D", data, "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "trust", "-N"
        )
        (data / "pg_hba.conf").write_text(_WHO_MAY_CONNECT)
        options = " ".join(f"-c {name}='{value}'" for name, value in _OPTIONS.items())
        start = ("-w", "-l", folder / "log", "-o", f"-k {folder} {options}", "start")
        _run(folder, binaries / "pg_ctl", "-D", data, *start)
        try:
            server = Postgres(folder)
            _make_database(server)
            yield server
        finally:
            _run(folder, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    spec = find_spec("pgserver")  # found, not imported: importing it starts its bookkeeping
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0:
        return installed / "bin"
    # A copy, because that user may lack access to our virtual environment; with the libraries beside it.
    for part in ("pgserver/pginstall", "pgserver.libs"):
        shutil.copytree(installed.parents[1] / part, folder / part, symlinks=True)
    copy = folder / "pgserver" / "pginstall"
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return copy / "bin"


def _run(folder: Path, *command: str | Path) -> None:
    nobody = pwd.getpwnam("nobody")
    ordinary: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    # To a file: a server that inherits a pipe keeps it open, and its reader waiting.
    with (folder / "pg_ctl.log").open("a") as log:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            stdout=log,
            stderr=log,
            check=False,
            **(ordinary if os.geteuid() == 0 else {}),
        )
    assert done.returncode == 0, (folder / "pg_ctl.log").read_text()


def _make_database(server: Postgres) -> None:
    here = Path(__file__).parent
    with server.connect(database="postgres") as connection:
        connection.execute(f"create role {USER} login password '{PASSWORD}'")
        connection.execute(f"create database {DATABASE} owner {USER}")
    with server.connect() as connection:
        for name in ("catalog.sql", "functions.sql"):
            connection.execute((here / name).read_text())
