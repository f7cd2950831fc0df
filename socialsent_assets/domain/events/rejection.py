"""The nine reasons for which a record is quarantined, and the error that carries one out of a check.

Not here: the checks themselves (event.py, strict_json.py, kinds/), what is kept of a rejected record
(landing.py). A `RefusalError` never leaves `event.parse`: to everybody else bad input is a value, a `Rejection`.
"""

from __future__ import annotations

from typing import Literal, get_args

Reason = Literal[
    "not_utf8",
    "not_json",
    "not_an_object",
    "too_large",
    "unsupported_schema_version",
    "missing_field",
    "invalid_field",
    "unknown_event_type",
    "event_time_out_of_range",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

_SHOWN_CHARACTERS = 60


class RefusalError(Exception):
    """A check failed: `reason` is one of `REASONS`, `detail` a sentence for the person who looks."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


def shown(value: object) -> str:
    """A value as a sentence may quote it: bounded in length, every unprintable character escaped."""
    text = repr(value[: _SHOWN_CHARACTERS + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN_CHARACTERS + 2 else f"{text[:_SHOWN_CHARACTERS]}…"
