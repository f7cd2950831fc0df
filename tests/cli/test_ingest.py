"""`socialsent ingest`: any file has a clear outcome, the numbers add up, and twice is once."""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.lake.storage.local import FolderStorage

CSV_HEADER = "event_time,post_id,author_id,text\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, in a current folder without .env."""
    for name in [name for name in os.environ if name.startswith("SOCIALSENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def post(event_id: str, time: str = "2026-11-20T09:40:00Z") -> str:
    return json.dumps({**KINDS["post"].example, "event_id": event_id, "event_time": time})


def write(name: str, *lines: str) -> str:
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def summary(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert exit_code(["ingest", "--format", "json", *arguments]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def lake_lines(home: Path, kind: str) -> list[str]:
    files = sorted((home / "lake" / "landing" / kind).rglob("*.gz"))
    return [line for file in files for line in gzip.decompress(file.read_bytes()).decode().splitlines()]


def test_lines_in_are_landed_duplicates_and_quarantined(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a summary whose numbers do not add up, or differ from the lake."""
    write("events.jsonl", post("a"), post("b"), post("a"), "nope", "", post("c", "2026-11-20T10:00:00"))
    assert exit_code(["ingest", "events.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "lines in 5 = landed 2 + duplicates 1 + quarantined 2\n" in out
    assert "not_json 1, first: events.jsonl line 4: " in out
    assert "invalid_field 1, first: events.jsonl line 6: event_time is '2026-11-20T10:00:00': no offset" in out
    assert "stale now: 1 hour (2026-11-20-09:00)\nnext: socialsent materialize\n" in out
    assert (len(lake_lines(home, "events")), len(lake_lines(home, "quarantine"))) == (2, 2)


def test_the_second_time_nothing_changes_and_it_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a repeated command that doubles the lake or makes fresh hours stale."""
    write("events.jsonl", post("a"), "nope")
    exit_code(["ingest", "events.jsonl"])
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    Path("renamed.jsonl.gz").write_bytes(gzip.compress(Path("events.jsonl").read_bytes()))
    for name in ("events.jsonl", "renamed.jsonl.gz"):
        capsys.readouterr()
        assert exit_code(["ingest", name]) == 0
        out = capsys.readouterr().out
        assert "already there: 1 of the landed records, from an earlier run" in out
        assert "no hour changed" in out
    events = [path for path in before if "events" in path.parts]
    assert [path.stat().st_mtime_ns for path in events] == [before[path] for path in events]
    (rejected,) = lake_lines(home, "quarantine")
    assert json.loads(rejected)["position"] == "renamed.jsonl.gz line 2"


def test_every_bad_kind_in_one_file_still_adds_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents one strange line that ends the reading of a file."""
    lines = [
        post("good").encode(),
        post("good").encode(),
        b"\xff\xfe not utf-8",
        post("cut").encode()[:40],
        b'"a string"',
        b"x" * 2_000_000,
        post("v").replace('"schema_version": 1', '"schema_version": 2').encode(),
        post("t").replace('"text"', '"txt"').encode(),
        post("f").replace('"p-17"', "1.5").encode(),
        post("k").replace('"event_type": "post"', '"event_type": "story"').encode(),
        post("o", "0001-01-01T00:00:00Z").encode(),
        post("o", "9999-12-31T23:59:59Z").encode(),
        post("n").replace('"p-17"', "NaN").encode(),
        post("h").replace('"p-17"', "1e400").encode(),
        b"[" * 100_000 + b"]" * 100_000,
        post("s").replace("tram", "\\ud800", 1).encode(),
        post("z").replace('"p-17"', '"p\\u0000"').encode(),
        post("leap", "2026-06-30T23:59:60Z").encode(),
        b"[" + post("in array").encode() + b", {}]",
    ]
    Path("bad.jsonl").write_bytes(b"\n".join(lines))
    told = summary(capsys, "bad.jsonl")
    assert told["records"] == 20 == told["landed"] + told["duplicates"] + told["quarantined"]
    assert (told["lines"], told["landed"], told["duplicates"]) == (19, 3, 1)
    assert len(told["reasons"]) == 9  # type: ignore[arg-type]
    assert len(lake_lines(home, "quarantine")) == told["quarantined"]


def test_a_missing_column_is_one_line_with_its_solution(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a traceback for a column of another name."""
    write("tweets.csv", "id,created_at,words", "1,2026-11-20T09:00:00Z,hello")
    assert exit_code(["ingest", "tweets.csv"]) == 2
    assert capsys.readouterr().err == (
        "socialsent: tweets.csv has no column that is surely text (found: id, created_at, words). "
        "Name it: --map text=words\n"
    )


def test_a_mapped_csv_lands(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents options that are parsed and not used."""
    write("tweets.csv", "id;created_at;body;who", "1;2026-11-20 09:00:00;a, b;7", "2;2026-11-20 10:00:00;c;7")
    options = ["--map", "event_time=created_at,text=body", "--map", "author_id=who", "--delimiter", "semicolon"]
    told = summary(capsys, "tweets.csv", *options, "--assume-utc", "--source", "shop")
    assert told["landed"] == 2
    assert told["stale_hours"] == ["2026-11-20-09:00", "2026-11-20-10:00"]
    event = json.loads(lake_lines(home, "events")[0])
    assert (event["source"], event["data"]["text"], event["data"]["post_id"]) == ("shop", "a, b", "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl does not exist"),
        (["two_ways.csv"], "column event_time: '02/03/2026' is ambiguous; choose: --dates day-first"),
        (["tweets.csv", "--as", "tweeter"], "--as tweeter is not known; choose from events, table, activitypub"),
        (["tweets.csv", "--timezone", "Mars"], "--timezone Mars is not known; write UTC, +02:00"),
        (["tweets.csv", "--encoding", "utf-9"], "--encoding utf-9 is not known; write utf-8"),
        (["*.jsonx"], "no file matches *.jsonx"),
        (["picture.png"], "picture.png is not JSON, CSV or a workbook"),
        (["empty_folder"], "empty_folder contains no file of posts"),
        (
            ["events.jsonl", "--map", "text=body"],
            "events.jsonl holds events of the contract; --map and --set are for other files",
        ),
        (["tweets.csv", "--map", "text"], "--map text is not valid; write --map NAME=VALUE"),
        (["tweets.csv", "--map", "text=a,text=b"], "--map names text twice"),
        (["tweets.csv", "--delimiter", "::"], "--delimiter :: is not one character"),
        (["tweets.csv", "--event-type", "story"], "there is no event type story"),
        ([], "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_request_that_cannot_be_met_ends_with_2_and_one_line(
    arguments: list[str], words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a traceback, a success that did nothing, and a lake that was touched before the check."""
    write("events.jsonl", post("a"))
    write("tweets.csv", CSV_HEADER)
    write("two_ways.csv", CSV_HEADER.strip(), "02/03/2026,1,2,x")
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Path("empty_folder").mkdir()
    assert exit_code(["ingest", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert not (home / "lake").exists()


def test_nothing_lands_when_a_later_file_cannot_be_used(home: Path) -> None:
    """Prevents half an import because of a mistake that could be seen before it began."""
    assert exit_code(["ingest", write("events.jsonl", post("a")), write("bad.csv", "a,b", "1,2")]) == 2
    assert not (home / "lake").exists()


def test_a_folder_without_permission_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a traceback for an unreadable folder (root may read everything, so the error is simulated)."""
    Path("secret").mkdir()

    def refuse(self: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert exit_code(["ingest", "secret"]) == 2
    assert capsys.readouterr().err == "socialsent: secret cannot be read (Permission denied); check its permissions\n"


def test_a_folder_stands_for_its_event_files(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a folder that must be listed by hand, or whose other files end the import."""
    Path("in").mkdir()
    write("in/a.jsonl", post("a"))
    Path("in/b.ndjson.gz").write_bytes(gzip.compress(post("b").encode()))
    write("in/notes.txt", "not an event")
    write("in/.hidden.jsonl", post("h"))
    told = summary(capsys, "in", "in/a.jsonl")
    assert (told["files"], told["landed"]) == (["a.jsonl", "b.ndjson.gz"], 2)


@pytest.mark.parametrize("content", [b"", b"\n\n", CSV_HEADER.encode(), gzip.compress(b"", mtime=0)])
@pytest.mark.parametrize("name", ["empty.jsonl", "empty.csv", "empty"])
def test_an_empty_file_is_no_error_and_says_so(name: str, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents an hourly job that fails in a quiet hour."""
    if content.startswith(b"event_time") and name != "empty.csv":
        content = b" \n"
    Path(name).write_bytes(content)
    assert exit_code(["ingest", name]) == 0
    assert capsys.readouterr().out == f"{name}: empty, nothing to ingest\n"


def test_a_cut_gzip_lands_what_there_is_and_ends_with_2(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a truncated download that looks like a success, or of which nothing lands."""
    packed = gzip.compress("\n".join(post(f"e{n}") for n in range(5_000)).encode())
    Path("cut.jsonl.gz").write_bytes(packed[:-500])
    assert exit_code(["ingest", "cut.jsonl.gz", write("whole.jsonl", post("x")), "--format", "json"]) == 2
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert told["records"] == told["landed"] + told["duplicates"] + told["quarantined"]
    assert told["landed"] == len(lake_lines(home, "events")) > 1_000
    assert any(json.loads(line)["event_id"] == "x" for line in lake_lines(home, "events"))
    assert captured.err.count("\n") == 1
    assert (
        "cut.jsonl.gz cannot be read completely: its gzip data is cut off. What could be read has landed"
        in captured.err
    )
    Path("cut.jsonl.gz").write_bytes(packed)
    assert summary(capsys, "cut.jsonl.gz")["landed"] == 5_000


def test_a_full_disk_ends_with_1_and_the_same_command_completes_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a half-written object, and doubt whether the command may be repeated."""
    write("events.jsonl", post("a"), post("b", "2026-11-20T10:00:00Z"))
    real = FolderStorage.write

    def full(self: FolderStorage, key: str, content: bytes) -> bool:
        if "hr=10" in key:
            raise OSError(28, "No space left on device")
        return real(self, key, content)

    monkeypatch.setattr(FolderStorage, "write", full)
    assert exit_code(["ingest", "events.jsonl"]) == 1
    assert "No space left on device); free some space and run the same command again" in capsys.readouterr().err
    monkeypatch.setattr(FolderStorage, "write", real)
    assert summary(capsys, "events.jsonl")["landed"] == 2 == len(lake_lines(home, "events"))


def test_history_needs_no_setting(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a whole archive in quarantine because it is older than the stream."""
    write("old.jsonl", post("a", "2009-04-07T05:19:45Z"), post("b", "1989-12-31T23:00:00Z"))
    told = summary(capsys, "old.jsonl")
    assert (told["landed"], told["reasons"]) == (1, {"event_time_out_of_range": 1})
    write("old.csv", CSV_HEADER.strip(), "1985-01-05T00:00:00Z,1,2,x")
    assert exit_code(["ingest", "old.csv"]) == 0
    assert "to land older ones too: export SOCIALSENT_START=1985-01-05T00:00Z" in capsys.readouterr().out


def test_what_a_file_is_taken_for_is_shown_before_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a mapping that a person learns of when the marts are wrong."""
    write("tweets.csv", "created,who,comment", "2026-11-20 09:00,ann,so lovely", "2026-11-20,bob,no")
    assert exit_code(["ingest", "tweets.csv", "--assume-utc"]) == 0
    assert capsys.readouterr().out.splitlines()[:8] == [
        "tweets.csv: CSV",
        "  event_time <- created (ISO 8601, date alone; without an offset it is UTC)",
        "  post_id: derived from the content of each row",
        "  author_id: no column, so all rows are by csv-unknown",
        "  text <- comment",
        "  | 2026-11-20T09:00:00Z  post  csv-unknown  so lovely",
        "  | 2026-11-20T00:00:00Z  post  csv-unknown  no",
        "lines in 2 = landed 2 + duplicates 0 + quarantined 0",
    ]


def test_a_dry_run_says_the_numbers_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a look at a file that changes the lake."""
    write("tweets.csv", CSV_HEADER.strip(), "2026-11-20T09:00:00Z,1,2,x", "never,2,2,y")
    assert exit_code(["ingest", "tweets.csv", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "lines in 2 = landed 1 + duplicates 0 + quarantined 1" in out
    assert out.endswith("dry run: nothing was written\n")
    assert not (home / "lake").exists() or not [path for path in (home / "lake").rglob("*") if path.is_file()]


def test_another_mapping_replaces_what_the_first_one_landed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a mistake in a mapping that stays in the lake beside its correction."""
    write("tweets.csv", "time,text,title", "2026-11-20T09:00:00Z,wrong,right")
    summary(capsys, "tweets.csv")
    summary(capsys, "tweets.csv", "--map", "text=title")
    (line,) = lake_lines(home, "events")
    assert json.loads(line)["data"]["text"] == "right"


def test_labels_land_with_their_posts_and_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents human labels that need a second command, or that double with a second import."""
    write("posts.csv", "time,text,mood", "2026-11-20T09:00:00Z,lovely,positive", "2026-11-20T09:01:00Z,no,negative")
    for _ in range(2):
        told = summary(capsys, "posts.csv", "--label", "mood")
        assert (told["landed"], told["labels"]) == (2, 2)
    labels = [json.loads(line) for line in lake_lines(home, "labels")]
    posts = [json.loads(line)["data"] for line in lake_lines(home, "events")]
    assert {label["text_id"]: label["label"] for label in labels} == {
        post["post_id"]: "positive" if post["text"] == "lovely" else "negative" for post in posts
    }


def test_a_zip_of_files_and_stdin_are_files(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a download that has to be unpacked by hand, and a pipe that needs a temporary file."""
    with zipfile.ZipFile("all.zip", "w") as archive:
        archive.writestr("a/events.jsonl", post("a"))
        archive.writestr("tweets.csv", CSV_HEADER + "2026-11-20T09:00:00Z,1,2,x\n")
        archive.writestr("__MACOSX/tweets.csv", "x")
        archive.writestr("readme.md", "x")
    told = summary(capsys, "all.zip")
    assert (told["files"], told["landed"]) == (["all.zip/a/events.jsonl", "all.zip/tweets.csv"], 2)
    done = subprocess.run(
        [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", "ingest", "-"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        input=CSV_HEADER + "2026-11-20T09:00:00Z,2,2,y\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "lines in 1 = landed 1" in done.stdout, done.stderr
    assert len(lake_lines(home, "events")) == 3


def test_arrays_and_pretty_printed_files_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents an export of a common shape from being rejected line by line."""
    events = [json.loads(post(str(n))) for n in range(10)]
    Path("pretty.json").write_text(json.dumps(events, indent=2))
    assert summary(capsys, "pretty.json")["landed"] == 10
    exit_code(["ingest", write("arrays.jsonl", json.dumps(events), json.dumps(events[:3]))])
    assert "lines in 13 (records; 2 lines, some hold arrays) = landed 10 + duplicates 3" in capsys.readouterr().out


def test_the_command_works_as_a_process(tmp_path: Path) -> None:
    """Prevents a console script that works in tests alone."""
    write("events.jsonl", post("a"), "nope")
    done = subprocess.run(
        [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", "ingest", "events.jsonl"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("lines in 2 = landed 1 + duplicates 0 + quarantined 1\n")
    assert done.stderr == ""
