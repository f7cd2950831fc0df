"""Count words of docstrings and comments: openings of module docstrings, and words that docs/glossary.md avoids.

    python scripts/word_count.py              one line per group of folders
    python scripts/word_count.py --lines      and every line with such a word

Not here: the limits (tests/house/test_words.py).
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GROUPS = {
    "source": ("socialsent_assets", "infra", "lambdas", "benchmarks", "scripts"),
    "tests": ("tests",),
}
OPENING = re.compile(r"(?:What|Which|Where|Who|Whoever|How|Whether|When|Why)\b")
AVOIDED = re.compile(
    r"\b(?:told|tells?|says?|said|stands?|nobody|somebody|whoever|for ever|at once|asked|asks|judged?|judges|heard"
    r"|hears|refused?|refuses|refusals?|living|set aside|standing|hushed)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")


@dataclass
class Count:
    """Totals of one group: modules and those with an avoided opening; words and avoided words."""

    modules: int = 0
    openings: int = 0
    words: int = 0
    avoided: int = 0

    @property
    def opening_share(self) -> float:
        """Share of module docstrings with an avoided opening, 0 to 1."""
        return self.openings / max(1, self.modules)

    @property
    def per_thousand(self) -> float:
        """Avoided words per 1,000 words of docstrings and comments."""
        return 1000 * self.avoided / max(1, self.words)


def sources(folders: tuple[str, ...]) -> list[Path]:
    """Python files below `folders`, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def prose_of(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of every docstring and comment of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for offset, line in enumerate(node.value.value.splitlines()):
                yield node.lineno + offset, line
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")


def count(folders: tuple[str, ...]) -> Count:
    """Measure every module below `folders`."""
    total = Count()
    for path in sources(folders):
        text = path.read_text(encoding="utf-8")
        total.modules += 1
        total.openings += bool(OPENING.match(ast.get_docstring(ast.parse(text)) or ""))
        for _, line in prose_of(text):
            total.words += len(WORD.findall(line))
            total.avoided += len(AVOIDED.findall(line))
    return total


def main(arguments: list[str]) -> int:
    """Print the counts; the exit code."""
    for name, folders in GROUPS.items():
        found = count(folders)
        sys.stdout.write(
            f"{name}: {found.modules} modules, {found.opening_share:.1%} with an avoided opening; "
            f"{found.words:,} words, {found.avoided} avoided, {found.per_thousand:.1f} per 1,000\n"
        )
        if "--lines" in arguments:
            for path in sources(folders):
                for number, line in sorted(prose_of(path.read_text(encoding="utf-8"))):
                    if AVOIDED.search(line):
                        sys.stdout.write(f"{path.relative_to(ROOT)}:{number}: {line.strip()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
