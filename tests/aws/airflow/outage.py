"""A proxy before a Dagster web server that is away for a moment, just after it launched a run.

Not here: other faults (fake_dagster.py answers from a script).
"""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Proxy:
    """Its address, what passed through it, and whether the next question is answered with 503."""

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    is_away: bool = False


@contextmanager
def away_after_a_launch(url: str) -> Iterator[Proxy]:
    """A proxy to `url` on a free port; the one question that follows each launch is lost."""
    proxy = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if proxy.is_away:
                proxy.is_away = False
                self.send_error(503)
                return
            found = re.match(r"\w+ (\w+)", json.loads(body)["query"])
            assert found
            request = urllib.request.Request(f"{url}{self.path}", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
            proxy.asked[found[1]] += 1
            proxy.is_away = found[1] == "Launch"
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Nothing: a test says what it saw."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
