"""Finding: the verdict of one rule on one subject at one time. Alerts are made of findings.

Not here: the rules (volume.py, proportions.py, freshness.py, deletions.py), alerts (alerts.py), wording
(messages.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

Kind = Literal["volume", "quarantine", "sentiment", "freshness", "deletion", "run", "check"]
Verdict = Literal["breach", "inconclusive", "ok"]
Severity = Literal["critical", "warning", "notice"]

SEVERITY: Mapping[Kind, Severity] = {
    "run": "critical",
    "freshness": "critical",
    "deletion": "critical",  # what somebody took back was readable for longer than was promised
    "quarantine": "critical",
    "volume": "warning",
    "check": "warning",
    "sentiment": "notice",  # about the world, not about the pipeline
}
EVERYTHING = ("*",)


@dataclass(frozen=True)
class Finding:
    """One verdict.

    Attributes:
        kind, subject: whose verdict it is; both together identify an alert.
        verdict: `inconclusive` neither opens an alert nor closes one.
        at: what it is about, UTC: the start of an event hour, the end of a run, the moment of looking.
        span: event hours that it is about, in words; empty if it is about none.
        observed, expected, low, high: in the rule's unit (records, shares, hours); None where nothing is measured.
        cases: denominator of a share.
        detail: error text of a failed run or check.
        link: path in the Dagster UI, with a leading slash.
        partitions: affected or recovered partitions: a run's hours. An alert closes when none is affected any more.
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
    partitions: tuple[str, ...] = EVERYTHING

    @property
    def alert_id(self) -> str:
        """Id of the alert."""
        return f"{self.kind}:{self.subject}"

    @property
    def severity(self) -> Severity:
        """Urgency of the alert."""
        return SEVERITY[self.kind]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "at": self.at.isoformat(), "partitions": list(self.partitions)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            if values["kind"] not in SEVERITY or values["verdict"] not in get_args(Verdict):
                raise ValueError(f"unknown kind or verdict: {values['kind']}, {values['verdict']}")
            read = {"at": datetime.fromisoformat(values["at"]), "partitions": tuple(values["partitions"])}
            return cls(**{**values, **read})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a finding: {error}") from error
