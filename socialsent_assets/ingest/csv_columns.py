"""Which column of a CSV file is which field of an event, and what to tell a person when one is missing.

Not here: reading the rows (mapped_csv.py).
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.kinds import KINDS

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ENVELOPE_COLUMNS = ("event_id", "event_type", "event_time", "source")

# Names under which other systems keep what a field holds; an error proposes them, nothing is taken unasked.
_LOOKALIKES = {
    "event_time": ("created_at", "timestamp", "time", "date", "datetime", "created", "posted_at", "published_at"),
    "text": ("full_text", "content", "body", "message", "tweet", "post", "comment", "review"),
    "author_id": ("user_id", "author", "user", "username", "user_name", "screen_name", "handle"),
    "actor_id": ("user_id", "author_id", "user", "username"),
    "post_id": ("tweet_id", "status_id", "message_id", "post"),
    "comment_id": ("reply_id",),
    "user_name": ("username", "screen_name", "handle", "name"),
    "action": ("type", "interaction", "event"),
}


@dataclass(frozen=True)
class CsvWishes:
    """What the person said about a CSV file.

    Attributes:
        columns: field of the contract -> column of the file.
        constants: field -> one value for all rows.
        event_type: kind of every row, unless a column `event_type` says it.
        source: slug of every row, unless a column `source` says it.
        delimiter: one character; None for a tab in .tsv files and a comma in others.
        assume_utc: whether times without an offset are UTC.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    event_type: str = "post"
    source: str = "csv"
    delimiter: str | None = None
    assume_utc: bool = False

    def __post_init__(self) -> None:
        if self.event_type not in KINDS:
            raise UserError(f"there is no event type {self.event_type}; choose from {', '.join(KINDS)}")
        known = known_fields()
        for name in (*self.columns, *self.constants):
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(known)}"
                raise UserError(f"no event has a field {name}; {hint} (--map FIELD=COLUMN)")

    def delimiter_for(self, name: str) -> str:
        """The separator of the file of this name."""
        return self.delimiter or ("\t" if name.removesuffix(".gz").endswith(".tsv") else ",")


def known_fields() -> list[str]:
    """Every field that a column can be mapped to, in the order of the contract."""
    names = [*ENVELOPE_COLUMNS, *(f.name for kind in KINDS.values() for f in kind.fields)]
    return list(dict.fromkeys(names))


def plan_columns(name: str, header: Sequence[str], header_line: str, wishes: CsvWishes) -> dict[str, int]:
    """Field -> index of the column that holds it, for every field that the file has.

    A column stands for a field if the person said so, else if it has the field's name in any case; `id` is the
    id of what the rows are about. Columns that stand for nothing are not in the plan.

    Raises:
        UserError: a column that was named is not there, a required one is missing, or the separator is another.
    """
    columns = [column.strip() for column in header]
    _require_named(name, columns, header_line, wishes)
    plan = {wanted: columns.index(column) for wanted, column in wishes.columns.items()}
    taken = set(plan.values())
    by_lower_name = {
        column.lower(): index for index, column in reversed(list(enumerate(columns))) if index not in taken
    }
    for wanted in known_fields():
        if wanted not in plan and wanted in by_lower_name:
            plan[wanted] = by_lower_name[wanted]
    identity = KINDS[wishes.event_type].identity
    if identity not in plan and identity not in wishes.constants and "id" in by_lower_name:
        plan[identity] = by_lower_name["id"]
    _require_all(name, columns, header_line, wishes, plan)
    return plan


def _require_named(name: str, columns: list[str], header_line: str, wishes: CsvWishes) -> None:
    for wanted, column in wishes.columns.items():
        if column not in columns:
            _explain_delimiter(name, columns, header_line)
            close = difflib.get_close_matches(column, columns, n=1)
            hint = f" Did you mean --map {wanted}={close[0]}?" if close else ""
            raise UserError(f"{name} has no column {column} (found: {', '.join(columns)}).{hint}")
        if columns.count(column) > 1:
            raise UserError(f"{name} has {columns.count(column)} columns named {column}; give them different names")


def _require_all(name: str, columns: list[str], header_line: str, wishes: CsvWishes, plan: Mapping[str, int]) -> None:
    needed = ["event_time"]
    if "event_type" not in plan:
        required = [f.name for f in KINDS[wishes.event_type].fields if f.required]
        needed += sorted(required, key=lambda field_name: field_name != "text")  # what the file is about comes first
    missing = [f for f in needed if f not in plan and f not in wishes.constants]
    if not missing:
        return
    _explain_delimiter(name, columns, header_line)
    free = [column for index, column in enumerate(columns) if index not in plan.values()]
    found = {f: column for f in missing if (column := _lookalike(f, free)) is not None}
    first = missing[0]
    proposal = ",".join(f"{f}={column}" for f, column in found.items()) if first in found else f"{first}=COLUMN"
    constant = "" if first in found else f", or give all rows one value: --set {first}=VALUE"
    raise UserError(
        f"{name} has no column {first} (found: {', '.join(columns)}). Name it: --map {proposal}{constant}"
    )


def _lookalike(wanted: str, columns: Sequence[str]) -> str | None:
    by_lower_name = {column.lower().replace(" ", "_"): column for column in reversed(columns)}
    for name in _LOOKALIKES.get(wanted, ()):
        if name in by_lower_name:
            return by_lower_name[name]
    close = difflib.get_close_matches(wanted, by_lower_name, n=1, cutoff=0.75)
    return by_lower_name[close[0]] if close else None


def _explain_delimiter(name: str, columns: Sequence[str], header_line: str) -> None:
    if len(columns) > 1:
        return
    for word, sign in DELIMITERS.items():
        if len(next(csv.reader([header_line], delimiter=sign), [])) > 1:
            shown = "a tab" if sign == "\t" else f"'{sign}'"
            raise UserError(f"{name} is separated by {shown}. Say so: --delimiter {word}")
