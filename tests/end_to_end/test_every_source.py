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
POSTS = pd.DataFrame(
    {
        "created_at": [(_NINE + timedelta(minutes=n)).isoformat() for n in range(4)],
        "user": ["ann", "bob", "cy", "dan"],
        "body": ["I love this tram", "An awful, late bus", "The ferry is “fine”", "Café on board 🚋"],
    }
)
LINES = POSTS.to_json(orient="records", lines=True).encode()
CSV = POSTS.to_csv(index=False).encode()


def _parquet() -> bytes:
    sink = io.BytesIO()
    POSTS.to_parquet(sink)
    return sink.getvalue()


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("export/posts.csv", CSV)
    return sink.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "posts.csv": lambda: CSV,
    "posts.tsv": lambda: POSTS.to_csv(index=False, sep="\t").encode(),
    "semicolons.csv": lambda: POSTS.to_csv(index=False, sep=";", quoting=1).encode(),
    "utf16.csv": lambda: CSV.decode().encode("utf-16"),
    "windows.csv": lambda: CSV.decode().replace("🚋", "").encode("cp1252"),
    "posts.xlsx": lambda: workbook([[str(name) for name in POSTS], *POSTS.to_numpy().tolist()]),
    "posts.parquet": _parquet,
    "posts.json": lambda: json.dumps(json.loads(POSTS.to_json(orient="records")), indent=1).encode(),
    "posts.jsonl": lambda: LINES,
    "posts.jsonl.gz": lambda: gzip.compress(LINES),
    "posts.jsonl.zst": lambda: zstandard.compress(LINES),
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
        Path(name).write_bytes(content())
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
        assert [row["author_id"] for row in found] == list(POSTS["user"]), name
        rows.append(_row(f"socialsent ingest {name}", told[name], found))
    with capsys.disabled():
        print("", *rows, sep="\n")
