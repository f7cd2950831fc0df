"""Broken records as real producers send them: about three in a thousand.

Each fault takes a good event and breaks one thing, so that exactly one quarantine reason fits.

Not here: which reason is given (domain/events/event.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from socialsent_assets.simulator.chance import pick

Event = dict[str, object]


def dumps(event: object) -> bytes:
    """Compact JSON in UTF-8, as the mock network writes it."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def broken(rng: Random, event: Event) -> bytes:
    """The bytes of this event with one thing wrong."""
    return pick(rng, tuple(FAULTS.values()))(event)


def _without_id(event: Event) -> bytes:
    return dumps({name: value for name, value in event.items() if name != "event_id"})


def _without_data(event: Event) -> bytes:
    return dumps({**event, "data": {}})


def _latin_1(event: Event) -> bytes:
    return dumps({**event, "source": "caf\x00"}).replace(b"caf\\u0000", "café".encode("latin-1"))


# One entry per way to be wrong; the name describes what a producer did.
FAULTS: dict[str, Callable[[Event], bytes]] = {
    "cut off in the middle": lambda event: dumps({**event, "source": "mock"})[:40],
    "in Latin-1": _latin_1,
    "a log line": lambda _: b"ERROR 2026 could not serialise event, retrying",
    "only a list of words": lambda event: dumps(" ".join(event)),
    "without its id": _without_id,
    "with empty data": _without_data,
    "of a kind from the future": lambda event: dumps({**event, "event_type": "livestream"}),
    "of the next version": lambda event: dumps({**event, "schema_version": 2}),
    "with a time in words": lambda event: dumps({**event, "event_time": "yesterday at noon"}),
    "with a time without offset": lambda event: dumps({**event, "event_time": str(event["event_time"])[:19]}),
    "from a clock at 1970": lambda event: dumps({**event, "event_time": "1970-01-01T00:00:00Z"}),
    "with an id that is not whole": lambda event: dumps({**event, "event_id": 12.5}),
}
