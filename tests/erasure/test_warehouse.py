"""The file of the marts forgets, down to its bytes, and is the same warehouse otherwise."""

from __future__ import annotations

from pathlib import Path

import duckdb

from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.erasure.request import ErasureRequest
from socialsent_assets.erasure.traces import find_traces
from socialsent_assets.erasure.warehouse import erase_warehouse, own_texts

ANN = ErasedIds(users=frozenset(("user-0000001",)))


def remembering(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema staging")
        connection.execute("create table staging.int_event_keys as select * from (values"
                           " ('post', 'post-0000001', 'post-0000001', 'user-0000001', null),"
                           " ('comment', 'reply-0000002', 'post-0000001', 'user-0000002', null),"
                           " ('interaction', 'like-0000003', 'post-0000002', 'user-0000001', null),"
                           " ('interaction', 'follow-000004', null, 'user-0000002', 'user-0000001'),"
                           " ('post', 'post-0000002', 'post-0000002', 'user-0000002', null))"
                           " t(event_kind, entity_id, post_id, user_id, other_user_id)")  # fmt: skip
        connection.execute(f"create view staging.keys as select * from {path.stem}.staging.int_event_keys")
        connection.execute("create table gone as select 'post-0000001' as post_id from range(3000)")
        connection.execute("checkpoint")
        connection.execute("delete from gone")


def test_what_the_marts_remember_goes_and_the_file_is_written_anew(tmp_path: Path) -> None:
    """Prevents keys that outlive a person, and deleted blocks that keep their bytes."""
    path = tmp_path / "warehouse.duckdb"
    remembering(path)
    ids = own_texts(path, ANN)
    assert ids.texts == {"post-0000001", "like-0000003"}
    request = ErasureRequest(ids)
    assert erase_warehouse(path, request) == 4
    assert list(find_traces([tmp_path], request.needles())) == []
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select entity_id from staging.keys").fetchall() == [("post-0000002",)]
    assert erase_warehouse(path, request) == 0
    assert own_texts(tmp_path / "none.duckdb", ANN) == ANN
