"""Fixtures that several rooms share: one Spark session per test process, an empty lake, a way to fill landing.

    def test_something(spark, lake, landing):
        landing.add("2026-11-22-03:00", [post(text="good"), "not json"])

Not here: fixtures of one folder (its own conftest.py).
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, landing_key, landing_name
from socialsent_assets.lake.lake import Lake

# How fast a busy machine draws examples is no property of ours. CI draws the same ones every time, so that a red
# build is the fault of its commit; everybody else draws new ones.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """The Spark engine of this test process: two cores and the default heap, whatever the machine has."""
    from socialsent_assets.jobs.engines.spark import SparkEngine
    from socialsent_assets.jobs.spark_session import spark_session

    session = spark_session(memory="1g", cores=2)
    yield SparkEngine(session)
    session.stop()


@pytest.fixture(scope="session", params=["process", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Any:
    """Each engine of this machine in turn: what holds for one has to hold for the other."""
    from socialsent_assets.jobs.engines.process import ProcessEngine

    return ProcessEngine(workers=2) if request.param == "process" else request.getfixturevalue("spark")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake in a folder of the test."""
    return lake_at(tmp_path / "lake")


@pytest.fixture
def landing(lake: Lake) -> Landing:
    """Puts events and raw lines into the landing tier of `lake`."""
    return Landing(lake)


def lake_at(root: Path) -> Lake:
    """A lake whose tiers are folders below `root`."""
    return Lake.in_folder(root)


class Landing:
    """Writes landing objects as the consumer does: canonical lines, gzipped, under names that count them."""

    def __init__(self, lake: Lake) -> None:
        self._storage = lake.landing
        self._numbers = itertools.count()

    def add(self, hour: str, lines: Sequence[Mapping[str, Any] | str | bytes], origin: str | None = None) -> str:
        """One object of an hour, `YYYY-MM-DD-HH:00`; returns its key. Events are dicts, other lines go as given."""
        raw = [canonical(line) if isinstance(line, Mapping) else line for line in lines]
        content = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in raw)
        name = landing_name(origin or f"test-{next(self._numbers)}", rows=len(raw), duplicates=0)
        return self.put(hour, name, gzip.compress(content, mtime=0))

    def put(self, hour: str, name: str, content: bytes) -> str:
        """An object of any name and content; returns its key."""
        key = landing_key(LANDING_EVENTS, EventHour.from_key(hour), name)
        self._storage.write(key, content)
        return key

    def remove(self, key: str) -> None:
        """Take an object away again."""
        self._storage.delete(key)


def canonical(event: Mapping[str, Any]) -> str:
    """A landing line: compact JSON with sorted keys."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
