"""Paths, targets and commands that README, CONTRIBUTING and docs/ name exist."""

import re
from pathlib import Path

import pytest
import typer

from socialsent_assets.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Files and folders that belong to a release, not to the working copy of someone.
ROOT_ENTRIES = {
    ".ci", ".env.example", ".gitignore", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "benchmarks",
    "dagster.yaml", "dbt_project", "docs", "infra", "lambdas", "pyproject.toml", "scripts", "socialsent_assets",
    "notebooks", "tests", "uv.lock", "workspace.yaml",
}  # fmt: skip

CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"```.*?```", re.S)
PATH_LIKE = re.compile(r"^(?:\./)?[\w.-]+(?:/[\w.*-]+)+/?$|^[\w-]+\.(?:py|sql|yml|yaml|toml|md|sh)$")
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name in ROOT_ENTRIES}


def words_of(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    fenced = "\n".join(FENCE.findall(text))
    inline = CODE.findall(FENCE.sub("", text))
    return inline + [line.strip() for line in fenced.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    """Prevents documentation of a tree that is not there."""
    named = {word.rstrip("/") for word in words_of(page) if PATH_LIKE.match(word) and "*" not in word}
    ours = {word for word in named if word.split("/")[0] in FOLDERS}
    missing = sorted(word for word in ours if not (ROOT / word).exists())
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    """Prevents a first command that ends in 'No rule to make target'."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {match for word in words_of(page) for match in re.findall(r"\bmake ([a-z][a-z-]*)", word)}
    assert sorted(named - targets) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_socialsent_command_that_a_page_names_exists(page: Path) -> None:
    """Prevents a documented command that the program does not have."""
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = {match for word in words_of(page) for match in re.findall(r"\bsocialsent ([a-z][a-z-]*)", word)}
    assert sorted(named - commands) == []


def test_the_root_holds_only_what_belongs_to_a_release() -> None:
    """Prevents to-do files, incident notes and scratch that pile up at the front door."""
    import subprocess

    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("not a git checkout, so what is tracked is unknown")
    entries = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    assert sorted(entries - ROOT_ENTRIES) == []


def test_every_setting_that_the_code_reads_is_documented() -> None:
    """Prevents a SOCIALSENT_* variable that only its author knows."""
    pattern = re.compile(r"SOCIALSENT_[A-Z][A-Z_]*[A-Z]")
    sources = [*(ROOT / "socialsent_assets").rglob("*.py"), *(ROOT / "lambdas").rglob("*.py")]
    read = {name for path in sources for name in pattern.findall(path.read_text(encoding="utf-8"))}
    documented = set(pattern.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    # SOCIALSENT_LAKE_ is built from the tier's name in settings/.
    tiers = {f"SOCIALSENT_LAKE_{tier}" for tier in ("LANDING", "CLEANSED", "ANALYTICS", "ARTIFACTS")}
    # Two are set for dbt by the code alone.
    own = {"SOCIALSENT_LAKE", "SOCIALSENT_LAKE_FILES", "SOCIALSENT_WINDOW_WITHOUT"}
    assert sorted(read - documented - own) == []
    assert sorted(tiers - documented) == []
