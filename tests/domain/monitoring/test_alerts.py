"""The life of an alert: it opens once, is repeated, closes, and no message is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.monitoring.alerts import (
    MAX_MESSAGES,
    MAX_PARTITIONS,
    REMIND_AFTER,
    AlertState,
    apply_findings,
)
from socialsent_assets.domain.monitoring.findings import Finding, Verdict

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def quarantine(verdict: Verdict = "breach", at: datetime = NOW, subject: str = "while cleansing") -> Finding:
    return Finding(
        "quarantine", subject, verdict, at, span=f"{at:%Y-%m-%d-%H}:00",
        observed=0.08 if verdict == "breach" else 0.01, expected=0.01, low=0.0, high=0.03, cases=200,
    )  # fmt: skip


def run(verdict: Verdict, *hours: str, at: datetime = NOW) -> Finding:
    return Finding("run", "event hours", verdict, at, span="..".join(hours), partitions=hours, detail="disk full")


def stages(state: AlertState) -> list[str]:
    return [message.stage for message in state.messages]


def test_an_alert_is_told_once_however_often_it_is_seen() -> None:
    """Prevents a message per tick."""
    state = AlertState()
    for tick in range(60):
        state = apply_findings(state, [quarantine()], NOW + tick * timedelta(minutes=1))
    assert stages(state) == ["open"]
    assert stages(apply_findings(state, [quarantine("ok", NOW + HOUR)], NOW + 2 * HOUR)) == ["open", "recovery"]


def test_a_verdict_in_between_neither_opens_nor_closes() -> None:
    """Prevents an alert that flaps around its limit."""
    assert apply_findings(AlertState(), [quarantine("inconclusive")], NOW) == AlertState()
    state = apply_findings(AlertState(), [quarantine()], NOW)
    assert stages(apply_findings(state, [quarantine("inconclusive")], NOW + HOUR)) == ["open"]


def test_an_open_alert_is_repeated_ever_more_rarely_and_says_so() -> None:
    """Prevents both an alert that is forgotten and one that people mute."""
    state = apply_findings(AlertState(), [quarantine()], NOW)
    told = []
    for hours in range(1, 97):
        state = apply_findings(state, [quarantine()], NOW + hours * HOUR)
        if len(state.messages) > len(told) + 1:
            told.append(hours)
    first = REMIND_AFTER // HOUR
    assert told == [first, 3 * first, 7 * first]
    assert state.messages[-1].title.startswith("SocialSent STILL OPEN")
    assert len({message.id for message in state.messages}) == 4


def test_an_alert_over_several_hours_closes_when_the_last_of_them_is_good() -> None:
    """Prevents a run over other hours from closing an alert about hours that still fail."""
    state = apply_findings(AlertState(), [run("breach", "03", "04"), run("breach", "09")], NOW)
    state = apply_findings(state, [run("ok", "04", "05")], NOW + HOUR)
    state = apply_findings(state, [run("ok", "09")], NOW + HOUR)
    assert stages(state) == ["open"]
    assert state.alerts["run:event hours"].partitions == ("03",)
    assert stages(apply_findings(state, [run("ok", "03")], NOW + HOUR)) == ["open", "recovery"]


def test_what_opened_and_closed_in_one_go_is_listed_and_not_sent() -> None:
    """Prevents two messages in a minute about a run whose retry worked."""
    state = apply_findings(AlertState(), [run("breach", "03"), run("ok", "03")], NOW)
    assert (stages(state), state.unsent, state.alerts) == (["open", "recovery"], [], {})


def test_an_alert_that_nobody_judges_any_more_closes_and_says_why() -> None:
    """Prevents an alert about a topic that no one writes about from staying open indefinitely."""
    state = apply_findings(AlertState(), [quarantine()], NOW)
    state = apply_findings(state, [], NOW + timedelta(days=2))
    assert state.alerts == {}
    assert "not evaluated since 2026-11-22 12:00" in state.messages[-1].text


def test_a_message_stays_unsent_until_somebody_took_it() -> None:
    """Prevents a lost message: sending is noted after it worked, never before."""
    state = apply_findings(AlertState(), [quarantine()], NOW)
    [message] = state.unsent
    state = apply_findings(state, [quarantine()], NOW + HOUR)
    assert state.unsent == [message]
    state = state.sent(message.id, NOW + HOUR, "sns 1")
    assert state.unsent == []
    assert (state.messages[0].sent_at, state.messages[0].sent_to) == ((NOW + HOUR).isoformat(), "sns 1")


def test_the_book_stays_small_and_keeps_what_nobody_has_taken() -> None:
    """Prevents a state that grows indefinitely, and a bound that throws away the one message that matters."""
    state = apply_findings(AlertState(), [quarantine(subject="first")], NOW)
    for number in range(MAX_MESSAGES):
        state = apply_findings(state, [quarantine(subject=f"s{number}")], NOW)
        state = state.sent(state.messages[-1].id, NOW, "log")
    assert len(state.messages) == MAX_MESSAGES
    assert [message.subject for message in state.unsent] == ["first"]
    years = run("breach", *(str(number) for number in range(3 * MAX_PARTITIONS)))
    assert len(apply_findings(AlertState(), [years], NOW).alerts["run:event hours"].partitions) == MAX_PARTITIONS


SUBJECTS = st.sampled_from(["while cleansing", "on arrival"])
STEPS = st.lists(st.tuples(st.sampled_from(["breach", "inconclusive", "ok"]), SUBJECTS), max_size=30)


@given(STEPS)
def test_openings_and_recoveries_alternate_and_the_book_survives_a_restart(steps: list[tuple[Verdict, str]]) -> None:
    """Prevents a recovery of what never opened, two openings in a row, and a state that a restart changes."""
    state = AlertState()
    for number, (verdict, subject) in enumerate(steps):
        at = NOW + number * HOUR
        state = apply_findings(state, [quarantine(verdict, at, subject)], at)
        again = AlertState.from_json(json.loads(json.dumps(state.to_json())))
        assert again == replace(state, messages=tuple(state.messages))
    for subject in ("while cleansing", "on arrival"):
        created = [m.stage for m in state.messages if m.subject == subject and m.stage != "reminder"]
        assert created == ["open", "recovery"] * (len(created) // 2) + ["open"] * (len(created) % 2)
        assert (len(created) % 2 == 1) == (f"quarantine:{subject}" in state.alerts)


@pytest.mark.parametrize("broken", [{}, {"alerts": []}, {"alerts": {"a": {}}, "messages": []}, None])
def test_another_object_is_no_book(broken: object) -> None:
    """Prevents half a state that is taken for a whole one."""
    with pytest.raises(ValueError, match="not a state"):
        AlertState.from_json(broken)


def test_a_recovery_says_how_it_is_now_if_that_was_measured() -> None:
    """Prevents a recovery that shows the value of the breach, or a number where nothing is measured."""
    state = apply_findings(AlertState(), [quarantine(), run("breach", "03")], NOW)
    state = apply_findings(state, [quarantine("ok", NOW + HOUR), run("ok", "03")], NOW + HOUR)
    measured, unmeasured = (message.text for message in state.messages[-2:])
    assert "Was      8.0% of 200 records" in measured
    assert "Now      1.0% of 200 records" in measured
    assert "Now" not in unmeasured
    assert "disk full" not in unmeasured
