"""What to do about a finding: the next steps, with commands that can be typed as they stand.

Not here: what is the matter (messages.py).
"""

from __future__ import annotations

import re
import shlex

from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.proportions import ALL_TEXTS, ARRIVAL

_LIVE_IN_A_SHELL = re.compile(r'["$`\\!]')


def what_to_do(finding: Finding) -> list[str]:
    """The steps, in order."""
    again = f"socialsent materialize --hours {finding.span}" if finding.span else "socialsent materialize"
    if finding.kind == "volume":
        return _volume()
    if finding.kind == "quarantine":
        return _on_arrival() if finding.subject == ARRIVAL else _while_cleansing(finding, again)
    if finding.kind == "mood":
        return _mood(finding)
    if finding.kind == "freshness" and finding.cases is None:
        return ["See every tier's lag: socialsent status", "Is the source sending, and is the consumer reading?"]
    if finding.kind == "freshness":
        return ["Is the daemon running, and is the queue stuck? Look at the runs.", f"Or build them here: {again}"]
    if finding.kind == "run":
        return ["Read the error above; the link shows the whole run.", f"Mend it, then: {again}"]
    return ["The link shows what the check measured.", "It is a warning: nothing was held back."]


def one_line(value: str, length: int) -> str:
    """A name from elsewhere without line breaks and control characters, no longer than `length`.

    >>> one_line("tram", 6), one_line("a long topic", 6)
    ('tram', 'a lon…')
    """
    plain = "".join(c if c.isprintable() else " " for c in value)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def _volume() -> list[str]:
    sql = "select event_hour, records, duplicates from lake_hours order by 1 desc limit 24"
    return [
        f"More: is it news, or the same again? {_query(sql)}",
        "Less: is the source sending, and do stream and consumer keep up? The dashboard shows both.",
        "If it is right, do nothing: after two days at this level it counts as usual.",
    ]


def _on_arrival() -> list[str]:
    return [
        "Read the reasons: each line of landing/quarantine has one, with the raw bytes and the source.",
        "Tell the sender, or fix the mapping; the contract is docs/data_contract.md.",
        "Send the mended records again: what was accepted before is dropped as a duplicate.",
    ]


def _while_cleansing(finding: Finding, again: str) -> list[str]:
    date, hour = finding.span[:10], finding.span[11:13]
    sql = (
        "select reason, detail, count(*) as lines from cleansed.quarantine "  # noqa: S608 - for a person to type
        f"where dt = '{date}' and hr = '{hour}' group by 1, 2 order by 3 desc"
    )
    return [
        f"See the reasons: {_query(sql)}",
        "Fix the writer of landing, or replace the damaged object that source_object names.",
        f"A changed hour is built again by itself; now: {again}",
    ]


def _mood(finding: Finding) -> list[str]:
    date, hour = finding.span[:10], finding.span[11:13]
    topic = one_line(finding.subject, 200).replace("'", "''")
    of_topic = "" if finding.subject == ALL_TEXTS else f"topic = '{topic}' and "
    sql = (
        "select event_time, polarity, clean_text from fct_posts where sentiment = 'negative' "  # noqa: S608 - as above
        f"and {of_topic}event_time >= timestamp '{date} {hour}:00:00' order by polarity limit 50"
    )
    return [
        f"Read them: {_query(sql)}",
        "Is it one event, one author or one repeated text? The report shows the hours around it.",
    ]


def _query(sql: str) -> str:
    quoted = shlex.quote(sql) if _LIVE_IN_A_SHELL.search(sql) else f'"{sql}"'
    return f"socialsent query {quoted}"
