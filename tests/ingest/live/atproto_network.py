"""A whole Bluesky network on this machine, which other people wrote: Jetstream before the simulator of its own tests.

`make witnesses` builds both; where they are missing, the test that wants them is skipped with the reason.

Not here: what is run against it (test_on_jetstream.py).
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.aws.witnesses.servers import HOME, needed

COMMITS_PER_SECOND = 20
_ACCOUNTS = 100
_START_S = 180


def free_port() -> int:
    """A port that nothing listens on."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Network:
    """Relay, personal data server and directory (the simulator), and a Jetstream that follows them.

    Args:
        folder: where both keep their data.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._relay_port, self._port = folder, free_port(), free_port()
        self._relay: subprocess.Popen[bytes] | None = None
        self._jetstream: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Port of the Jetstream."""
        return self._port

    def start_relay(self) -> None:
        """Start the network; it has some history, and accounts write, edit and delete from now on."""
        self._relay = self._run(
            "simulator", "serve", "--addr", f"127.0.0.1:{self._relay_port}", "--accounts", str(_ACCOUNTS),
            "--commits-per-sec", str(COMMITS_PER_SECOND), "--data-dir", str(self._folder / "relay"),
        )  # fmt: skip
        _wait_for(lambda: _answers(self._relay_port))

    def start_jetstream(self) -> None:
        """Start the Jetstream on the data that it has."""
        relay = f"http://127.0.0.1:{self._relay_port}"
        self._jetstream = self._run(
            "jetstream", "serve", "--addr", f"127.0.0.1:{self._port}", "--relay-url", relay, "--plc-url", relay,
            "--data-dir", str(self._folder / "jetstream"), "--subscribe-read-log-retention-bytes", "33554432",
        )  # fmt: skip
        _wait_for(lambda: bool(self.log(wanted=1)))

    def restart_jetstream(self) -> None:
        """End the Jetstream as a service manager does, and start it again."""
        assert self._jetstream is not None
        self._jetstream.terminate()
        self._jetstream.wait()
        self.start_jetstream()

    def kill_jetstream(self, *, and_its_data: bool = False) -> None:
        """Kill the Jetstream and start it again: it loses what it had not written yet, or everything."""
        assert self._jetstream is not None
        self._jetstream.kill()
        self._jetstream.wait()
        if and_its_data:
            shutil.rmtree(self._folder / "jetstream")
        self.start_jetstream()

    def stop_relay(self) -> None:
        """End the network: nothing more is written. The Jetstream goes on and keeps what it has."""
        assert self._relay is not None
        self._relay.terminate()
        self._relay.wait()

    def stop(self) -> None:
        """End whatever still runs."""
        for process in (self._jetstream, self._relay):
            if process is not None:
                process.kill()
                process.wait()

    def log(self, wanted: int | None = None, silence_s: float = 3.0) -> list[dict[str, Any]]:
        """What the Jetstream has until now, read by a client of a few lines."""
        now = time.time_ns() // 1000
        found: list[dict[str, Any]] = []
        address = f"ws://127.0.0.1:{self._port}/subscribe?cursor=1"
        with suppress(OSError, WebSocketException), connect(address) as client:
            while len(found) != wanted and (not found or found[-1]["time_us"] < now):
                found.append(json.loads(client.recv(timeout=silence_s)))
        return found

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen([str(needed(HOME / program)), *arguments], stdout=log, stderr=log)


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """A running network; skips the test where its programs are missing."""
    for program in ("simulator", "jetstream"):
        needed(HOME / program)
    made = Network(folder)
    try:
        made.start_relay()
        made.start_jetstream()
        yield made
    finally:
        made.stop()


class Wire:
    """A TCP line to a port that can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """Cut every connection now; how many there were."""
        held, self._open = self._open, []
        for end in held:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return len(held) // 2

    def close(self) -> None:
        """Cut everything for good."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                self._open += [near, far]
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=_pipe, args=(a, b), daemon=True).start()


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/xrpc/com.atproto.sync.listHosts", timeout=2):
            return True
    except OSError:
        return False


def _wait_for(is_there: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_S
    while not is_there():
        assert time.monotonic() < until, f"a server did not answer within {_START_S} s"
        time.sleep(0.2)
