"""The container `code`, started here by the template's command with the template's environment."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.stacks.dagster_containers import CODE_PORT
from tests.infra.synthesized import ROOT, Assembly
from tests.infra.test_orchestration_stack import container, environment

pytestmark = pytest.mark.aws

BIN = Path(sys.executable).parent
PATIENCE_S = 180.0  # the first start parses the dbt project; the image brings that along


def test_the_code_starts_with_the_deployed_settings_and_without_asking_aws(small: Assembly, tmp_path: Path) -> None:
    """Prevents a task that stops at start-up: a setting that does not fit, a missing import, a call at import."""
    port = str(_free_port())
    # Behind `sh -c … code`, which migrates the tables of PostgreSQL first.
    command = [port if word == str(CODE_PORT) else word for word in container(small, "code")["EntryPoint"][4:]]
    check = [word.replace(str(CODE_PORT), port) for word in container(small, "code")["HealthCheck"]["Command"][1:]]
    given = {
        **environment(small),
        "SOCIALSENT_REDSHIFT_HOST": "socialsent-warehouse.1.eu-central-1.redshift-serverless.amazonaws.com",
        "SOCIALSENT_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "PATH": f"{BIN}:/usr/bin:/bin",
        # Every call to AWS gets no response.
        **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "AWS_ENDPOINT_URL"), "http://127.0.0.1:9"),
    }
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=given,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A script in the background runs its tests with SIGINT ignored; Dagster would then ignore SIGTERM too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while subprocess.run(check, env=given, capture_output=True).returncode:
                assert server.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            answer = subprocess.run(
                ["dagster", "api", "grpc-health-check", "--port", port], env=given, capture_output=True, text=True
            )
            assert answer.returncode == 0, answer.stderr
        finally:
            server.terminate()
            server.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
