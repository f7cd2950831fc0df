"""The page follows the marts: there are none yet, they are being written, they changed, they went away."""

import hashlib
import re
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

import socialsent_assets.dashboard
from socialsent_assets.dashboard import live
from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.server import application
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.watched_words import change_watched
from tests.dashboard.conftest import replace_warehouse, rows
from tests.warehouse_file import lake_hour, make_warehouse, open_in_another_program, text_row


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(live, "PATIENCE_S", 0.0)
    monkeypatch.setattr(live, "REQUEST_PATIENCE_S", 0.0)


def looked(marts):
    marts.look()
    return marts.status


def test_no_marts_yet(tmp_path):
    """Prevents an error page before the first build, and one that stays after it."""
    path = tmp_path / "warehouse.duckdb"
    marts = LiveMarts(path, None)
    assert looked(marts).state == "no_marts"
    client = TestClient(application(marts))
    assert client.get("/api/view").status_code == 503
    assert "socialsent materialize" in client.get("/api/facts").json()["detail"]
    replace_warehouse(path)
    assert looked(marts).state == "ready"
    assert client.get("/api/view").status_code == 200


def test_a_warehouse_without_tables(tmp_path):
    """Prevents a crash on a file that dbt has only begun."""
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    assert looked(LiveMarts(tmp_path / "warehouse.duckdb", None)).state == "no_marts"


def test_marts_without_texts(tmp_path):
    """Prevents divisions by nothing."""
    path = make_warehouse(tmp_path / "warehouse.duckdb", lake_hours=[lake_hour()])
    marts = LiveMarts(path, None)
    assert looked(marts).state == "empty"
    assert TestClient(application(marts)).get("/api/facts").json()["data"] is None


def test_a_search_in_marts_that_are_newer_than_the_numbers(warehouse):
    """Prevents an error, or the rows of other texts, when a build ends between a look and a search."""
    marts = LiveMarts(warehouse, None)
    assert looked(marts).state == "ready"
    client = TestClient(application(marts))
    before = client.get("/api/view?q=sunny").json()["totals"]["n"]
    more = rows()
    more["posts"].insert(0, {"post_id": "new", **text_row(300, "a sunny day", topic="a new topic", hours=1.0)})
    more["lake_hours"].append(lake_hour(48))
    replace_warehouse(warehouse, **more)
    assert client.get("/api/view?q=unny").json()["totals"]["n"] == before
    assert looked(marts).state == "ready"
    assert client.get("/api/view?q=unny").json()["totals"]["n"] == before + 1


def test_while_another_program_writes_the_last_numbers_stay(warehouse):
    """Prevents an empty page while another process writes to the file."""
    marts = LiveMarts(warehouse, None)
    assert looked(marts).state == "ready"
    client = TestClient(application(marts))
    before = client.get("/api/view").json()["totals"]
    with open_in_another_program(warehouse):
        warehouse.touch()
        assert looked(marts).state == "busy"
        assert client.get("/api/view").json()["totals"] == before
        answer = client.get("/api/posts")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert client.get("/api/view?q=new words").status_code == 503
    assert looked(marts).state == "ready"
    assert client.get("/api/posts").status_code == 200


def test_a_build_that_took_the_receipt_away_is_not_shown(warehouse):
    """Prevents half-built marts from being shown as if they were done: lake_hours is written last."""
    marts = LiveMarts(warehouse, None)
    version = looked(marts).version
    replace_warehouse(warehouse, posts=rows()["posts"][:5], lake_hours=[])
    assert (looked(marts).state, marts.status.version) == ("busy", version)


def test_new_marts_are_read_and_counted_again(warehouse):
    """Prevents a page that never updates, and a person's texts after their erasure."""
    marts = LiveMarts(warehouse, None)
    first = looked(marts)
    client = TestClient(application(marts))
    assert client.get("/api/view?q=picnic").json()["totals"]["n"] > 0
    kept = [post for post in rows()["posts"] if "picnic" not in post["text"]]
    replace_warehouse(warehouse, posts=kept, comments=[], lake_hours=[{**lake_hour(), "lake_version": "other"}])
    second = looked(marts)
    assert second.number > first.number
    assert second.version != first.version
    assert client.get("/api/view?q=picnic").json()["totals"]["n"] == 0
    assert client.get("/api/view").json()["totals"]["n"] == len(kept)


def test_a_word_that_is_watched_from_now_on_is_counted_without_a_build(warehouse, tmp_path, monkeypatch):
    """Prevents a new watched word that waits for the next build, and kept answers that know nothing of it."""
    monkeypatch.setattr(live, "LAKE_EVERY_S", 0.0)
    lake = Lake.in_folder(tmp_path / "lake")
    marts = LiveMarts(warehouse, lake)
    client = TestClient(application(marts))
    first = looked(marts)
    assert client.get("/api/view").json()["facets"]["watch"]["values"] == []
    change_watched(lake.artifacts, add=["sunny"])
    marts.look()
    assert looked(marts).number > first.number
    [row] = client.get("/api/view").json()["facets"]["watch"]["values"]
    assert (row["value"], row["n"] > 0) == ("sunny", True)


def test_new_marts_are_seen_while_a_reader_still_has_the_old_ones_open(warehouse):
    """Prevents a page that stays old under load: DuckDB hands one process the file that it has open already."""
    marts = LiveMarts(warehouse, None)
    first = looked(marts).version
    with marts.reading() as reader:
        assert reader.execute("select count(*) from fct_posts").fetchone() != (5,)
        replace_warehouse(warehouse, posts=rows()["posts"][:5], lake_hours=[{**lake_hour(), "lake_version": "other"}])
        assert looked(marts).version != first
        with marts.reading() as other:
            assert other.execute("select count(*) from fct_posts").fetchone() == (5,)


def test_a_look_at_nothing_new_opens_nothing(warehouse, monkeypatch):
    """Prevents a page that keeps the writers of the marts waiting every second."""
    marts = LiveMarts(warehouse, None)
    looked(marts)
    monkeypatch.setattr(live.database, "reading", None)  # type: ignore[attr-defined]
    status = marts.status
    assert looked(marts) == status


def test_a_warehouse_that_went_away_and_came_back(warehouse):
    """Prevents a page that has to be reloaded after a folder was moved."""
    marts = LiveMarts(warehouse, None)
    looked(marts)
    away = warehouse.rename(warehouse.with_suffix(".away"))
    assert looked(marts).state == "no_marts"
    client = TestClient(application(marts))
    assert client.get("/api/view").status_code == 200  # what was read stays
    assert client.get("/api/posts").status_code == 503
    away.rename(warehouse)
    assert looked(marts).state == "ready"
    assert client.get("/api/posts").status_code == 200


def test_a_broken_file_is_named_and_watched(tmp_path):
    """Prevents a watcher that dies of one bad file."""
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"this is no database" * 1000)
    marts = LiveMarts(path, None)
    assert looked(marts).state == "broken"
    assert "run socialsent materialize" in marts.status.detail
    replace_warehouse(path)
    assert looked(marts).state == "ready"


def test_the_charting_library_is_the_one_that_is_named():
    """Prevents a file of others that was changed, or replaced without its version and licence."""
    vendor = Path(socialsent_assets.dashboard.__file__).parent / "static" / "vendor"
    digest = hashlib.sha256((vendor / "echarts.common.min.js").read_bytes()).hexdigest()
    assert digest in re.findall(r"[0-9a-f]{64}", (vendor / "README.md").read_text("utf-8"))
