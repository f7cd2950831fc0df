"""Input that `socialsent erase` accepts, and its errors for other input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialsent_assets.cli import erase
from socialsent_assets.cli.main import exit_code


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name what to erase"),
        (["--user", " "], "an id is empty"),
        (["--from", "ids.txt"], "line 2: write `user ID` or `post ID`, got 'u-42'"),
        (["--from", "none.txt"], "none.txt cannot be read"),
        (["--returning", "maybe"], "write in or out"),
    ],
)
def test_what_cannot_be_read_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Prevents a typing mistake from being an erasure of something else."""
    monkeypatch.chdir(home)
    (home / "ids.txt").write_text("user u-1\nu-42\n")
    assert exit_code(["erase", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_marts_in_a_warehouse_of_aws_are_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents an erasure that reaches half of what is kept and calls it done."""
    monkeypatch.setenv("SOCIALSENT_DBT_TARGET", "redshift")
    monkeypatch.setenv("SOCIALSENT_REDSHIFT_HOST", "warehouse.example")
    monkeypatch.setenv("SOCIALSENT_REDSHIFT_CLUSTER", "warehouse")
    assert exit_code(["erase", "--user", "u-1"]) == 2
    assert "docs/erasure.md" in capsys.readouterr().err


def test_verify_answers_by_its_exit_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a proof that a script cannot read."""
    assert exit_code(["erase", "--verify", "u-1"]) == 0
    (home / "logs").mkdir()
    (home / "logs" / "materialize.log").write_text("of u-1\n")
    assert exit_code(["erase", "--verify", "u-1", "--verify", "u-2"]) == 1
    assert "materialize.log" in capsys.readouterr().out


def test_an_empty_lake_forgets_what_was_never_there(home: Path) -> None:
    """Prevents a traceback, and an id that may come later from landing then."""
    (home / "logs").mkdir()
    (home / "logs" / "old.log").write_text("of u-1\nother\n")
    assert exit_code(["erase", "--user", "u-1", "--receipt", str(home / "receipt.json")]) == 0
    assert (home / "logs" / "old.log").read_text() == "other\n"
    receipt = json.loads((home / "receipt.json").read_text())
    assert (receipt["persons"], receipt["reports, logs and records"], receipt["traces"]) == (1, 1, 0)
    assert "u-1" not in (home / "receipt.json").read_text()
    assert [path.suffix for path in sorted((home / "lake" / "erasures").iterdir())] == [".json", ""]


def test_a_file_of_an_old_lake_is_named_and_what_to_do_with_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents an erasure that blames a build for a file that no build has written for a year."""
    old = home / "lake" / "cleansed" / "posts" / "dt=2026-01-01" / "hr=00" / "part-0.parquet"
    old.parent.mkdir(parents=True)
    pq.write_table(pa.table({"author_id": ["u-1", "u-2"]}), old)
    assert exit_code(["erase", "--user", "u-1"]) == 1
    error = capsys.readouterr().err
    assert ("part-0.parquet" in error, "Remove it" in error, "build brought" in error) == (True, True, False)
    old.unlink()
    assert exit_code(["erase"]) == 0


def test_ten_thousand_ids_of_a_file_are_one_erasure(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a search whose time grows with the number of ids, and a line of output for each."""
    (home / "ids.txt").write_text("".join(f"post p-{number}\n" for number in range(10_000)))
    (home / "logs").mkdir()
    (home / "logs" / "build.log").write_text("of p-9999\nof p-10000\n")
    assert exit_code(["erase", "--from", str(home / "ids.txt")]) == 0
    assert (home / "logs" / "build.log").read_text() == "of p-10000\n"
    assert len(capsys.readouterr().out) < 2_000


def test_a_short_id_is_erased_where_ids_are_and_the_limit_is_stated(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents the erasure of person 5 from taking every line of a log with a 5."""
    (home / "logs").mkdir()
    (home / "logs" / "build.log").write_text("5 rows\n")
    assert exit_code(["erase", "--user", "5"]) == 0
    assert (home / "logs" / "build.log").read_text() == "5 rows\n"
    assert "could be a number" in capsys.readouterr().out
    assert exit_code(["erase", "--verify", "5"]) == 0
    assert "could be a number" in capsys.readouterr().out


@pytest.mark.parametrize(("times", "code"), [(1, 0), (9, 1)])
def test_a_build_at_work_that_brings_traces_back_is_noticed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], times: int, code: int
) -> None:
    """Prevents an erasure that calls itself done while a build writes what it had read before."""
    forget, left = erase._forget, iter(range(times))
    (home / "logs").mkdir()
    log = home / "logs" / "build.log"

    def beside_a_build(*args: Any) -> Any:
        done = forget(*args)
        if next(left, None) is not None:
            log.write_text("of u-1\n")
        return done

    monkeypatch.setattr(erase, "_forget", beside_a_build)
    receipt = home / "receipt.json"
    assert exit_code(["erase", "--user", "u-1", "--receipt", str(receipt)]) == code
    pending = home / "lake" / "erasures" / "erasure.pending"
    assert pending.exists() is bool(code)
    if code:
        assert "run socialsent erase again" in capsys.readouterr().err
        monkeypatch.undo()
        monkeypatch.setenv("SOCIALSENT_HOME", str(home))
        assert exit_code(["erase"]) == 0
        assert log.read_text() == ""
    else:
        assert json.loads(receipt.read_text())["rounds"] == 2
