"""The house keeps its walls: what importing may cost, and what the Lambdas may see."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import socialsent_assets

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(socialsent_assets.__path__, prefix="socialsent_assets.")
)

# Rejects every connection except to this machine, before anything of ours is imported.
BLOCK_SOCKETS = """
import socket, sys
def refuse(self, address):
    raise AssertionError(f"import opened a connection to {address}")
socket.socket.connect = refuse
"""


def python(code: str, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_no_module_needs_network_or_environment_to_be_imported(tmp_path: Path) -> None:
    """Prevents credentials, endpoints or settings that are read while a code location loads."""
    names = [name for name in MODULES if not name.endswith("__main__") and "glue_main" not in name]
    code = BLOCK_SOCKETS + f"import importlib\nfor name in {names!r}: importlib.import_module(name)\n"
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path)}
    result = python(code, env=bare)
    assert result.returncode == 0, result.stderr[-3000:]


def test_the_event_contract_and_the_simulator_are_standard_library_only() -> None:
    """Prevents a Lambda zip that fails at import: under -S no installed package is found."""
    rooms = ("socialsent_assets.domain.events", "socialsent_assets.simulator")
    names = [name for name in MODULES if name.startswith(rooms)]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)\n"
    result = python(code, "-S", env={"PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.parametrize("handler", ["lambdas.kinesis_consumer.handler", "lambdas.mock_server.handler"])
def test_a_lambda_handler_imports_without_installed_packages(handler: str) -> None:
    """Prevents a cold start that pays for, or fails on, more than the handler uses."""
    result = python(f"import {handler}", "-S", env={"PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stderr[-3000:]


def test_importing_ingest_opens_no_way_to_aws() -> None:
    """Prevents half a second of boto3 before a file is read into a folder."""
    names = [name for name in MODULES if name.startswith("socialsent_assets.ingest")]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
    result = python(code + "assert 'boto3' not in sys.modules")
    assert names
    assert result.returncode == 0, result.stderr[-3000:]


def test_the_package_itself_imports_nothing() -> None:
    """Prevents a Lambda that pays for the whole platform because it came in through the front door."""
    code = "import sys; before = set(sys.modules); import socialsent_assets; print(sorted(set(sys.modules) - before))"
    result = python(code, "-S", env={"PYTHONPATH": str(ROOT)})
    assert result.stdout.strip() == "['socialsent_assets']", result.stdout
