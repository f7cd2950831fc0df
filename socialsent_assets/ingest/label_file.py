"""A file of human labels into `landing/labels/`, checked whole: one bad row and nothing is imported.

A label without a person behind it is worse than none, so nothing is guessed and nothing is quarantined.

Not here: which labels can be learned from (domain/learning/labels.py).
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import MAX_EVENT_BYTES
from socialsent_assets.domain.events.landing import gzip_lines
from socialsent_assets.domain.events.layout import LANDING_LABELS, content_digest
from socialsent_assets.ingest.file_bytes import BrokenFileError, chunks, lines
from socialsent_assets.lake.storage.base import Storage

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_SHOWN = 6
_MEANINGS = (
    {"0": "negative", "2": "neutral", "4": "positive"},
    {"-1": "negative", "0": "neutral", "1": "positive"},
    {"0": "negative", "1": "neutral", "2": "positive"},
    {"0": "negative", "1": "positive"},
    {"neg": "negative", "neu": "neutral", "pos": "positive"},
)
"""What label values mean in other data sets; an error proposes them, nothing is taken unasked."""


@dataclass(frozen=True)
class ImportedLabels:
    """What an import did: rows = labels + duplicates.

    Attributes:
        classes: class name -> number of labels.
        conflicts: texts that have two different labels; they are kept, with both.
        key: the object in the landing tier; `is_new` is False if these very labels stood there.
    """

    rows: int
    labels: int
    duplicates: int
    conflicts: int
    classes: dict[str, int]
    key: str
    is_new: bool

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def import_label_file(landing: Storage, path: Path, meanings: Mapping[str, str]) -> ImportedLabels:
    """Import a CSV or JSON Lines file with `label` and `text` or `text_id` (`annotator` is kept too).

    Args:
        landing: the landing tier.
        path: UTF-8, gzipped or not; JSON Lines if its first character is `{`.
        meanings: other label values -> class.

    Raises:
        UserError: the file cannot be read, or a row is not a label; the message names it.
    """
    from socialsent_assets.domain.learning.labels import CLASSES

    if wrong := sorted(set(meanings.values()) - set(CLASSES)):
        raise UserError(f"--map …={wrong[0]}: the classes are {', '.join(CLASSES)}")
    rows = _read(path)
    if not rows:
        raise UserError(f"{path} has no labels; it needs rows with text,label or text_id,label")
    known = {name: name for name in CLASSES} | {value.lower(): name for value, name in meanings.items()}
    _refuse_unknown(path, rows, known)
    for row in rows:
        row["label"] = known[row["label"].strip().lower()]
    written = {_line(path, row): row["label"] for row in rows}
    content = gzip_lines(written)
    stem = _UNSAFE.sub("-", path.name.split(".")[0])
    key = f"{LANDING_LABELS}/{stem}-{content_digest(content)}.jsonl.gz"
    classes = Counter(written.values())
    return ImportedLabels(
        rows=len(rows),
        labels=len(written),
        duplicates=len(rows) - len(written),
        conflicts=_conflicts(rows),
        classes={name: classes[name] for name in CLASSES},
        key=key,
        is_new=landing.write(key, content),
    )


def _line(path: Path, row: Mapping[str, str]) -> bytes:
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{path} holds half of a surrogate pair near {text[:60]!a}; remove it") from None


def _conflicts(rows: list[dict[str, str]]) -> int:
    said: dict[str, set[str]] = {}
    for row in rows:
        said.setdefault(row.get("text_id") or row["text"], set()).add(row["label"])
    return sum(len(labels) > 1 for labels in said.values())


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open("rb") as file:
            return list(_rows(path, file))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); name a CSV or JSON Lines file") from None
    except BrokenFileError as error:
        raise UserError(
            f"{path} cannot be read completely: {error}; get the whole file and import it again"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8; convert it and import it again") from None


def _rows(path: Path, file: BinaryIO) -> Iterator[dict[str, str]]:
    texts = (line.decode("utf-8").rstrip("\r") for line in lines(chunks(file)))
    first = next(texts, "")
    if first.lstrip().startswith("{"):
        for number, text in enumerate([first, *texts], start=1):
            if text.strip():
                yield _label(path, number, _json_object(path, number, text))
        return
    csv.field_size_limit(MAX_EVENT_BYTES)
    reader = csv.DictReader((f"{text}\n" for text in [first, *texts]), strict=True)
    found = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = found
    if "label" not in found or not {"text", "text_id"} & set(found):
        raise UserError(
            f"{path} needs the columns text,label or text_id,label (found: {', '.join(found) or 'nothing'})"
        )
    try:
        for row in reader:
            yield _label(path, reader.line_num, row)
    except csv.Error as error:
        raise UserError(f"{path} line {reader.line_num} is not CSV: {error}; correct it and import again") from None


def _json_object(path: Path, number: int, text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UserError(f"{path} line {number} is not a JSON object; correct it and import again")
    return value


def _label(path: Path, number: int, row: Mapping[str, object]) -> dict[str, str]:
    """The fields that are kept; ids and labels may have come as numbers."""
    names = ("text_id", "text", "label", "annotator")
    kept = {name: str(row[name]) for name in names if row.get(name) not in (None, "")}
    if "label" not in kept or not {"text", "text_id"} & set(kept):
        raise UserError(f"{path} line {number} has no label, or neither text nor text_id; complete or remove it")
    return kept


def _refuse_unknown(path: Path, rows: list[dict[str, str]], known: Mapping[str, str]) -> None:
    values = sorted({row["label"].strip() for row in rows})
    unknown = [value for value in values if value.lower() not in known]
    if not unknown:
        return
    lower = {value.lower() for value in values}
    guess = next((m for m in _MEANINGS if lower <= set(m) | set(known)), None)
    pairs = {value: guess.get(value.lower(), "CLASS") if guess else "CLASS" for value in unknown[:_SHOWN]}
    found = ", ".join(unknown[:_SHOWN]) + (", …" if len(unknown) > _SHOWN else "")
    raise UserError(
        f"{path} has labels other than negative, neutral, positive (found: {found}). Map them: "
        f"--map {','.join(f'{value}={name}' for value, name in pairs.items())}"
    )
