"""Some seeded fault schedules, and the proof that they would find what is wrong.

`make faults SCHEDULES=10000` runs many more (README.md of tests).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.planted_bugs import PLANTS
from tests.faults.running import REAL_EVERY, is_real, run_one

QUICK = range(1, 41)
MANY = range(1000, 1300)
KNOWN_DEFECTS: dict[int, str] = {}
"""Seed -> kind, of defects that stand. Take a seed off when its defect is mended."""

FOUND_QUICKLY = {
    "objects-named-by-hour": 10,
    "checkpoint-before-put": 20,
    "duplicates-within-one-object": 10,
    "ledger-not-consulted": 200,
}
"""Planted bug -> number of schedules within which it has to be found; three times what it took, or more."""

FOUND_BY = {
    "receipts-before-tables": 188,
    "no-turns": 1565,
    "no-look-for-other-runs": 2226,
    "writers-not-awaited": 2821,
}
"""Planted bug -> a seed that finds it, of bugs that take a rare order of steps. Look for another one when a
change of the schedules makes it pass: `make faults SCHEDULES=10000 ARGS="--plant no-turns"`."""


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """Failures are what a schedule is made of; their messages would fill the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_faults_lose_and_double_nothing() -> None:
    """Prevents a protocol that holds only while nothing goes wrong."""
    results = [run_one(seed) for seed in QUICK]
    assert [(result.seed, result.violation) for result in results if result.violation] == []
    faults = sum((Counter(result.faults) for result in results), Counter())
    assert len(faults) >= 6, "schedules without faults prove nothing"


@pytest.mark.slow
def test_many_schedules() -> None:
    """Prevents what only a rare order of steps brings to light."""
    assert any(is_real(seed) for seed in MANY)
    found = {seed: violation for seed in MANY if (violation := run_one(seed).violation)}
    assert {seed: violation.partition(":")[0] for seed, violation in found.items()} == KNOWN_DEFECTS, found


@pytest.mark.slow
def test_a_schedule_on_a_real_lake() -> None:
    """Prevents fakes that are kinder than Parquet, SQLite and pyiceberg."""
    result = run_one(REAL_EVERY - 1)
    assert result.is_real
    assert result.violation == ""


def test_a_seed_gives_the_same_schedule_again() -> None:
    """Prevents a violation that its own command cannot replay."""
    first, again = list[str](), list[str]()
    run_one(21, trace=first.append)
    run_one(21, trace=again.append)
    assert first == again
    assert len(first) > 100


@pytest.mark.parametrize("plant", FOUND_QUICKLY)
def test_a_planted_bug_is_found(plant: str) -> None:
    """Prevents a simulator that is green because it sees nothing."""
    _is_found(plant, FOUND_QUICKLY[plant])


@pytest.mark.parametrize("plant", FOUND_BY)
def test_a_planted_bug_is_found_by_its_schedule(plant: str) -> None:
    """Prevents an oracle that does not see what another run does at the same time."""
    assert run_one(FOUND_BY[plant], plant).is_expected
    assert run_one(FOUND_BY[plant]).violation == ""


def _is_found(plant: str, within: int) -> None:
    found = next((n for n in range(within) if run_one(n, plant).is_expected), None)
    assert found is not None, f"{plant} was not found within {within} schedules"
    assert PLANTS[plant].within.__doc__
