"""The zip that Glue installs is complete, verified, and made for Glue's machine.

Not here: our own wheel (test_packaging.py), what the jobs do.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from infra.packaging import glue_wheels
from infra.packaging.glue_wheels import (
    GLUE_GLIBC,
    NAME,
    GlueWheelsError,
    build_glue_wheels,
    needs_glibc,
    wheel_name,
)
from infra.packaging.wheel import requirements, wheel_path
from tests.infra.synthesized import ROOT

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def built() -> Path:
    """What `make wheel` left; it takes half a minute to pack."""
    archive = ROOT / "build" / "wheels" / NAME
    if not archive.is_file():
        pytest.skip("the zip of wheels was not built: make wheel")
    return archive


def test_every_package_is_there_in_the_locked_version_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    wanted = {wheel_name(distribution(name)) for name in requirements()} | {wheel_path().name}
    assert set(names) == wanted
    assert built.stat().st_size < 400_000_000, "every node fetches it at every start"


def test_every_wheel_loads_where_glue_runs(built: Path) -> None:
    """Prevents a run that ends in `GLIBC_2.38 not found`."""
    with zipfile.ZipFile(built) as archive:
        for name in archive.namelist():
            assert needs_glibc(name) <= GLUE_GLIBC, name
            assert "-cp311-" in name or "-abi3-" in name or name.endswith("-none-any.whl"), name
            assert name.endswith("any.whl") or "x86_64" in name, name


def test_pip_installs_it_without_an_index_and_finds_it_complete(built: Path, tmp_path: Path) -> None:
    """As Glue does it. Prevents a job that fails at every start: a need that is missing, a digest that is wrong."""
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path / "wheels")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    python = str(environment / "bin" / "python")
    wheels = [str(path) for path in (tmp_path / "wheels").iterdir()]
    install = [python, "-m", "pip", "install", "--no-index", "--quiet", "--no-compile", *wheels]
    subprocess.run(install, check=True, timeout=500)
    subprocess.run([python, "-m", "pip", "check"], check=True, timeout=120)
    imported = "dagster_pipes, nltk, numba, numpy, pyarrow, scipy, sklearn, socialsent_assets.domain.tables as ours"
    code = f"import {imported}; print(ours.__file__)"
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert str(environment) in done.stdout


def test_a_package_that_was_changed_after_it_was_installed_is_not_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = distribution("dagster-pipes").version
    monkeypatch.setattr(glue_wheels, "_digest", lambda _content: "another")
    with pytest.raises(GlueWheelsError, match="was changed"):
        build_glue_wheels(tmp_path, needed={"dagster-pipes": version})


def test_what_is_not_made_for_glue_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents wheels of a Mac in S3."""
    with pytest.raises(GlueWheelsError, match=r"uv\.lock names 0\.0"):
        build_glue_wheels(tmp_path, needed={"dagster-pipes": "0.0"})
    monkeypatch.setattr(glue_wheels.platform, "machine", lambda: "arm64")  # type: ignore[attr-defined]
    with pytest.raises(GlueWheelsError, match="Linux x86_64"):
        build_glue_wheels(tmp_path, needed={"dagster-pipes": "0.0"})
    assert not list(tmp_path.iterdir())


def test_old_and_new_names_of_platforms_are_read() -> None:
    assert needs_glibc("a-1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl") == (2, 27)
    assert needs_glibc("a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl") == (2, 17)
    assert needs_glibc("a-1-py3-none-any.whl") == (0, 0)
