"""Every source and every kind of file by its one command, up to the marts; `pytest -s` prints the table."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import zstandard
from homes import Home

from socialsent_assets.cli.main import exit_code
from tests.ingest.brought import FIXTURES, events_of, fixture, records_by, workbook
from tests.ingest.test_sources import EXPECTED, planned

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

_NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
WHO = ["ann", "bob", "cy", "dan"]


def _posts(name: str) -> pd.DataFrame:
    """Posts of one file; the same bytes under another name would be the same landing."""
    texts = ["I love this tram", "An awful, late bus", "The ferry is “fine”", "Café on board 🚋"]
    times = [(_NINE + timedelta(minutes=n)).isoformat() for n in range(4)]
    return pd.DataFrame({"created_at": times, "user": WHO, "body": [f"{text}: {name}" for text in texts]})


def _csv(posts: pd.DataFrame) -> bytes:
    return posts.to_csv(index=False).encode()


def _lines(posts: pd.DataFrame) -> bytes:
    return posts.to_json(orient="records", lines=True).encode()


def _workbook(posts: pd.DataFrame) -> bytes:
    return workbook([[str(name) for name in posts], *posts.to_numpy().tolist()])


def _parquet(posts: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    posts.to_parquet(sink)
    return sink.getvalue()


def _zip(posts: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("export/posts.csv", _csv(posts))
    return sink.getvalue()


FILES: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "posts.csv": _csv,
    "posts.tsv": lambda posts: posts.to_csv(index=False, sep="\t").encode(),
    "semicolons.csv": lambda posts: posts.to_csv(index=False, sep=";", quoting=1).encode(),
    "utf16.csv": lambda posts: _csv(posts).decode().encode("utf-16"),
    "windows.csv": lambda posts: _csv(posts).decode().replace("🚋", "").encode("cp1252"),
    "posts.xlsx": _workbook,
    "posts.parquet": _parquet,
    "posts.json": lambda posts: json.dumps(json.loads(posts.to_json(orient="records")), indent=1).encode(),
    "posts.jsonl": _lines,
    "posts.jsonl.gz": lambda posts: gzip.compress(_lines(posts)),
    "posts.jsonl.zst": lambda posts: zstandard.compress(_lines(posts)),
    "posts.zip": _zip,
}


def _row(command: str, told: dict[str, Any], posts: list[dict[str, Any]]) -> str:
    parts = [f"{name} {told[name]}" for name in ("landed", "duplicates", "quarantined", "erased")]
    parts += [f"filtered {sum(told['filtered'].values())}"] if told["filtered"] else []
    records = told["records"] + sum(told["filtered"].values())
    first = "; ".join(f"{post['author_id']}: {' '.join(post['text'].split())[:40]}" for post in posts[:3])
    cells = (
        f"`{command}`",
        told["taken_for"][0]["as"],
        f"{records} = {' + '.join(parts)}",
        str(told["labels"]),
        first,
    )
    return f"| {' | '.join(cells)} |"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path / "home")


def _ingest(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert exit_code(["ingest", *arguments, "--format", "json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["records"] == told["landed"] + told["duplicates"] + told["quarantined"] + told["erased"]
    return told


def test_each_source_reaches_the_marts_by_one_command(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a source that lands what the graph behind it cannot use."""
    told = {name: _ingest(capsys, str(FIXTURES / name), "--timezone", "UTC") for name in EXPECTED}
    for name, content in FILES.items():
        Path(name).write_bytes(content(_posts(name)))
        told[name] = _ingest(capsys, name, "--source", name.replace(".", "-"))
    home.must("materialize")
    rows = []
    for name in EXPECTED:
        made = events_of(records_by(planned(fixture(name))))
        ids = {str(event.data.get("post_id" if event.event_type == "post" else "comment_id")) for event in made}
        marts = [f"select {kind}_id id, author_id, text from fct_{kind}s" for kind in ("post", "comment")]
        found = [row for sql in marts for row in home.query(f"{sql} order by 1") if row["id"] in ids]
        assert (told[name]["landed"], told[name]["labels"]) == (EXPECTED[name][1], EXPECTED[name][4])
        assert bool(found) == bool(set(EXPECTED[name][3]) & {"post", "comment"}), name
        rows.append(_row(f"socialsent ingest {name}", told[name], found))
    for name in FILES:
        slug = name.replace(".", "-")
        found = home.query(f"select author_id, text from fct_posts where source = '{slug}' order by event_time")
        assert [row["author_id"] for row in found] == WHO, name
        rows.append(_row(f"socialsent ingest {name}", told[name], found))
    with capsys.disabled():
        print("", *rows, sep="\n")
