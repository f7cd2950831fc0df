"""Options of the user who ingests a file: everything that `socialsent ingest` accepts.

Not here: parsing the command line (cli/ingest.py), what a file itself declares (plan.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import SOURCE
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.ingest.times import TimeReading

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ENVELOPE_COLUMNS = ("event_id", "event_type", "event_time", "source")


@dataclass(frozen=True)
class Options:
    """Options as the user gave them.

    Attributes:
        source_name: name of a source of the registry; "" to recognise it.
        columns: field of the contract -> column or nested name of the file; "" for no column.
        constants: field -> one value for all rows.
        event_type: kind of every row, unless there is a column `event_type`.
        source: slug of every event; "" for that of the file or its format.
        header: names of the columns of a file without a header line; () if it has one.
        label: column of human labels; "" for none, or what the source knows.
        delimiter: one character; "" to find out.
        encoding: codec of Python; "" to find out.
        times: zone and order of day and month, where options give them.
    """

    source_name: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    event_type: str = "post"
    source: str = ""
    header: tuple[str, ...] = ()
    label: str = ""
    delimiter: str = ""
    encoding: str = ""
    times: TimeReading = field(default_factory=TimeReading)

    def __post_init__(self) -> None:
        if self.event_type not in KINDS:
            raise UserError(f"there is no event type {self.event_type}; choose from {', '.join(KINDS)}")
        for name in (*self.columns, *self.constants):
            _require_known(name)
        self._refuse_constant_ids()
        if self.source:
            try:
                SOURCE.normalise(self.source)
            except RefusalError as error:
                raise UserError(f"--source {self.source}: {error.detail}") from None

    @property
    def names_columns(self) -> bool:
        """Whether columns are named, so that the generic reader takes the file."""
        return bool(self.columns or self.constants or self.header)

    def _refuse_constant_ids(self) -> None:
        for name in ("event_id", KINDS[self.event_type].identity):
            if name in self.constants:
                raise UserError(
                    f"--set {name}={self.constants[name]} would make all rows one {self.event_type}; leave it out: "
                    "without a column each row gets an id from its content"
                )


def known_fields() -> list[str]:
    """Every field that a column can be mapped to, in the order of the contract."""
    names = [*ENVELOPE_COLUMNS, *(f.name for kind in KINDS.values() for f in kind.fields)]
    return list(dict.fromkeys(names))


def _require_known(name: str) -> None:
    known = known_fields()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(known)}"
        raise UserError(f"events have no field {name}; {hint} (--map FIELD=COLUMN)")
