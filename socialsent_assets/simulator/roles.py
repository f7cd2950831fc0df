"""Roles of the feed's records: assigned in blocks of a hundred, so that every count has a closed form.

"The post before the last one" or "how many people are known by now" cost the same at record 100 and at
record 100,000,000, and need no memory of the feed so far.

Not here: the content of a record (world.py).
"""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from functools import lru_cache

from socialsent_assets.simulator.chance import dice

BLOCK = 100


class Role(StrEnum):
    """What a record is for."""

    INTRODUCTION = "introduction"
    PROFILE_UPDATE = "profile_update"
    POST = "post"
    COMMENT = "comment"
    INTERACTION = "interaction"
    EDIT = "edit"
    DELETION = "deletion"
    REDELIVERY = "redelivery"
    FAULT = "fault"


SHARES: dict[Role, int] = {
    Role.INTRODUCTION: 4,
    Role.PROFILE_UPDATE: 2,
    Role.POST: 25,
    Role.COMMENT: 24,
    Role.INTERACTION: 40,
    Role.EDIT: 2,
    Role.DELETION: 1,
    Role.REDELIVERY: 1,
    Role.FAULT: 1,
}
# The feed opens with people and posts, so that whatever follows has someone and something to refer to.
OPENING: tuple[Role, ...] = (*[Role.INTRODUCTION] * 4, *[Role.POST] * 3)


def role_of(seed: int, number: int) -> Role:
    """What the record of that number is for."""
    return _roles(seed, number // BLOCK)[number % BLOCK]


def count_before(seed: int, role: Role, number: int) -> int:
    """How many records of a role come before that record."""
    block, offset = divmod(number, BLOCK)
    return block * SHARES[role] + bisect_left(_places(seed, block)[role], offset)


def number_of(seed: int, role: Role, ordinal: int) -> int:
    """The number of the record that is the `ordinal`-th (from 0) of its role."""
    block, place = divmod(ordinal, SHARES[role])
    return block * BLOCK + _places(seed, block)[role][place]


@lru_cache(maxsize=4096)
def _roles(seed: int, block: int) -> tuple[Role, ...]:
    roles = [role for role, share in SHARES.items() for _ in range(share)]
    opening: tuple[Role, ...] = ()
    if block == 0:
        opening = OPENING
        for role in opening:
            roles.remove(role)
    dice(seed, "block", block).shuffle(roles)
    return (*opening, *roles)


@lru_cache(maxsize=4096)
def _places(seed: int, block: int) -> dict[Role, tuple[int, ...]]:
    roles = _roles(seed, block)
    return {wanted: tuple(i for i, role in enumerate(roles) if role is wanted) for wanted in SHARES}
