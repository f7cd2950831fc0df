"""The embedded AWS: no one's account but its own."""

from __future__ import annotations

import os

from socialsent_assets.local_aws.server import embedded_aws


def test_the_users_own_aws_settings_are_neither_used_nor_changed(monkeypatch, tmp_path):
    """Prevents a simulation that talks to a real account, or fails on a profile or proxy of the user."""
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for proxy in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    before = dict(os.environ)
    with embedded_aws() as aws:
        kinesis = aws.client("kinesis")
        kinesis.create_stream(StreamName="private", ShardCount=1)
        arn = kinesis.describe_stream_summary(StreamName="private")["StreamDescriptionSummary"]["StreamARN"]
        sts = aws.client("sts")
        assert sts._request_signer._credentials.access_key == "embedded"
    assert arn.startswith("arn:aws:kinesis:us-east-1:")
    assert aws.endpoint.startswith("http://127.0.0.1:")
    assert dict(os.environ) == before


def test_two_servers_do_not_fight_for_a_port():
    with embedded_aws() as one, embedded_aws() as other:
        assert one.endpoint != other.endpoint
