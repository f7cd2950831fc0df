"""A fresh lake per test and dbt on it. Not here: the lake itself (lake_folder.py), dbt (dbt_in_process.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.marts.dbt_in_process import Dbt, parse
from tests.marts.lake_folder import LakeFolder


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The manifest of the project, parsed once, as dbt keeps it for partial parsing."""
    folder = tmp_path_factory.mktemp("parse")
    return parse(LakeFolder(folder), folder / "target")


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    return LakeFolder(tmp_path)


@pytest.fixture
def dbt(lake: LakeFolder, parsed_project: bytes) -> Dbt:
    return Dbt(lake, parsed_project, lake.root / "target")
