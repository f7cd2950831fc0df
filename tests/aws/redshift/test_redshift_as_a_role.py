"""Method `iam`: the driver requests a temporary password of the role from AWS, then connects with it.

AWS is a small server here that answers GetClusterCredentials and nothing else: the driver's and boto3's side is
real. The wire has no TLS, which the driver wants with this method, so the way ends there: that the password lets
one in is not shown. A serverless workgroup needs another call (GetCredentials), which no test makes.

Not here: a user with a password (test_redshift_warehouse.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from redshift_connector.iam_helper import IamHelper

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import RedshiftSettings, Settings
from socialsent_assets.warehouse.redshift import redshift_marts
from tests.aws.redshift.dbt_on_redshift import TARGET, Server
from tests.aws.redshift.postgres import DATABASE, PASSWORD, USER
from tests.marts.dbt_in_process import run_dbt

pytestmark = [pytest.mark.aws, pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")]

_GIVEN = """<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/">
<GetClusterCredentialsResult><DbUser>{user}</DbUser><DbPassword>{password}</DbPassword>
<Expiration>2036-01-01T00:00:00Z</Expiration></GetClusterCredentialsResult></GetClusterCredentialsResponse>"""
_EXPIRED = """<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>
</ErrorResponse>"""


class CredentialsOfAws:
    """Requests received, and the next response: a password, or an error for expired credentials of the caller."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.is_expired = False

    def answer(self, body: str) -> tuple[int, str]:
        self.asked.append({name: values[0] for name, values in parse_qs(body).items()})
        return (403, _EXPIRED) if self.is_expired else (200, _GIVEN.format(user=USER, password=PASSWORD))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[CredentialsOfAws]:
    credentials = CredentialsOfAws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, text = credentials.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        IamHelper.credentials_cache.clear()
        yield credentials
        server.shutdown()


def environment(server: Server) -> dict[str, str]:
    return {
        **server.environment,
        "SOCIALSENT_REDSHIFT_METHOD": "iam",
        "SOCIALSENT_REDSHIFT_CLUSTER": "one",
        "SOCIALSENT_REDSHIFT_PASSWORD": "",
        "SOCIALSENT_REDSHIFT_SSLMODE": "verify-full",
        "SOCIALSENT_SPECTRUM_ROLE_ARN": "arn:aws:iam::123456789012:role/spectrum",
        "AWS_REGION": "eu-west-1",
    }


def settings_of(server: Server) -> RedshiftSettings:
    found = Settings.from_env(environment(server)).redshift
    assert found is not None
    return found


def asked_for(aws: CredentialsOfAws) -> set[tuple[str, str]]:
    """(user, database) of each request for a password. 127.0.0.1 may be a custom domain: more calls follow."""
    return {(c["DbUser"], c["DbName"]) for c in aws.asked if c["Action"] == "GetClusterCredentials"}


def test_a_role_gets_the_temporary_password_of_its_user(redshift_server: Server, aws: CredentialsOfAws) -> None:
    """Prevents a deployment, where no one has a password, from failing at its first statement."""
    with pytest.raises(UserError, match="refuses SSL"), redshift_marts(settings_of(redshift_server)):
        raise AssertionError("without TLS")
    assert asked_for(aws) == {(USER, DATABASE)}


def test_dbt_gets_it_in_the_same_way(
    redshift_server: Server, aws: CredentialsOfAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a profile that leaves out what method iam has to know."""
    result = run_dbt(["run-operation", "create_spectrum_schemas", *TARGET], environment(redshift_server), tmp_path)
    assert not result.success
    assert "refuses SSL" in capsys.readouterr().out
    assert asked_for(aws) == {(USER, DATABASE)}


def test_credentials_of_aws_that_are_old_are_named(redshift_server: Server, aws: CredentialsOfAws) -> None:
    """Prevents an error that blames Redshift, which was never called."""
    aws.is_expired = True
    with pytest.raises(UserError, match="AWS credentials have expired"), redshift_marts(settings_of(redshift_server)):
        raise AssertionError("let in")
