"""Objects are replaced whole, keys stay inside their tier, and a version changes with the content.

What `Storage` promises is tested on a folder and on S3 (`tier`); what only one of them can do, on that one.
"""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.lake.storage.open import storage_at


@pytest.fixture
def folder(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "tier")


def test_a_key_cannot_leave_its_tier(tier: Storage) -> None:
    """Prevents a crafted name that overwrites files outside of the tier."""
    for key in ("../outside", "a/../../outside", "/etc/passwd"):
        with pytest.raises(ValueError, match="leaves its tier"):
            tier.write(key, b"x")


def test_writing_the_same_bytes_again_touches_nothing(tier: Storage) -> None:
    """Prevents a repeated delivery that makes an unchanged hour look new."""
    assert tier.write("a/b.jsonl", b"one") is True
    before = tier.list("a")
    assert tier.write("a/b.jsonl", b"one") is False
    assert tier.list("a") == before
    assert tier.write("a/b.jsonl", b"two") is True
    assert tier.read("a/b.jsonl") == b"two"


def test_a_rewrite_of_equal_size_changes_the_version(tier: Storage) -> None:
    """Prevents a corrected object that goes unnoticed because name, size and second are the same."""
    first, second = (gzip.compress(text, mtime=0) for text in (b"aaaa", b"bbbb"))
    assert len(first) == len(second)
    tier.write("h/x.jsonl.gz", first)
    old = tier.list("h")[0]
    tier.write("h/x.jsonl.gz", second)
    new = tier.list("h")[0]
    assert (old.key, old.size) == (new.key, new.size)
    assert old.version != new.version


def test_a_rewrite_that_keeps_size_and_time_or_end_changes_the_version(folder: FolderStorage) -> None:
    """Prevents a corrected object that goes unnoticed: rsync keeps times, gzip members before the last any end."""
    old_end = gzip.compress(b"end", mtime=0)
    for key, first, second in (
        ("h/x.jsonl", b"I love it", b"I hate it"),
        ("h/x.jsonl.gz", gzip.compress(b"love", mtime=0) + old_end, gzip.compress(b"hate", mtime=0) + old_end),
    ):
        assert len(first) == len(second)
        folder.write(key, first)
        path = Path(folder.path(key))
        times, old = path.stat(), folder.list("h")
        replacement = path.with_name(".new")
        replacement.write_bytes(second)
        os.utime(replacement, ns=(times.st_atime_ns, times.st_mtime_ns))
        os.replace(replacement, path)
        assert folder.list("h") != old


