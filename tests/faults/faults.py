"""Faults by place: what may go wrong at a step, and a seeded choice of when it does.

A schedule has some kinds of faults and a rate, so that schedules differ in kind and not in degree alone. The number
of faults is bounded, so every schedule can end.

Not here: whose step it is (turns.py), what the places are (memory_storage.py, fake_stream.py, fake_catalog.py).
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from tests.faults.turns import Turns

KILL, REFUSED, LOST_ANSWER, FULL_DISK, EXECUTOR_LOST = "kill", "refused", "lost answer", "full disk", "executor lost"
THROTTLED, FUNCTION_KILLED, POLLER_KILLED = "throttled", "function killed", "poller killed"

KINDS_AT = {
    "stream put": (KILL, REFUSED, LOST_ANSWER, THROTTLED),
    "stream read": (THROTTLED,),
    "landing put": (REFUSED, LOST_ANSWER, FULL_DISK, FUNCTION_KILLED, POLLER_KILLED),
    "answer": (FUNCTION_KILLED, POLLER_KILLED),
    "read": (KILL, REFUSED),
    "write": (KILL, REFUSED, LOST_ANSWER, FULL_DISK),
    "task": (EXECUTOR_LOST, KILL),
    "commit": (KILL, REFUSED, LOST_ANSWER),
    "marts": (KILL, FULL_DISK),
}
"""Place -> kinds of faults that can happen there."""

EVERY_KIND = tuple(sorted({kind for kinds in KINDS_AT.values() for kind in kinds}))


class InjectedError(OSError):
    """A store or a stream that failed because the schedule wanted it."""


class FunctionKilledError(Exception):
    """The function ended without an answer (out of memory, time limit): its batch is delivered again."""


class ExecutorLostError(RuntimeError):
    """A task whose worker is gone."""


@dataclass
class Faults:
    """What goes wrong in one schedule.

    Attributes:
        kinds: that can happen in it.
        rate: share of steps that fail, while there are faults left.
        left: how many faults are still to come.
        happened: (place, kind) -> how often.
    """

    turns: Turns
    chance: Random
    kinds: frozenset[str]
    rate: float
    left: int
    happened: Counter[tuple[str, str]] = field(default_factory=Counter)

    def choose(self, place: str) -> str | None:
        """A fault for this step, or none."""
        if not self.left or self.chance.random() >= self.rate:
            return None
        possible = [kind for kind in KINDS_AT[place] if kind in self.kinds]
        if not possible:
            return None
        kind = self.chance.choice(possible)
        self.left -= 1
        self.happened[place, kind] += 1
        self.turns.note(f"FAULT {kind} at {place}")
        return kind

    @contextmanager
    def around(self, place: str, where: str) -> Iterator[None]:
        """A step with an effect: a fault comes before it, or after it, when the effect is there and no one knows."""
        self.turns.step(where)
        self.turns.note(where)
        kind = self.choose(place)
        is_after = kind == LOST_ANSWER or (kind in (KILL, FUNCTION_KILLED) and self.chance.random() < 0.5)
        if not is_after:
            self._raise(kind, where)
        yield
        if is_after:
            self._raise(kind, where)

    def _raise(self, kind: str | None, where: str) -> None:
        if kind is None:
            return
        if kind in (KILL, POLLER_KILLED):
            self.turns.kill()
        elif kind == FUNCTION_KILLED:
            raise FunctionKilledError(where)
        elif kind == EXECUTOR_LOST:
            raise ExecutorLostError(where)
        elif kind == FULL_DISK:
            raise InjectedError(errno.ENOSPC, f"No space left on device ({where})")
        else:
            raise InjectedError(errno.EIO, f"503 Slow Down ({where}, {kind})")

    def stop(self) -> None:
        """Nothing fails from here on."""
        self.left = 0
