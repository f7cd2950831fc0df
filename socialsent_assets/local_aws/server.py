"""An AWS account inside this process: a moto server on a free port of 127.0.0.1, and boto3 clients for it.

The clients carry made-up credentials and the server's address explicitly, so neither the environment, the
profiles nor the proxies of the person at the keyboard are read or changed.

What it cannot do: it keeps nothing when the process ends; it fires no schedule, polls no event source mapping
(event_source_mapping.py does), runs no Lambda, Glue or SageMaker code; its Kinesis sequence numbers are small
counters that repeat in every shard and stream; it enforces no throughput. All servers of one process share their
state. It proves nothing about permissions.

Not here: what is sent through it (feed.py).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

REGION = "us-east-1"
_CREDENTIALS = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded", "aws_session_token": "embedded"}
# (config key, environment variables, default, conversion): a profile or file that the user's variables name
# may not exist, and is none of our business.
_NO_USER_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True)
class EmbeddedAws:
    """A running server; `endpoint` is its URL."""

    endpoint: str

    def client(self, service: str) -> Any:
        """A boto3 client of a service (`kinesis`, `sqs` …) that talks to this server alone."""
        from botocore.config import Config

        return _session().client(
            service,
            endpoint_url=self.endpoint,
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )


@contextmanager
def embedded_aws() -> Iterator[EmbeddedAws]:
    """Start a server for the length of a `with` block."""
    from moto.core.base_backend import AccountSpecificBackend
    from moto.core.common_models import BaseModel
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line per request otherwise
    session = _session()
    # moto lists all regions through a session; the one it would make fails on an unknown AWS_PROFILE.
    AccountSpecificBackend.get_session = classmethod(lambda _: session)  # type: ignore[assignment,method-assign]
    BaseModel.__new__ = _untracked  # type: ignore[method-assign]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield EmbeddedAws(f"http://{host}:{port}")
    finally:
        server.stop()


def _untracked(cls: Any, *_: Any, **__: Any) -> Any:
    """An instance that moto does not list: its lists keep every record of every deleted stream, 130 MB for a day."""
    from moto.core.common_models import BaseModel

    return super(BaseModel, cls).__new__(cls)


def _session() -> Any:
    import boto3
    import botocore.session

    return boto3.Session(
        botocore_session=botocore.session.Session(session_vars=_NO_USER_FILES), region_name=REGION, **_CREDENTIALS
    )
