"""Answers of HTTP servers in words and seconds.

Not here: requests themselves (mastodon.py, hackernews.py).
"""

from __future__ import annotations

from collections.abc import Mapping

LONGEST_WAIT_S = 900.0
"""A longer wait of a server is cut to this."""


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, bounded; None if the server sends none."""
    try:
        return min(max(float(headers.get("Retry-After", "")), 1.0), LONGEST_WAIT_S)
    except ValueError:
        return None


def refused(server: str, status: int) -> str:
    """A sentence for a status that is no success."""
    return f"{server} answers {status}{', too many requests' if status == 429 else ''}"
