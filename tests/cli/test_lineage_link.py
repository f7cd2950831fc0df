"""The link to the lineage that `socialsent ui` prints, in the pinned Dagster's own page."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialsent_assets.cli.ui import OPEN_IN_LINEAGE, lineage_address

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make install-dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# A graph with the same groups: it loads in a second, and how Dagster names groups is what the test is about.
GRAPH = """
import dagster as dg

assets = []
for group in ("staging", {groups}):
    before = [assets[-1]] if assets else []
    assets.append(dg.AssetSpec(group + "_table", group_name=group, deps=before))
defs = dg.Definitions(assets=assets)
"""


def test_it_opens_groups_that_the_graph_has() -> None:
    """Prevents a link that opens nothing because a group got another name."""
    from socialsent_assets.definitions import defs

    graph = defs.resolve_asset_graph()
    assert set(OPEN_IN_LINEAGE) < {graph.get(key).group_name for key in graph.get_all_asset_keys()}


@pytest.fixture
def dagster_port(tmp_path: Path) -> Iterator[int]:
    """Port of Dagster's web server on a small graph."""
    graph = tmp_path / "graph.py"
    graph.write_text(GRAPH.format(groups=", ".join(map(repr, OPEN_IN_LINEAGE))))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "dagster_webserver", "-f", str(graph), "-h", "127.0.0.1", "-p", str(port)]
    home = {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "true"}
    server = subprocess.Popen(
        command, cwd=tmp_path, env=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert server.stdout is not None
        if not any("Serving dagster-webserver" in line for line in server.stdout):
            pytest.fail("Dagster's web server ended before it served")
        yield port
    finally:
        server.terminate()
        server.communicate()


@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine: make browser")
def test_dagster_shows_the_tables_and_not_only_their_groups(dagster_port: int) -> None:
    """Prevents a lineage of eight closed boxes, as it is without the groups in the address."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(lineage_address(dagster_port))
        for group in OPEN_IN_LINEAGE:
            page.get_by_text(f"{group}_table").first.wait_for(timeout=60_000)
        assert page.get_by_text("staging_table").count() == 0
        browser.close()
