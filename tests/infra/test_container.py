"""The image's recipe: it cannot be built here (no Docker), so what can be read of it is held to the project."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex

import yaml

from socialsent_assets.settings import Settings
from tests.infra.synthesized import ROOT

FILE = ROOT / "infra" / "container" / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of every line, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def copied() -> list[str]:
    """What is copied from the project."""
    found: list[str] = []
    for instruction, rest in instructions():
        words = shlex.split(rest)
        if instruction == "COPY" and not any(word.startswith("--from=") for word in words):
            found += [word for word in words if not word.startswith("--")][:-1]
    return found


def test_everything_that_is_copied_exists_and_is_let_through() -> None:
    ignored = (FILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(
            f"!{parent}" in ignored
            for parent in (source, *(str(p) for p in (ROOT / source).relative_to(ROOT).parents))
        ), source


def test_nothing_that_git_ignores_gets_in() -> None:
    """Prevents a .env, a lake or a build folder in an image that others pull."""
    ignored = (FILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert let_in == {source.removesuffix("/dagster.yaml") for source in copied()}


def test_uv_is_the_version_that_writes_the_lock_file() -> None:
    (wanted,) = re.findall(r"^UV_VERSION=(\S+)", (ROOT / "scripts" / "bootstrap.sh").read_text(), flags=re.MULTILINE)
    assert f"uv=={wanted}" in FILE.read_text(encoding="utf-8")


def test_python_is_that_of_the_reference_scores() -> None:
    """Polarity equals the reference on Python 3.11, bit for bit; 3.12 sums floats differently."""
    assert re.search(r"^ARG PYTHON=\S+/python:3\.11-slim", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_image_does_not_run_as_root() -> None:
    users = [rest for instruction, rest in instructions() if instruction == "USER"]
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")


def test_what_the_image_starts_by_itself_is_the_model_server() -> None:
    (entry,) = [rest for instruction, rest in instructions() if instruction == "ENTRYPOINT"]
    program, flag, module = json.loads(entry)
    assert (program, flag) == ("python", "-m")
    assert importlib.util.find_spec(module) is not None


def test_dagster_finds_its_instance_where_the_file_is_copied() -> None:
    environment = dict(
        pair.split("=", 1)
        for instruction, rest in instructions()
        if instruction == "ENV"
        for pair in shlex.split(rest)
        if "=" in pair
    )
    targets = [shlex.split(rest)[-1] for instruction, rest in instructions() if "dagster.yaml" in rest]
    assert f"{environment['DAGSTER_HOME']}/dagster.yaml" in targets
    # What the command line would copy there by itself, if nothing stood there.
    assert environment["DAGSTER_HOME"] == f"{environment['SOCIALSENT_HOME']}/dagster"
    assert yaml.safe_load((ROOT / "infra" / "dagster" / "workspace.yaml").read_text())["load_from"]


def test_the_settings_take_what_the_build_parses_dbt_with() -> None:
    """Prevents an image whose build stops because a setting has become stricter."""
    (line,) = [rest for instruction, rest in instructions() if instruction == "RUN" and "definitions" in rest]
    given = dict(word.split("=", 1) for word in shlex.split(line) if re.match(r"[A-Z_]+=", word))
    settings = Settings.from_env(given)
    assert settings.redshift is not None
    assert settings.dbt_target == "redshift"
