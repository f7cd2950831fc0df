"""Files inside zips and tars: those with posts are read, the others are left alone, and a damaged one is reported."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.archives import archive_members
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.ingest.files import find_files
from socialsent_assets.ingest.input_file import InputFile
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.plan import plan_file
from tests.ingest.brought import FIXTURES, events_of, records_by

Pack = Callable[[Path, dict[str, str]], Path]
OUTBOX = (FIXTURES / "outbox.json").read_text()
ACTOR = json.dumps(
    {
        "id": "https://fedi.example/users/lena",
        "type": "Person",
        "preferredUsername": "lena",
        "name": "Lena",
        "published": "2022-11-01T00:00:00Z",
    }
)
LIKES = json.dumps({"id": "likes.json", "type": "OrderedCollection", "orderedItems": ["https://other.example/9"]})
TWEETS = (FIXTURES / "twitter_archive.js").read_text()
MASTODON = {"actor.json": ACTOR, "outbox.json": OUTBOX, "likes.json": LIKES, "avatar.png": "x"}


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return path


def events(files: list[InputFile]) -> list[str]:
    return [event.event_type for file in files for event in events_of(records_by(plan_file(file, Options())))]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_archive_of_a_mastodon_account_is_read_whole(tmp_path: Path, pack: Pack) -> None:
    """Prevents an archive that is rejected for the profile and the lists beside its posts."""
    path = pack(tmp_path / "archive.bin", MASTODON)
    files = find_files([path])
    assert [file.name.rpartition("/")[2] for file in files] == ["actor.json", "outbox.json", "likes.json"]
    assert events(files) == ["user", "post", "comment", "interaction", "post", "interaction", "deletion"]


@pytest.mark.parametrize("is_zip", [True, False])
def test_all_parts_of_a_big_account_are_read_and_nothing_else(tmp_path: Path, *, is_zip: bool) -> None:
    """Prevents the older half of an account's tweets from being left out without a word."""
    second = TWEETS.replace("14000000000000000", "15000000000000000")
    parts = {
        "data/tweets.js": TWEETS,
        "data/tweets-part1.js": second,
        "assets/app.json": "{}",
        "data/manifest.js": "",
    }
    if is_zip:
        (files) = find_files([zipped(tmp_path / "twitter.zip", parts)])
    else:
        for name, content in parts.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)
        files = find_files([tmp_path])
    assert len(files) == 2
    assert events(files).count("post") == 2


def test_a_damaged_member_breaks_as_a_damaged_file_does(tmp_path: Path) -> None:
    """Prevents a traceback of the unpacker in the middle of an import."""
    lines = "".join(
        json.dumps({"created_at": "2026-06-24T10:00:00Z", "text": f"post {n}"}) + "\n" for n in range(9_000)
    )
    path = zipped(tmp_path / "posts.zip", {"posts.jsonl": lines})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    (file,) = find_files([path])
    with pytest.raises(BrokenFileError, match="its archive is damaged"):
        records_by(plan_file(file, Options()))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_half_an_archive_is_one_sentence(tmp_path: Path, pack: Pack) -> None:
    """Prevents half a download from being called a file of nothing."""
    path = pack(tmp_path / "archive.bin", MASTODON)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(UserError, match="get the whole file"):
        archive_members(path, path.name)


def test_what_unpacks_beyond_reason_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a zip of a megabyte that is read for hours."""
    monkeypatch.setattr("socialsent_assets.ingest.archives.UNSUSPICIOUS_BYTES", 1_000_000)
    path = zipped(tmp_path / "bomb.zip", {"posts.csv": "a,b,c\n" * 1_000_000})
    with pytest.raises(UserError, match="expands more than 250-fold"):
        find_files([path])
