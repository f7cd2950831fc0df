"""`socialsent dashboard`: local by default, and gone after Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from socialsent_assets.cli.main import exit_code


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run the command, which has to fail; return its error."""
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.delenv("SOCIALSENT_DASHBOARD_PASSWORD", raising=False)

    def run(*arguments):
        assert exit_code(["dashboard", *arguments]) == 2
        return capsys.readouterr().err

    return run


def test_others_need_a_password_or_a_login_in_front(refused):
    """Prevents texts of people that anybody in the network can read."""
    assert "SOCIALSENT_DASHBOARD_PASSWORD" in refused("--host", "0.0.0.0")


def test_a_password_of_three_letters_is_none(refused, monkeypatch):
    """Prevents a door that opens at the first guess."""
    monkeypatch.setenv("SOCIALSENT_DASHBOARD_PASSWORD", "abc")
    assert "8 characters" in refused()


def test_a_port_that_is_taken_is_named_with_the_next_one(refused):
    """Prevents a traceback of the socket library."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"--port {port + 1}" in refused("--port", str(port))


def test_marts_of_another_warehouse_are_not_promised(refused, monkeypatch):
    """Prevents an empty page where the marts are on AWS."""
    monkeypatch.setenv("SOCIALSENT_DBT_TARGET", "athena")
    assert "QuickSight" in refused()


def test_ctrl_c_stops_it_also_while_a_page_is_open(tmp_path):
    """Prevents a server that waits for the last reader to close the page."""
    program = "import sys; from socialsent_assets.cli.main import run; run()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "dashboard", "--port", "0"],
        env={**os.environ, "SOCIALSENT_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        url = server.stdout.readline().split()[1]
        assert "no marts yet" in server.stdout.readline()
        stream = urllib.request.urlopen(f"{url}api/live", timeout=30)
        assert b"data:" in stream.readline()
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0
        assert server.stdout.read().strip().endswith("Stopped.")
    finally:
        server.kill()
        server.wait()
