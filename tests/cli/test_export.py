"""Files of `socialsent export`; a pseudonymised one names no person by id, name or mention."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.language.pseudonyms import key_of, pseudonym, pseudonymous_text
from socialsent_assets.warehouse.pseudonymised import IDS, LEFT_OUT, MARTS, PLAIN, TEXTS
from tests.marts.dbt_in_process import PROJECT

SECRET = "0123456789abcdef0123456789abcdef"
KEY = key_of(SECRET.encode())
TEXT = "=so good, @Ann and @ben@fedi.example, see https://x.example/ann or u/ben_b, not me@home.example did:plc:ann"
NOBODY = ("ann", "Ann", "ben", "u-1", "p-1", "home.example", "Berlin")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.key").write_text(f"{SECRET}\n")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table fct_posts as select 'p-1' as post_id, 'u-1' as author_id, ? as text, 'Berlin' as place, "
            "timestamp '2026-11-22 09:00:00' as event_time, 0.5 as polarity "
            "union all select 'p-2', 'u-1', null, null, timestamp '2026-11-22 09:30:00', null order by 1",
            [TEXT],
        )
        connection.execute("create table dim_users as select 'u-1' as user_id, 'ANN' as user_name, 41 as age")
    return tmp_path


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_a_pseudonymised_file_names_nobody_and_can_still_be_joined(
    home: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    """Prevents an id, a handle or a mention that leaves the house, and pseudonyms that differ from mart to mart."""
    options = ["--pseudonymise", "--key-file", "secret.key"]
    posts, users = home / f"posts.{suffix}", home / f"users.{suffix}"
    assert exit_code(["export", "fct_posts", "--out", str(posts), *options]) == 0
    assert exit_code(["export", "dim_users", "--out", str(users), *options]) == 0
    said = capsys.readouterr()
    assert "2 rows of fct_posts, ids, names and mentions are pseudonyms" in said.out
    assert SECRET not in said.out + said.err
    first, second = rows_of(posts)
    [user] = rows_of(users)
    assert first["author_id"] == second["author_id"] == user["user_id"] == pseudonym(KEY, "user", "u-1")
    assert f"@{user['user_name']}" in first["text"], "@Ann and ANN are one person"
    assert not [name for name in NOBODY if name in str([first, second, user])]
    assert first["text"].count("(address)") == 2
    assert (first["place"] or None, second["text"] or None, int(user["age"])) == (None, None, 41)
    if suffix == "csv":
        assert first["text"].startswith("'="), "a spreadsheet would run it"
    again = home / f"again.{suffix}"
    assert exit_code(["export", "fct_posts", "--out", str(again), *options]) == 0
    assert again.read_bytes() == posts.read_bytes()


def test_another_key_makes_other_pseudonyms(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Prevents pseudonyms that two receivers could compare, or anybody could compute."""
    monkeypatch.setenv("SOCIALSENT_PSEUDONYM_KEY", SECRET[::-1])
    assert exit_code(["export", "dim_users", "--out", "users.jsonl", "--pseudonymise"]) == 0
    [user] = rows_of(home / "users.jsonl")
    assert user["user_id"] != pseudonym(KEY, "user", "u-1")
    assert len(user["user_id"]) == 32


def test_an_export_as_it_is_has_everything(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["export", "fct_posts", "--out", "posts.jsonl"]) == 0
    assert rows_of(home / "posts.jsonl")[0]["text"] == TEXT
    assert "ids and names are in it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fct_posts", "--out", "posts.xlsx"], "does not end with any of .parquet, .csv, .jsonl"),
        (["cleansed.posts", "--out", "posts.csv"], "not a mart that can be exported"),
        (["fct_posts", "--out", "nowhere/posts.csv"], "cannot be written"),
        (["fct_posts", "--out", "p.csv", "--pseudonymise"], "needs a key"),
        (["fct_posts", "--out", "p.csv", "--pseudonymise", "--key-file", "short.key"], "could be guessed"),
        (["fct_posts", "--out", "p.csv", "--pseudonymise", "--key-file", "none.key"], "cannot be read"),
        (["fct_posts", "--out", "p.csv", "--key-file", "secret.key"], "--key-file is for --pseudonymise"),
        (["fct_comments", "--out", "p.csv"], "no marts yet"),
    ],
)
def test_what_cannot_be_exported_is_named_and_leaves_no_file(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Prevents a half of a file, or one without the pseudonyms that were wanted."""
    (home / "short.key").write_text("secret")
    before = {path.name for path in home.iterdir()}
    assert exit_code(["export", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert {path.name for path in home.iterdir()} == before


def test_a_column_that_nobody_looked_at_stays_in_the_house(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a new column with a name in it from being exported because no list mentions it."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("alter table dim_users add column phone varchar")
    assert exit_code(["export", "dim_users", "--out", "u.csv", "--pseudonymise", "--key-file", "secret.key"]) == 2
    assert "phone" in capsys.readouterr().err


def test_every_column_of_the_marts_is_looked_at() -> None:
    """Prevents a mart that can no longer be exported after a column was added to it."""
    for mart in MARTS:
        content = yaml.safe_load((PROJECT / "models" / "marts" / f"{mart}.yml").read_text())
        names = {column["name"] for column in content["models"][0]["columns"]}
        assert names <= {*IDS, *TEXTS, *LEFT_OUT, *PLAIN}, mart


def test_a_text_without_names_is_left_alone() -> None:
    for text in ("So happy: 5 @ 10 :) a/b u/x", "mañana, 日本語 @ ", ""):
        assert pseudonymous_text(KEY, text) == text


def test_the_file_is_readable_by_its_owner_alone(home: Path) -> None:
    """Prevents an export with ids in it that every user of the machine can read."""
    assert exit_code(["export", "fct_posts", "--out", "posts.csv"]) == 0
    assert stat.S_IMODE((home / "posts.csv").stat().st_mode) == 0o600
