"""Words of docstrings and comments, and the paths that they name. Terms: docs/glossary.md."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import word_count  # noqa: E402 - a script, not a package

# Avoided words per 1,000 in all of a group. Lower a number when the count has fallen; never raise one.
CEILINGS = {"source": 1.0, "tests": 1.0}
PATH = re.compile(r"(?<![\w./*-])((?:[\w-]+/)+[\w-]+\.py|[a-z_]\w*\.py)(?![\w*])")


@pytest.mark.parametrize("group", word_count.GROUPS)
def test_module_docstrings_begin_with_a_noun_or_a_verb(group: str) -> None:
    """Prevents "What …" and "Which …", after which a reader still does not know what the module is."""
    found = word_count.count(word_count.GROUPS[group])
    assert found.modules > 100
    assert found.opening_share < 0.02


@pytest.mark.parametrize("group", word_count.GROUPS)
def test_avoided_words_become_fewer(group: str) -> None:
    """Prevents a second vocabulary beside the terms of the field."""
    assert word_count.count(word_count.GROUPS[group]).per_thousand < CEILINGS[group]


def test_every_path_that_a_docstring_names_exists() -> None:
    """Prevents a "Not here: …" line that sends its reader to a file that was moved."""
    missing = [
        f"{path.relative_to(ROOT)}:{number}: {named}"
        for group in word_count.GROUPS.values()
        for path in word_count.sources(group)
        for number, line in word_count.prose_of(path.read_text(encoding="utf-8"))
        for named in PATH.findall(line)
        if not exists(named, path)
    ]
    assert missing == []


def exists(named: str, path: Path) -> bool:
    """Whether a path, as written in `path`, leads to a file: from its folder, a folder above, or the package.

    A test may name the module that it tests by its bare name.
    """
    above = [folder for folder in path.parents if folder.is_relative_to(ROOT)]
    is_test = path.is_relative_to(ROOT / "tests")
    return any((base / named).is_file() for base in (*above, ROOT / "socialsent_assets")) or (
        is_test and "/" not in named and any((ROOT / "socialsent_assets").rglob(named))
    )
