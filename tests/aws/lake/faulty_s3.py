"""A moto server for S3 with faults on demand, for Python's and Java's clients alike.

    faults.answer("PUT", 503, "SlowDown", every=3)   # each third upload
    faults.clear()

It answers like S3 does in its documentation of errors; when S3 itself would, it cannot show.

Not here: a server without faults (tests/s3_buckets.py).
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}, as told</Message></Error>"


@dataclass
class Faults:
    """Which requests fail now.

    Attributes:
        endpoint: the server's URL.
        failed: requests that failed so far.
        asked: method, path and `Range` of every request.
    """

    endpoint: str = ""
    failed: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    _rules: list[Callable[[str, str], tuple[int, str] | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, status: int, code: str, *, every: int = 1, after: int = 0, path: str = "") -> None:
        """Fail each `every`-th request of a method whose path holds `path`, when `after` of them were let through."""
        numbers = itertools.count()

        def rule(asked: str, where: str) -> tuple[int, str] | None:
            if asked != method or path not in where:
                return None
            number = next(numbers) - after
            return (status, code) if number >= 0 and number % every == 0 else None

        self._rules.append(rule)

    def clear(self) -> None:
        """From now on, nothing fails."""
        self._rules.clear()

    def of(self, method: str, path: str) -> tuple[int, str] | None:
        """Status and code to fail this request with, or None."""
        with self._lock:
            found = next((fault for rule in self._rules if (fault := rule(method, path))), None)
            self.failed += found is not None
            return found


@contextmanager
def faulty_s3() -> Iterator[Faults]:
    """A running server, for the length of a `with` block."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    faults = Faults()
    moto = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        faults.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_RANGE", "")))
        fault = faults.of(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if fault is None:
            return moto(environ, start)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # or the client would see a reset
        status, code = fault
        body = _ERROR.format(code=code).encode()
        start(f"{status} {code}", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="faulty-s3", daemon=True)
    thread.start()
    faults.endpoint = f"http://127.0.0.1:{server.port}"
    try:
        yield faults
    finally:
        server.shutdown()
        thread.join(timeout=10)