def test_a_failed_write_leaves_the_old_object(folder: FolderStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a half-written object when the disk fills up."""
    folder.write("a/b", b"old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        folder.write("a/b", b"newer")
    assert folder.read("a/b") == b"old"
    assert [path.name for path in Path(folder.path("a")).iterdir()] == ["b"]


def test_a_listing_leaves_out_writes_under_way(tier: Storage) -> None:
    """Prevents a reader that picks up a temporary file of a writer that was killed."""
    tier.write("a/b", b"x")
    tier.write("a/.writing-123", b"half")
    tier.write("a/.hidden/c", b"x")
    assert [info.key for info in tier.list("a")] == ["a/b"]
    assert tier.folders("a") == []


def test_a_listing_shows_one_folder_and_not_its_namesakes(tier: Storage) -> None:
    """Prevents hour 1 that holds the objects of hours 10 to 19, because their names begin alike."""
    for key in ("h/1/a", "h/10/b", "h/1/deep/c", "h/top"):
        tier.write(key, b"x")
    assert [info.key for info in tier.list("h/1")] == ["h/1/a"]
    assert tier.folders("h") == ["1", "10"]
    assert [info.key for info in tier.list("h")] == ["h/top"]
    assert tier.folders("") == ["h"]


def test_a_listing_has_the_age_of_each_object_without_another_request(tier: Storage) -> None:
    """Prevents a latency of deletions that only one machine measures, because S3 bills the question."""
    tier.write("events/a.jsonl", b"x")
    for info in (*tier.list("events"), *tier.walk("")):
        assert info.changed_at == tier.changed_at(info.key)


def test_a_missing_folder_is_empty_and_a_missing_object_is_an_error(tier: Storage) -> None:
    """Prevents a broken path that reads as an empty object."""
    assert tier.list("nowhere") == []
    assert tier.folders("nowhere") == []
    for read in (tier.read, tier.open):
        with pytest.raises(FileNotFoundError):
            read("nowhere/x")
    tier.delete("nowhere/x")


def test_an_open_object_can_be_read_in_parts(tier: Storage) -> None:
    """Prevents a large landing object that has to fit into memory."""
    content = bytes(range(256)) * 100
    tier.write("a/b", content)
    with tier.open("a/b") as file:
        assert file.read(300) == content[:300]
        assert file.read() == content[300:]


def test_an_adopted_file_is_an_object(tier: Storage) -> None:
    """Prevents a data file that a commit names and no reader finds."""
    with tier.scratch("posts/data") as place:
        (place / "x").write_bytes(b"rows")
        tier.adopt("posts/data/x", place / "x")
    assert tier.read("posts/data/x") == b"rows"
    assert [info.key for info in tier.walk("")] == ["posts/data/x"]


def test_removing_a_folder_leaves_its_neighbours(tier: Storage) -> None:
    """Prevents a run that clears away another run's work."""
    for key in ("s/a/1", "s/a/deep/2", "s/ab/3"):
        tier.write(key, b"x")
    tier.remove("s/a")
    assert [info.key for info in tier.walk("")] == ["s/ab/3"]


def test_walking_finds_every_object_below(tier: Storage) -> None:
    """Prevents an audit that sees only the first level."""
    for key in ("t/dt=1/a", "t/dt=1/hr=0/b", "t/c"):
        tier.write(key, b"x")
    assert sorted(info.key for info in tier.walk("t")) == ["t/c", "t/dt=1/a", "t/dt=1/hr=0/b"]


def test_a_file_uri_and_a_plain_path_are_the_same_folder(tmp_path: Path) -> None:
    """Prevents a lake that splits in two because its address was written another way."""
    assert storage_at(f"file:{tmp_path}").uri == storage_at(f"file://{tmp_path}").uri == storage_at(str(tmp_path)).uri


def test_an_s3_uri_with_and_without_a_slash_at_its_end_is_the_same_tier() -> None:
    """Prevents keys with an empty part in them, which no other reader finds."""
    assert storage_at("s3://b/p/").path("k") == storage_at("s3://b/p").path("k") == "s3://b/p/k"
    assert storage_at("s3://b/").path("k") == storage_at("s3://b").path("k") == "s3://b/k"
    assert storage_at("s3://b").path("") == "s3://b"


@pytest.mark.parametrize("uri", ["s3://", "s3:///prefix"])
def test_an_s3_uri_without_a_bucket_says_what_to_write(uri: str) -> None:
    """Prevents a request to a bucket without a name, which lists all buckets."""
    with pytest.raises(UserError, match="s3://BUCKET/PREFIX"):
        storage_at(uri)


def test_a_lake_in_folders_loads_nothing_of_aws() -> None:
    """Prevents half a second of imports in every command without AWS."""
    program = (
        "import sys; from pathlib import Path; from socialsent_assets.lake.lake import Lake;"
        "from socialsent_assets.warehouse.duckdb.engine import reading; "
        "from socialsent_assets.lake.storage.open import storage_at;"
        "from socialsent_assets.jobs import cleanse, score, spark_session;"
        "from socialsent_assets.settings import Settings;"
        "spark_session.spark_config(Settings.from_env({}));"
        "lake = Lake.in_folder(Path('/nowhere')); lake.cleansed.list('x');"
        "sql = reading(lake, Path('/nowhere/w')); sql.__enter__().run('select 1');"
        "print(sorted({'boto3', 'botocore', 'aiobotocore', 's3fs'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_scheme_says_what_can_be_used() -> None:
    """Prevents a folder called 'ftp:' in the current directory."""
    with pytest.raises(UserError, match="ftp://host/lake"):
        storage_at("ftp://host/lake")


def test_an_object_is_read_at_any_place(tier: Storage) -> None:
    """Prevents a Parquet file whose end cannot be read first, or that is read beyond its end."""
    tier.write("a/b", b"0123456789")
    with tier.open_at("a/b", 10) as opened:
        assert opened.seek(-3, 2) == 7
        assert opened.read() == b"789"
        assert (opened.seek(2), opened.read(4), opened.tell()) == (2, b"2345", 6)
        opened.seek(10)
        assert opened.read(5) == b""


def test_a_slow_question_prints_no_progress() -> None:
    """Prevents `status --format json` whose first lines are DuckDB's progress bar, after two seconds of work."""
    from socialsent_assets.lake.duckdb.connection import connected

    with connected([]) as connection:
        assert connection.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]
