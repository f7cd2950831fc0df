"""Turns: the actors of a schedule run one step at a time on one thread, and a seed decides whose step is next.

An actor is a greenlet. It gives its turn away at every step (a request to a store, a commit, a wait) and may be
killed there: from then on nothing that it does has an effect. Time is simulated: it passes a little with every step,
and when all actors wait it jumps to the next moment at which one of them may go on.

Not here: which steps fail (faults.py), what the actors do (schedule.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from greenlet import greenlet

MOST_STEPS = 60_000
"""Of one schedule: one that takes more is hung. The longest of 10,000 took about a tenth of it."""

_STEP = timedelta(milliseconds=7)
_DELAYS_S = (*(0.0,) * 40, *(1.0,) * 6, *(15.0,) * 3, 400.0)
"""Seconds that an actor may be held up at a step: others overtake it, and a turn at publishing may run out."""

_STAYS = 0.7  # share of steps after which the same actor goes on


class Killed(BaseException):
    """The process of the actor ended here, as by `kill -9`."""


class HungError(AssertionError):
    """A schedule that does not end."""


@dataclass
class Actor:
    """One process. `due` is when it may go on, `ready` a further condition, `is_dead` after a kill."""

    number: int
    name: str
    body: greenlet
    due: datetime
    ready: Callable[[], bool] | None = None
    is_dead: bool = False


@dataclass
class Turns:
    """Runs actors in turns.

    Attributes:
        chance: decides whose step is next.
        now: simulated time, aware.
        trace: called with a line for every step, if given.
        steps: taken so far.
    """

    chance: Random
    now: datetime
    trace: Callable[[str], None] | None = None
    steps: int = 0
    _actors: list[Actor] = field(default_factory=list)
    _current: Actor | None = None
    _hub: greenlet | None = None
    _errors: list[BaseException] = field(default_factory=list)
    _started: int = 0

    def start(self, name: str, work: Callable[[], None]) -> Actor:
        """Begin an actor; an error that ends it ends the schedule, but for a kill."""

        def body() -> None:
            try:
                work()
            except Killed:
                self.note("is gone")
            except BaseException as error:  # noqa: BLE001 - raised again where the schedule is run
                self._errors.append(error)

        self._started += 1
        actor = Actor(self._started, name, greenlet(body), self.now)
        self._actors.append(actor)
        return actor

    def run(self) -> None:
        """Until every actor has ended. Raises HungError, and what an actor raised."""
        self._hub = greenlet.getcurrent()
        while self._actors:
            actor = self._next()
            self._current, actor.ready = actor, None
            actor.body.parent = self._hub
            actor.body.switch()
            self._current = None
            self._actors = [one for one in self._actors if not one.body.dead]
            if self._errors:
                self._abandon()
                raise self._errors[0]

    def step(self, where: str) -> None:
        """One step of the current actor; others may go first. Does nothing outside of an actor but count."""
        self.steps += 1
        self.now += _STEP
        if self.steps > MOST_STEPS:
            raise HungError(f"not at an end after {MOST_STEPS:,} steps; the last is {where} of {self.actor}")
        actor = self._current
        if actor is None:
            return
        if actor.is_dead:
            raise Killed
        if len(self._actors) > 1 and self.chance.random() > _STAYS:
            actor.due = self.now + timedelta(seconds=self.chance.choice(_DELAYS_S))
            self._give_away()
            if actor.is_dead:
                raise Killed

    def kill(self) -> None:
        """End the current actor here."""
        if self._current is None:
            return
        self._current.is_dead = True
        self.note("KILLED")
        raise Killed

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        actor = self._current
        if actor is None:
            self.now += timedelta(seconds=seconds)
            return
        actor.due = self.now + timedelta(seconds=seconds)
        self._wait(actor)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Until a condition holds that another actor makes true."""
        actor = self._current
        while not ready():
            if actor is None:
                raise HungError("waits for an actor that does not run")
            actor.ready = ready
            self._wait(actor)

    def note(self, line: str) -> None:
        """A line of the trace."""
        if self.trace is not None:
            self.trace(f"{self.now:%d %H:%M:%S.%f}"[:-3] + f"  {self.actor:<12} {line}")

    @property
    def actor(self) -> str:
        """Name of the current actor."""
        return self._current.name if self._current is not None else "-"

    @property
    def number(self) -> int:
        """Number of the current actor: an actor that is started again has another. 0 outside of one."""
        return self._current.number if self._current is not None else 0

    def is_alive(self, number: int) -> bool:
        """Whether the process of that number has not ended."""
        if number == 0:
            return self._current is None
        return any(one.number == number and not one.is_dead and not one.body.dead for one in self._actors)

    def _wait(self, actor: Actor) -> None:
        if actor.is_dead:
            raise Killed
        self._give_away()
        if actor.is_dead:
            raise Killed

    def _give_away(self) -> None:
        assert self._hub is not None
        self._hub.switch()

    def _next(self) -> Actor:
        may = [one for one in self._actors if one.due <= self.now and (one.ready is None or one.ready())]
        if not may:
            later = [one for one in self._actors if one.ready is None or one.ready()]
            if not later:
                names = ", ".join(one.name for one in self._actors)
                self._abandon()
                raise HungError(f"every actor waits for another: {names}")
            self.now = min(one.due for one in later)
            may = [one for one in later if one.due <= self.now]
        self.steps += 1
        if self.steps > MOST_STEPS:
            self._abandon()
            raise HungError(
                f"not at an end after {MOST_STEPS:,} steps; still there: {', '.join(o.name for o in may)}"
            )
        return may[0] if len(may) == 1 else self.chance.choice(may)

    def _abandon(self) -> None:
        """End what is left without a further step, so that no greenlet outlives its schedule."""
        for one in self._actors:
            one.is_dead = True
            while one.body and not one.body.dead:
                one.body.throw(Killed)
        self._actors = []


@dataclass
class Lock:
    """A lock between actors, as `flock` is between processes: a kill frees it."""

    turns: Turns
    is_held: bool = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only holder, after the others."""
        self.turns.wait_until(lambda: not self.is_held)
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
