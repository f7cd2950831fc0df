"""Verdicts and texts of every alert rule, as they were when somebody last read them."""

from __future__ import annotations

from tests.golden import write_alerts


def test_no_rule_changes_its_verdict_by_accident() -> None:
    """Prevents a limit, a window or a scale that moves unseen: alerts would come later, or never."""
    stored = write_alerts.FINDINGS_FILE.read_text(encoding="utf-8").splitlines()
    assert write_alerts.findings().splitlines() == stored


def test_no_message_changes_by_accident() -> None:
    """Prevents a unit, a step or a link that is lost from a message between two releases."""
    stored = write_alerts.MESSAGES_FILE.read_text(encoding="utf-8").splitlines()
    assert write_alerts.messages().splitlines() == stored
