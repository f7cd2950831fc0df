"""A lake whose folder was copied, moved or reached by another path."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from tests.built_lake import build_table, write_table

HOUR = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def original(tmp_path: Path) -> Lake:
    lake = Lake.in_folder(tmp_path / "original")
    build_table(lake, POSTS, HOUR, [{"event_id": "e1", "post_id": "p1"}])
    assert set(read_builds(lake).cleanse) == {HOUR}  # which also writes the cache that a copy brings along
    return lake


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")} | {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")
    }


def test_a_build_in_a_copy_leaves_the_original_as_it_is(original: Lake, tmp_path: Path) -> None:
    """Prevents a copied home whose builds change the home that it was copied from: a catalog has full addresses."""
    folder = tmp_path / "original"
    shutil.copytree(folder, tmp_path / "copy")
    before = contents(folder)
    copy = Lake.in_folder(tmp_path / "copy")
    assert read_builds(copy).cleanse == {}
    write_table(copy, POSTS, HOUR, [{"event_id": "e2", "post_id": "p2"}])
    assert contents(folder) == before
    [file] = files_of(copy.table(POSTS))
    assert file.path.startswith(str(tmp_path / "copy"))
    assert len(files_of(original.table(POSTS))) == 1


def test_a_moved_lake_is_built_again_where_it_is_now(original: Lake, tmp_path: Path) -> None:
    """Prevents a lake that cannot be read any more after its project folder was renamed."""
    shutil.move(tmp_path / "original", tmp_path / "moved")
    moved = Lake.in_folder(tmp_path / "moved")
    assert read_builds(moved).cleanse == {}
    assert files_of(moved.table(POSTS)) == []


def test_another_path_to_the_same_folder_is_the_same_lake(original: Lake, tmp_path: Path) -> None:
    """Prevents that a symbolic link to a home, as /tmp is one on some machines, drops every table."""
    (tmp_path / "link").symlink_to(tmp_path / "original", target_is_directory=True)
    linked = Lake.in_folder(tmp_path / "link")
    assert len(files_of(linked.table(POSTS))) == 1
    assert set(read_builds(linked).cleanse) == {HOUR}
    assert len(files_of(original.table(POSTS))) == 1
