"""Objects are replaced whole, keys stay inside their tier, and a version changes with the content."""

import gzip
from pathlib import Path

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage import FolderStorage, storage_at, walk


@pytest.fixture
def tier(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "tier")


def test_a_key_cannot_leave_its_tier(tier: FolderStorage) -> None:
    """Prevents a crafted name that writes over somebody else's files."""
    for key in ("../outside", "a/../../outside", "/etc/passwd"):
        with pytest.raises(ValueError, match="leaves its tier"):
            tier.write(key, b"x")


def test_writing_the_same_bytes_again_touches_nothing(tier: FolderStorage) -> None:
    """Prevents a repeated delivery that makes an unchanged hour look new."""
    assert tier.write("a/b.jsonl.gz", b"one") is True
    before = Path(tier.path("a/b.jsonl.gz")).stat().st_mtime_ns
    assert tier.write("a/b.jsonl.gz", b"one") is False
    assert Path(tier.path("a/b.jsonl.gz")).stat().st_mtime_ns == before


def test_a_rewrite_of_equal_size_changes_the_version(tier: FolderStorage) -> None:
    """Prevents a corrected object that nobody notices because name, size and second are the same."""
    first, second = (gzip.compress(text, mtime=0) for text in (b"aaaa", b"bbbb"))
    assert len(first) == len(second)
    tier.write("h/x.jsonl.gz", first)
    old = tier.list("h")[0]
    tier.write("h/x.jsonl.gz", second)
    new = tier.list("h")[0]
    assert (old.key, old.size) == (new.key, new.size)
    assert old.version != new.version


def test_a_failed_write_leaves_the_old_object(tier: FolderStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a half-written object when the disk fills up."""
    tier.write("a/b", b"old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        tier.write("a/b", b"newer")
    assert tier.read("a/b") == b"old"
    assert [path.name for path in Path(tier.path("a")).iterdir()] == ["b"]


def test_a_listing_leaves_out_writes_under_way(tier: FolderStorage) -> None:
    """Prevents a reader that picks up a temporary file of a writer that was killed."""
    tier.write("a/b", b"x")
    Path(tier.path("a/.writing-123")).write_bytes(b"half")
    assert [info.key for info in tier.list("a")] == ["a/b"]


def test_a_missing_folder_is_empty_and_a_missing_object_is_an_error(tier: FolderStorage) -> None:
    """Prevents a broken path that reads as an empty object."""
    assert tier.list("nowhere") == []
    assert tier.folders("nowhere") == []
    with pytest.raises(FileNotFoundError):
        tier.read("nowhere/x")


def test_walking_finds_every_object_below(tier: FolderStorage) -> None:
    """Prevents an audit that sees only the first level."""
    for key in ("t/dt=1/a", "t/dt=1/hr=0/b", "t/c"):
        tier.write(key, b"x")
    assert sorted(info.key for info in walk(tier, "t")) == ["t/c", "t/dt=1/a", "t/dt=1/hr=0/b"]


def test_a_file_uri_and_a_plain_path_are_the_same_folder(tmp_path: Path) -> None:
    """Prevents a lake that splits in two because its address was written another way."""
    assert storage_at(f"file:{tmp_path}").uri == storage_at(f"file://{tmp_path}").uri == storage_at(str(tmp_path)).uri


def test_an_unknown_scheme_says_what_can_be_used() -> None:
    """Prevents a folder called 'ftp:' in the current directory."""
    with pytest.raises(UserError, match="ftp://host/lake"):
        storage_at("ftp://host/lake")
