"""Labelled posts: the classes, their annotators, and the rows that are fit for training.

Two posts are the same text when they differ only in case, white space, addresses or user names. A text
that comes twice counts once; a text with two different labels teaches nothing and is left out.

Not here: labels in the lake (lake/), features (features.py).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.text import clean_text

__all__ = ["CLASSES", "HUMAN", "WEAK", "LabelledPosts", "from_pairs", "is_held_out", "read_csv", "same_text_key"]

CLASSES = ("negative", "neutral", "positive")
"""Order of every probability row and confusion table; a class number is an index into it."""

HUMAN = "human"
WEAK = "lexicon"
"""Label sources. Metrics against WEAK labels measure agreement with the lexicon, not truth."""

_NUMBERS = {name: number for number, name in enumerate(CLASSES)}
_MENTION = re.compile(r"@\w+")
_NOT_WORD = re.compile(r"[\W_]+")
_LONGEST_FIELD = 1 << 20  # characters: an event is at most 1 MiB; csv's own limit is 128 KiB


@dataclass(frozen=True)
class LabelledPosts:
    """Distinct texts with their class numbers.

    Attributes:
        texts: as they were given.
        labels: int64, shape (n,): indices into `CLASSES`.
        duplicates: rows left out because the same text and label came before.
        conflicting: rows left out because their text has two labels.
        tags: slices that the source of each post names (slices.tags_of); empty when it is not known.
    """

    texts: list[str]
    labels: npt.NDArray[np.int64]
    duplicates: int = 0
    conflicting: int = 0
    tags: list[tuple[str, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def counts(self) -> dict[str, int]:
        """Number of posts per class name."""
        found = np.bincount(self.labels, minlength=len(CLASSES))
        return {name: int(found[number]) for name, number in _NUMBERS.items()}

    def take(self, rows: Iterable[int]) -> LabelledPosts:
        """The posts in these rows."""
        chosen = list(rows)
        tags = [self.tags[i] for i in chosen] if self.tags else []
        return LabelledPosts([self.texts[i] for i in chosen], self.labels[chosen], tags=tags)

    def without(self, others: LabelledPosts) -> LabelledPosts:
        """The posts whose text is not among the others: what may be trained on beside held-out posts."""
        held_out = {same_text_key(text) for text in others.texts}
        return self.take(i for i, text in enumerate(self.texts) if same_text_key(text) not in held_out)


def same_text_key(text: str) -> str:
    """Equal for texts that differ only in case, white space, punctuation, addresses or user names.

    A text without any word (emoji alone) is its own key.

    >>> same_text_key("So GOOD!! @ann https://t.co/x") == same_text_key("so good @bob")
    True
    """
    clean = clean_text(text)
    return _NOT_WORD.sub(" ", _MENTION.sub(" ", clean.lower())).strip() or clean


def is_held_out(author_id: str, share: float = 0.15) -> bool:
    """Whether the posts of an author are for measuring, never for training; about `share` of all authors are.

    It depends on the author alone: a person's turns of phrase are never on both sides, an author stays on one
    side from one training to the next, and so the champion is measured on authors that it never learned from.
    """
    first = hashlib.sha256(author_id.encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(first) < share * 2**64


def from_pairs(
    texts: Sequence[str],
    labels: Sequence[str],
    where: str = "the labels",
    tags: Sequence[tuple[str, ...]] = (),
) -> LabelledPosts:
    """Distinct texts of (text, label name) rows, in order of first appearance; `tags` of each row, or none at all.

    Raises:
        UserError: a label that is not a class; the message names the row.
    """
    numbers = []
    for row, label in enumerate(labels, start=1):
        number = _NUMBERS.get(label.strip().lower())
        if number is None:
            raise UserError(f"{where}, row {row}: unknown label {label!r}. Use one of: {', '.join(CLASSES)}")
        numbers.append(number)

    keys = [same_text_key(text) for text in texts]
    said: dict[str, set[int]] = {}
    for key, number in zip(keys, numbers, strict=True):
        said.setdefault(key, set()).add(number)
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        if len(said[key]) == 1:
            first.setdefault(key, row)
    kept = list(first.values())
    conflicting = sum(len(said[key]) > 1 for key in keys)
    return LabelledPosts(
        texts=[texts[row] for row in kept],
        labels=np.array([numbers[row] for row in kept], dtype=np.int64),
        duplicates=len(texts) - conflicting - len(kept),
        conflicting=conflicting,
        tags=[tags[row] for row in kept] if tags else [],
    )


def read_csv(path: Path) -> LabelledPosts:
    """Labelled posts of a CSV file with the columns `text` and `label`; other columns are ignored.

    Raises:
        UserError: no such file, not UTF-8, a missing column, an unknown label, or no usable row.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _require_columns(path, reader.fieldnames or [])
            rows = [(row["text"], row["label"]) for row in reader]
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 (byte {error.start}). Convert it, then run this again") from error
    except csv.Error as error:
        raise UserError(f"{path}: not a CSV file: {error}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    for number, (text, label) in enumerate(rows, start=1):
        if text is None or label is None:
            raise UserError(f"{path}, row {number}: has no label. Every row needs text and label")
    return from_pairs([text for text, _ in rows], [label for _, label in rows], str(path))


def _require_columns(path: Path, found: Sequence[str]) -> None:
    missing = [name for name in ("text", "label") if name not in found]
    twice = [name for name, n in Counter(found).items() if n > 1 and name in ("text", "label")]
    if missing or twice:
        problem = f"no column {' and '.join(missing)}" if missing else f"two columns named {twice[0]}"
        shown = ", ".join(found) or "nothing"
        raise UserError(f"{path} has {problem} (found: {shown}). The first line must name text and label")
