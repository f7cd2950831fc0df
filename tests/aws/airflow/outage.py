"""A proxy before a Dagster web server that is away for a moment, just after it launched a run.

Not here: other faults (fake_dagster.py answers from a script).
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def away_after_a_launch(url: str) -> Iterator[str]:
    """Address of a proxy to `url`, on a free port; the one question that follows each launch gets 503."""
    is_away = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if is_away.is_set():
                is_away.clear()
                self.send_error(503)
                return
            request = urllib.request.Request(f"{url}{self.path}", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
            if json.loads(body)["query"].startswith("mutation Launch"):
                is_away.set()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Log no requests: the tests assert on them."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
