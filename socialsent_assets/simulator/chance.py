"""Chance that can be recomputed: every draw of the mock feed is a function of what it is about.

No state is carried from one draw to the next, so one minute of the feed can be made without the minutes
before it. Same values on Python 3.11 and 3.12.

Not here: what is drawn (people.py, moods.py, world.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def dice(*about: object) -> Random:
    """A generator of its own for one thing: `dice(seed, "person", 7)`; the same thing, the same throws."""
    return Random(_bytes(about, 16))  # noqa: S311 - a simulation, not a secret


def fraction(*about: object) -> float:
    """One number in [0, 1) for one thing; cheaper than `dice` when a single draw is enough."""
    return int.from_bytes(_bytes(about, 6), "big") / 2**48


def hex_name(*about: object, digits: int) -> str:
    """`digits` (even) hex digits that name one thing; different things differ for all practical purposes."""
    return _bytes(about, digits // 2).hex()


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of `choices`, all equally likely; one draw of `rng`, whatever the number of choices."""
    return choices[int(rng.random() * len(choices))]


def _bytes(about: tuple[object, ...], size: int) -> bytes:
    return hashlib.blake2b("/".join(map(str, about)).encode(), digest_size=size).digest()
