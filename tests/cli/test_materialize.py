"""`socialsent materialize` without any Spark: what it rejects, what it finds done. Runs: tests/end_to_end."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.lake.storage.file_lock import exclusive, shared


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_empty_home_is_told_what_to_do_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a traceback as the first thing that a newcomer sees."""
    assert exit_code(["materialize"]) == 2
    assert "socialsent simulate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("yesterday", "is not an hour"),
        ("2026-11-22T09..2026-11-22T03", "ends before it starts"),
        ("2026-11-22", "nothing has landed"),
    ],
)
def test_hours_that_cannot_be_used_are_named(hours: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a typing error from starting Spark over nothing."""
    assert exit_code(["materialize", "--hours", hours]) == 2
    assert words in capsys.readouterr().err


def test_a_build_beside_a_command_that_must_be_alone_is_refused_with_its_process(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a build of hours that an erasure or an undo is changing, and two feeds in one home."""
    with exclusive(home / "locks" / "materialize.lock"):
        assert exit_code(["materialize"]) == 1
        assert exit_code(["run"]) == 1
    error = capsys.readouterr().err
    assert "another command is using" in error
    assert "process" in error


def test_builds_share_a_home_but_not_with_a_feed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a build that waits for another one although the lake takes their commits in turns."""
    with shared(home / "locks" / "materialize.lock"):
        assert exit_code(["materialize"]) == 2
        assert "nothing has landed yet" in capsys.readouterr().err
        assert exit_code(["run"]) == 1


def test_a_home_that_cannot_be_written_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents `[Errno 30] Read-only file system: …/locks` without a word on what to do."""
    (home / "locks").write_text("a file where the folder should be made: fails for every user, also for root")
    assert exit_code(["materialize"]) == 2
    assert f"{home} cannot be written" in capsys.readouterr().err


def test_a_lock_left_by_a_killed_process_holds_nobody_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a lock file that has to be deleted by hand after a crash."""
    (home / "locks").mkdir()
    (home / "locks" / "materialize.lock").write_text("999999")
    assert exit_code(["materialize"]) == 2
    assert "nothing has landed yet" in capsys.readouterr().err
