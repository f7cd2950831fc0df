"""Access to the page: password, host names, and security headers of every answer.

The policy allows scripts and styles from this server alone and nothing inline, so the text of a post cannot
run even if it reached the page as markup.

Not here: routes (server.py), which address is served (cli/dashboard.py).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Middleware: rejects unknown host names and wrong passwords, and adds the headers.

    `hosts` empty allows any name: a page on loopback names its own, so that no other site can point its own name at
    this machine and read it (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = (), password: str | None = None) -> None:
        self._app, self._hosts, self._password = app, tuple(hosts), password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer[name] = value
            await send(message)

        if self._hosts and _name_of(headers.get("host", "")) not in self._hosts:
            answer = PlainTextResponse("this server does not go by that name\n", 421)
            await answer(scope, receive, with_headers)
        elif self._password is not None and not _knows(headers.get("authorization", ""), self._password):
            challenge = {"www-authenticate": 'Basic realm="SocialSent", charset="UTF-8"'}
            await PlainTextResponse("this page needs its password\n", 401, challenge)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)


def _name_of(host: str) -> str:
    """Name without its port; IPv6 keeps its brackets."""
    name, colon, port = host.rpartition(":")
    return name.lower() if colon and port.isdigit() else host.lower()


def _knows(authorization: str, password: str) -> bool:
    """Check that a Basic authorization carries the password, with any user name, in constant time."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, password.encode())
