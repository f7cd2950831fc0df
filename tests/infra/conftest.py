"""The synthesized templates, once per session and size, however many processes run the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.infra.synthesized import Assembly, synthesized


@pytest.fixture(scope="session")
def synthesis_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "synthesized"


@pytest.fixture(scope="session")
def small(synthesis_folder: Path) -> Assembly:
    """Size small."""
    return synthesized("small", synthesis_folder / "small")


@pytest.fixture(scope="session")
def production(synthesis_folder: Path) -> Assembly:
    """Size production."""
    return synthesized("production", synthesis_folder / "production")


@pytest.fixture(scope="session", params=["small", "production"])
def assembly(request: pytest.FixtureRequest) -> Assembly:
    """Each size in turn."""
    return request.getfixturevalue(request.param)
