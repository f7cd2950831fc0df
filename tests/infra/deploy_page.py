"""docs/deploy-aws.md as data: its blocks of commands, its tables.

Not here: what is expected of them (test_deploy_page.py).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy-aws.md"
NEEDS_AN_ACCOUNT = "# needs an account"

_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.S | re.M)
_ENDS = {"|", ";", "&&", "||", "(", ")"}
_KEYWORDS = {"while", "do", "done", "read", "echo", "export", "cd", "cp", "tr", "base64"}


@dataclass(frozen=True)
class Block:
    """One block of shell commands.

    Attributes:
        text: without the mark that it needs an account.
        needs_an_account: whether it has that mark.
    """

    text: str
    needs_an_account: bool

    def commands(self) -> Iterator[list[str]]:
        """Words of every command, those inside `$(…)` included; without settings in front of it (`A=b command`)."""
        for line in self.text.splitlines():
            yield from _commands(line)


def blocks() -> list[Block]:
    """Every `sh` block of the page, in order."""
    texts = _FENCE.findall(PAGE.read_text(encoding="utf-8"))
    marked = [(text, text.startswith(NEEDS_AN_ACCOUNT + "\n")) for text in texts]
    return [Block(text.removeprefix(NEEDS_AN_ACCOUNT + "\n"), mark) for text, mark in marked]


def account_commands(program: str) -> list[list[str]]:
    """Every command of `program` in the blocks that need an account. Raises LookupError if there is none."""
    found = [words for block in blocks() if block.needs_an_account for words in block.commands()]
    if not (commands := [words for words in found if words[0] == program]):
        raise LookupError(f"the page has no command of {program}: tests of its commands would pass without any")
    return commands


def table_under(heading: str) -> list[list[str]]:
    """Cells of the first table under a heading, without its head."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def code_in(cell: str) -> list[str]:
    """What a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def _commands(line: str) -> Iterator[list[str]]:
    if inner := re.match(r"^\w+=\$\((.*)\)$", line):
        line = inner[1]
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for token in [*lexer, ";"]:
        if token in _ENDS:
            if words := _without_settings(words):
                yield words
            words = []
        else:
            words.append(token)


def _without_settings(words: list[str]) -> list[str]:
    """A command without `A=b` and words of the shell before it; [] for one of the shell's own."""
    while words and (re.match(r"^\w+=", words[0]) or words[0] in ("do", "while")):
        words = words[1:]
    return [] if not words or words[0] in _KEYWORDS else words
