"""Runbook: the steps to take for a finding, with commands that can be copied.

Not here: the description of the problem (messages.py).
"""

from __future__ import annotations

import re
import shlex

from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.proportions import ALL_TEXTS, ARRIVAL

_LIVE_IN_A_SHELL = re.compile(r'["$`\\!]')


def runbook_steps(finding: Finding) -> list[str]:
    """The steps, in order."""
    again = f"socialsent materialize --hours {finding.span}" if finding.span else "socialsent materialize"
    if finding.kind == "volume":
        return _volume()
    if finding.kind == "quarantine":
        return _on_arrival() if finding.subject == ARRIVAL else _while_cleansing(finding, again)
    if finding.kind == "sentiment":
        return _sentiment(finding)
    if finding.kind == "freshness" and finding.cases is None:
        return ["See the lag of every tier: socialsent status", "Is the source sending, and is the consumer reading?"]
    if finding.kind == "freshness":
        return [
            "Is the daemon running? Is the queue stuck? See the list of runs.",
            f"Or build them here: {again}",
        ]
    if finding.kind == "deletion":
        return [
            "Did builds fail or wait? See the list of runs; socialsent status lists the hours that wait.",
            "The deleted texts are gone from the marts now. If hours still wait: socialsent materialize",
            "To change the limit: SOCIALSENT_DELETION_MINUTES.",
        ]
    if finding.kind == "run":
        return ["Read the error above; the link shows the whole run.", f"Fix the cause, then: {again}"]
    return ["The link shows what the check measured.", "This is a warning only: the data was published."]


def one_line(value: str, length: int) -> str:
    """External text without line breaks and control characters, cut to `length`.

    >>> one_line("tram", 6), one_line("a long topic", 6)
    ('tram', 'a lon…')
    """
    plain = "".join(c if c.isprintable() else " " for c in value)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def _volume() -> list[str]:
    sql = "select event_hour, records, duplicates from lake_hours order by 1 desc limit 24"
    return [
        f"If there are more records: are they new, or duplicates? {_query(sql)}",
        "If there are fewer: is the source sending, and do stream and consumer keep up? See the dashboard.",
        "If the new level is correct, do nothing: after two days it counts as normal.",
    ]


def _on_arrival() -> list[str]:
    return [
        "Read the reasons: each line of landing/quarantine has its reason, raw bytes and source.",
        "Contact the sender, or fix the mapping; the contract is docs/data_contract.md.",
        "Send the corrected records again; records that were accepted before are dropped as duplicates.",
    ]


def _while_cleansing(finding: Finding, again: str) -> list[str]:
    date, hour = finding.span[:10], finding.span[11:13]
    sql = (
        "select reason, detail, count(*) as lines from cleansed.quarantine "  # noqa: S608 - shown, not run
        f"where event_hour = timestamp '{date} {hour}:00:00' group by 1, 2 order by 3 desc"
    )
    return [
        f"See the reasons: {_query(sql)}",
        "Fix the writer of landing, or replace the damaged object that source_object names.",
        f"A changed hour is rebuilt automatically; to rebuild it now: {again}",
    ]


def _sentiment(finding: Finding) -> list[str]:
    date, hour = finding.span[:10], finding.span[11:13]
    topic = one_line(finding.subject, 200).replace("'", "''")
    of_topic = "" if finding.subject == ALL_TEXTS else f"topic = '{topic}' and "
    sql = (
        "select event_time, polarity, clean_text from fct_posts where sentiment = 'negative' "  # noqa: S608 - as above
        f"and {of_topic}event_time >= timestamp '{date} {hour}:00:00' order by polarity limit 50"
    )
    return [
        f"Read the texts: {_query(sql)}",
        "Is one event, one author or one repeated text behind it? The report shows the hours around it.",
    ]


def _query(sql: str) -> str:
    quoted = shlex.quote(sql) if _LIVE_IN_A_SHELL.search(sql) else f'"{sql}"'
    return f"socialsent query {quoted}"
