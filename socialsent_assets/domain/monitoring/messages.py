"""Messages of an alert: subject line, text body, SMS line.

Names of topics, jobs and checks are external input, so they are cut, put on one line and quoted. A message never
contains text of a person: it has counts, and the query that shows the rows to those who may read them.

Not here: the steps to take (runbook.py), when a message is due (alerts.py), delivery (resources/notifications.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.proportions import ALL_TEXTS
from socialsent_assets.domain.monitoring.runbook import one_line, runbook_steps

Stage = Literal["open", "reminder", "recovery"]

MAX_TITLE_LENGTH = 99
"""Amazon SNS accepts subjects of fewer than 100 ASCII characters, without line breaks."""

MAX_SMS_LENGTH = 140
"""One SMS; Amazon SNS cuts at 1,600 bytes and bills each part."""

_WORDS = {"open": "OPEN", "reminder": "STILL OPEN", "recovery": "RECOVERED"}


def title(stage: Stage, finding: Finding) -> str:
    """The subject of an e-mail."""
    return _ascii(f"SocialSent {_WORDS[stage]} ({finding.severity}): {_short(finding)}", MAX_TITLE_LENGTH)


def headline(subject: str) -> str:
    """What a `title` is about, where product, stage and severity are shown by other means."""
    return subject.partition("): ")[2] or subject


def sms(stage: Stage, finding: Finding, since: datetime) -> str:
    """One line for a phone."""
    return _ascii(f"SocialSent {_WORDS[stage]}: {_short(finding)}, since {since:%m-%d %H:%M} UTC", MAX_SMS_LENGTH)


def text(stage: Stage, finding: Finding, since: datetime, now: datetime, ui_url: str | None, why: str = "") -> str:
    """Text body: condition, start, observed and expected values, link, steps to take."""
    was = [f"{_WORDS[stage]}: {sentence(finding)}"]
    if stage == "recovery":
        was = [
            f"RECOVERED after {age(now, since)}.",
            "",
            f"Was      {sentence(finding)}",
            *([f"Now      {why}"] if why else []),
        ]
    lines = [
        *was,
        "",
        f"Since    {since:%Y-%m-%d %H:%M} UTC ({age(now, since)})",
        *([f"Hours    {finding.span}"] if finding.span else []),
        f"Severity {finding.severity}",
        *([f"Where    {ui_url.rstrip('/')}{finding.link}"] if ui_url and finding.link else []),
        f"Alert    {one_line(finding.alert_id, 300)}",
    ]
    if stage == "recovery":
        return "\n".join([*lines, "", "No action needed."])
    if finding.detail:
        lines += ["", "Error", *(f"  {line}" for line in finding.detail[:1500].splitlines())]
    steps = [f"{number}. {step}" for number, step in enumerate(runbook_steps(finding), 1)]
    return "\n".join([*lines, "", "What to do", *steps, "", "All open alerts: socialsent alerts"])


def sentence(finding: Finding) -> str:
    """One sentence with observed values, denominators, and the expected range."""
    observed, expected = finding.observed or 0.0, finding.expected or 0.0
    low, high, subject = finding.low or 0.0, finding.high or 0.0, one_line(finding.subject, 200)
    usual = f"{expected:.1%} expected, up to {high:.1%} by chance"
    if finding.kind == "volume":
        return (
            f"{observed:,.0f} records in the hour {finding.span}; about {expected:,.0f} expected "
            f"({low:,.0f} to {high:,.0f} by chance)."
        )
    if finding.kind == "quarantine":
        return f"{observed:.1%} of {finding.cases:,} records were quarantined {subject}; {usual}."
    if finding.kind == "sentiment":
        what = subject if subject == ALL_TEXTS else f"the texts about '{subject}'"
        return f"{observed:.1%} of {what} are negative ({finding.cases:,} counted); {usual}."
    if finding.kind == "freshness" and finding.cases is None:
        return f"No event for {observed:.1f} hours since {finding.span}; pauses of {high:.1f} hours are usual."
    if finding.kind == "freshness":
        return f"{finding.cases} hours wait to be built, the oldest for {observed:.1f} hours; {high:.0f} are allowed."
    if finding.kind == "deletion":
        return (
            f"{finding.cases:,} deletions reached the marts up to {observed:.1f} hours after they landed; "
            f"{high:.1f} are allowed."
        )
    if finding.kind == "run":
        return f"The last run over {subject} failed." if finding.span else f"The last run of {subject} failed."
    return f"The check {subject} did not pass."


def age(now: datetime, since: datetime) -> str:
    """Duration from `since` to `now`, in minutes, hours or days.

    >>> from datetime import UTC, timedelta
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> age(noon, noon - timedelta(minutes=59)), age(noon, noon - timedelta(hours=30))
    ('59 min', '30 h')
    """
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def _short(finding: Finding) -> str:
    observed, expected = finding.observed or 0.0, finding.expected or 0.0
    subject = one_line(finding.subject, 40)
    if finding.kind == "volume":
        return f"{observed:,.0f} records an hour, {expected:,.0f} expected"
    if finding.kind == "quarantine":
        return f"{observed:.1%} quarantined {subject}, {expected:.1%} expected"
    if finding.kind == "sentiment":
        return f"{observed:.0%} negative on {subject}, {expected:.0%} expected"
    if finding.kind == "freshness":
        return f"{subject} is {observed:.1f} h behind"
    if finding.kind == "deletion":
        return f"{subject} took {observed:.1f} h, {finding.high or 0.0:.1f} h are allowed"
    return f"{'run over' if finding.kind == 'run' else 'check'} {subject} failed"


def _ascii(value: str, length: int) -> str:
    plain = one_line(value, 10 * length).replace("…", "...").encode("ascii", "replace").decode("ascii")
    return plain if len(plain) <= length else plain[: length - 3] + "..."
