"""sizes.toml: a typing error is reported before anything is deployed, never replaced by a default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.sizes import SIZES_FILE, load_size
from socialsent_assets.settings import UserError

SMALL = "[small.lake]\nkeep_on_delete = false"


def sizes_with(tmp_path: Path, before: str, after: str) -> Path:
    text = SIZES_FILE.read_text()
    assert text.count(before) >= 1, f"sizes.toml has no {before!r}"
    file = tmp_path / "sizes.toml"
    file.write_text(text.replace(before, after, 1))
    return file


@pytest.mark.parametrize("name", ["small", "production"])
def test_both_sizes_can_be_read(name: str) -> None:
    assert load_size(name).name == name


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (SMALL, "[small.lake]\nkeep_on_deletion = false", "keep_on_deletion"),
        (SMALL, "[small.lake]", "keep_on_delete"),
        (SMALL, "[small.lake]\nkeep_on_delete = 0", "keep_on_delete"),
        ("stream_shards = 1", 'stream_shards = "1"', "stream_shards"),
        ("stream_shards = 1", "stream_shards = true", "stream_shards"),
        ("stream_shards = 1", "stream_shards = -1", "stream_shards"),
        ('stream_mode = "provisioned"', 'stream_mode = "on-demand"', "on_demand"),
        ('kind = "serverless"', 'kind = "cluster"', "serverless or provisioned"),
        ("emails = []", "emails = [1]", "emails"),
        ("[small.lake]", "[small.lakes]", "lakes"),
    ],
)
def test_a_line_that_is_missing_unknown_or_of_another_type_is_told(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    """Prevents a typing error that deploys with a default, and shows on the bill."""
    with pytest.raises(UserError, match=told):
        load_size("small", sizes_with(tmp_path, before, after))


def test_an_unknown_size_is_told_with_those_that_exist() -> None:
    with pytest.raises(UserError, match="small, production"):
        load_size("huge")


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "sizes.toml").write_text("[small")
    with pytest.raises(UserError, match="cannot be read"):
        load_size("small", tmp_path / "sizes.toml")


@pytest.mark.parametrize("name", ["small", "production"])
def test_a_batch_is_given_up_before_the_stream_forgets_its_records(name: str) -> None:
    """The message about a failed batch names records; they must still be there for who reads it."""
    ingest = load_size(name).ingest
    assert ingest.record_max_age_hours < ingest.stream_retention_hours


@pytest.mark.parametrize("name", ["small", "production"])
def test_a_tick_ends_before_the_next(name: str) -> None:
    assert load_size(name).ingest.mock_server_timeout_seconds < 60


@pytest.mark.parametrize(("name", "reserved"), [("production", 40), ("small", 3)])
def test_a_consumer_that_stops_before_its_stream_does_is_told(name: str, reserved: int) -> None:
    """Prevents 200 shards that wait for 20 of them."""
    from infra.stacks.ingest import check_fan_out

    size = replace(load_size(name).ingest, consumer_reserved_concurrency=reserved, batches_at_once_per_shard=4)
    with pytest.raises(UserError, match="write 0"):
        check_fan_out(size)
    check_fan_out(replace(size, consumer_reserved_concurrency=0))
    check_fan_out(replace(size, consumer_reserved_concurrency=800))
