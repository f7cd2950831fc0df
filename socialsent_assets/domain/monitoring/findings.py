"""A finding: what a rule says about one subject at one time. Alerts are made of findings.

Not here: the rules (volume.py, proportions.py, freshness.py), what follows from a finding (alerts.py, messages.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

Kind = Literal["volume", "quarantine", "mood", "freshness", "run", "check"]
Verdict = Literal["bad", "unsure", "good"]
Severity = Literal["critical", "warning", "notice"]

SEVERITY: Mapping[Kind, Severity] = {
    "run": "critical",
    "freshness": "critical",
    "quarantine": "critical",
    "volume": "warning",
    "check": "warning",
    "mood": "notice",  # about the world, not about the pipeline
}
EVERYTHING = ("*",)


@dataclass(frozen=True)
class Finding:
    """One verdict.

    Attributes:
        kind, subject: whose verdict it is; both together identify an alert.
        verdict: `unsure` neither opens an alert nor closes one.
        at: what it is about, UTC: the start of an event hour, the end of a run, the moment of looking.
        span: event hours that it is about, in words; empty if it is about none.
        observed, expected, low, high: in the rule's unit (records, shares, hours); None where nothing is measured.
        cases: what a share is counted over.
        detail: what a failed run or check says.
        link: path in the Dagster UI, with a leading slash.
        covers: the parts that are bad, or good again: a run's hours. An alert closes when none is bad any more.
    """

    kind: Kind
    subject: str
    verdict: Verdict
    at: datetime
    span: str = ""
    observed: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    cases: int | None = None
    detail: str = ""
    link: str = ""
    covers: tuple[str, ...] = EVERYTHING

    @property
    def alert_id(self) -> str:
        """Identity of the alert that this is about."""
        return f"{self.kind}:{self.subject}"

    @property
    def severity(self) -> Severity:
        """How soon somebody should look."""
        return SEVERITY[self.kind]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "at": self.at.isoformat(), "covers": list(self.covers)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            if values["kind"] not in SEVERITY or values["verdict"] not in get_args(Verdict):
                raise ValueError(f"unknown kind or verdict: {values['kind']}, {values['verdict']}")
            read = {"at": datetime.fromisoformat(values["at"]), "covers": tuple(values["covers"])}
            return cls(**{**values, **read})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a finding: {error}") from error
