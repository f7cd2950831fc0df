"""Jobs that people launch from the UI."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from socialsent_assets.definitions import defs
from socialsent_assets.defs.jobs import simulate_feed
from socialsent_assets.resources.ingest import EmbeddedKinesis


def test_a_feed_launched_from_the_ui_lands_and_says_what_became_of_it(tmp_path: Path) -> None:
    """Prevents a job whose resource was never tested."""
    ingest = EmbeddedKinesis(landing=str(tmp_path), start="2026-01-01T00:00:00+00:00")
    config = {"events": 50, "hours": 1, "seed": 3, "until": "2026-11-20T12:00:00+00:00"}
    with dg.instance_for_test() as instance:
        result = simulate_feed.execute_in_process(
            run_config={"ops": {"send_feed": {"config": config}}}, resources={"ingest": ingest}, instance=instance
        )
        outputs = [e for e in result.all_node_events if e.event_type_value == "STEP_OUTPUT"]
    numbers = {name: value.value for name, value in outputs[0].event_specific_data.metadata.items()}
    assert numbers["sent"] == 50
    assert numbers["sent"] == numbers["accepted"] + numbers["duplicates"] + numbers["quarantined"]
    assert list(tmp_path.glob("events/dt=2026-11-20/hr=11/*.jsonl.gz"))


def test_refresh_in_two_halves_leaves_nothing_out_and_does_nothing_twice() -> None:
    """Prevents an asset or check that a scheduler of both halves never runs."""
    nodes = {name: {node.name for node in defs.resolve_job_def(name).nodes}
             for name in ("refresh", "cleanse_hours", "score_hours")}  # fmt: skip
    assert nodes["cleanse_hours"] | nodes["score_hours"] == nodes["refresh"]
    assert nodes["cleanse_hours"] & nodes["score_hours"] == set()
    assert "cleanse" in nodes["cleanse_hours"]
    assert {"score", "dbt_build"} <= nodes["score_hours"]
