"""The life of an alert: it opens once, is repeated, closes, and no message is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.monitoring.alerts import MESSAGES_KEPT, PARTS_KEPT, REMIND_AFTER, Book, advance
from socialsent_assets.domain.monitoring.findings import Finding, Verdict

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def quarantine(verdict: Verdict = "bad", at: datetime = NOW, subject: str = "while cleansing") -> Finding:
    return Finding(
        "quarantine", subject, verdict, at, span=f"{at:%Y-%m-%d-%H}:00",
        observed=0.08 if verdict == "bad" else 0.01, expected=0.01, low=0.0, high=0.03, cases=200,
    )  # fmt: skip


def run(verdict: Verdict, *hours: str, at: datetime = NOW) -> Finding:
    return Finding("run", "event hours", verdict, at, span="..".join(hours), covers=hours, detail="disk full")


def stages(book: Book) -> list[str]:
    return [message.stage for message in book.messages]


def test_an_alert_is_told_once_however_often_it_is_seen() -> None:
    """Prevents a message per tick."""
    book = Book()
    for tick in range(60):
        book = advance(book, [quarantine()], NOW + tick * timedelta(minutes=1))
    assert stages(book) == ["open"]
    assert stages(advance(book, [quarantine("good", NOW + HOUR)], NOW + 2 * HOUR)) == ["open", "recovery"]


def test_a_verdict_in_between_neither_opens_nor_closes() -> None:
    """Prevents an alert that flaps around its limit."""
    assert advance(Book(), [quarantine("unsure")], NOW) == Book()
    book = advance(Book(), [quarantine()], NOW)
    assert stages(advance(book, [quarantine("unsure")], NOW + HOUR)) == ["open"]


def test_an_open_alert_is_repeated_ever_more_rarely_and_says_so() -> None:
    """Prevents both an alert that is forgotten and one that people mute."""
    book = advance(Book(), [quarantine()], NOW)
    told = []
    for hours in range(1, 97):
        book = advance(book, [quarantine()], NOW + hours * HOUR)
        if len(book.messages) > len(told) + 1:
            told.append(hours)
    first = REMIND_AFTER // HOUR
    assert told == [first, 3 * first, 7 * first]
    assert book.messages[-1].title.startswith("SocialSent STILL OPEN")
    assert len({message.id for message in book.messages}) == 4


def test_an_alert_over_several_hours_closes_when_the_last_of_them_is_good() -> None:
    """Prevents a run over other hours from closing an alert about hours that still fail."""
    book = advance(Book(), [run("bad", "03", "04"), run("bad", "09")], NOW)
    book = advance(book, [run("good", "04", "05")], NOW + HOUR)
    book = advance(book, [run("good", "09")], NOW + HOUR)
    assert stages(book) == ["open"]
    assert book.alerts["run:event hours"].parts == ("03",)
    assert stages(advance(book, [run("good", "03")], NOW + HOUR)) == ["open", "recovery"]


def test_what_opened_and_closed_in_one_go_is_listed_and_not_sent() -> None:
    """Prevents two messages in a minute about a run whose retry worked."""
    book = advance(Book(), [run("bad", "03"), run("good", "03")], NOW)
    assert (stages(book), book.unsent, book.alerts) == (["open", "recovery"], [], {})


def test_an_alert_that_nobody_judges_any_more_closes_and_says_why() -> None:
    """Prevents an alert about a topic that nobody writes about from staying open for ever."""
    book = advance(Book(), [quarantine()], NOW)
    book = advance(book, [], NOW + timedelta(days=2))
    assert book.alerts == {}
    assert "no verdict since 2026-11-22 12:00" in book.messages[-1].text


def test_a_message_stays_unsent_until_somebody_took_it() -> None:
    """Prevents a lost message: sending is noted after it worked, never before."""
    book = advance(Book(), [quarantine()], NOW)
    [message] = book.unsent
    book = advance(book, [quarantine()], NOW + HOUR)
    assert book.unsent == [message]
    book = book.sent(message.id, NOW + HOUR, "sns 1")
    assert book.unsent == []
    assert (book.messages[0].sent_at, book.messages[0].sent_to) == ((NOW + HOUR).isoformat(), "sns 1")


def test_the_book_stays_small_and_keeps_what_nobody_has_taken() -> None:
    """Prevents a state that grows for ever, and a bound that throws away the one message that matters."""
    book = advance(Book(), [quarantine(subject="first")], NOW)
    for number in range(MESSAGES_KEPT):
        book = advance(book, [quarantine(subject=f"s{number}")], NOW)
        book = book.sent(book.messages[-1].id, NOW, "log")
    assert len(book.messages) == MESSAGES_KEPT
    assert [message.subject for message in book.unsent] == ["first"]
    years = run("bad", *(str(number) for number in range(3 * PARTS_KEPT)))
    assert len(advance(Book(), [years], NOW).alerts["run:event hours"].parts) == PARTS_KEPT


SUBJECTS = st.sampled_from(["while cleansing", "on arrival"])
STEPS = st.lists(st.tuples(st.sampled_from(["bad", "unsure", "good"]), SUBJECTS), max_size=30)


@given(STEPS)
def test_openings_and_recoveries_alternate_and_the_book_survives_a_restart(steps: list[tuple[Verdict, str]]) -> None:
    """Prevents a recovery of what never opened, two openings in a row, and a state that a restart changes."""
    book = Book()
    for number, (verdict, subject) in enumerate(steps):
        at = NOW + number * HOUR
        book = advance(book, [quarantine(verdict, at, subject)], at)
        again = Book.from_json(json.loads(json.dumps(book.to_json())))
        assert again == replace(book, messages=tuple(book.messages))
    for subject in ("while cleansing", "on arrival"):
        said = [m.stage for m in book.messages if m.subject == subject and m.stage != "reminder"]
        assert said == ["open", "recovery"] * (len(said) // 2) + ["open"] * (len(said) % 2)
        assert (len(said) % 2 == 1) == (f"quarantine:{subject}" in book.alerts)


@pytest.mark.parametrize("broken", [{}, {"alerts": []}, {"alerts": {"a": {}}, "messages": []}, None])
def test_another_object_is_no_book(broken: object) -> None:
    """Prevents half a state that is taken for a whole one."""
    with pytest.raises(ValueError, match="not a book"):
        Book.from_json(broken)
