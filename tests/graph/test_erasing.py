"""Erasure as a job: what it was asked is gone from Dagster's own records too, and a receipt of numbers stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.defs.erasing import erase
from socialsent_assets.erasure.traces import find_traces

PERSON = "did:plc:zebulon"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").write_text(f"of {PERSON}\nother\n")
    return tmp_path


def run(home: Path, **config: Any) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        return erase.execute_in_process(
            run_config={"ops": {"erase_ids": {"config": config}}}, instance=instance, raise_on_error=False
        )


def test_a_run_leaves_a_receipt_and_no_id(home: Path) -> None:
    """Prevents a person who is gone everywhere but from the configuration of the run that erased them."""
    result = run(home, users=[PERSON], reason="request 17")
    assert result.success
    [output] = [event for event in result.all_events if event.is_successful_output]
    receipt: Any = output.step_output_data.metadata["receipt"].value
    assert (receipt["persons"], receipt["traces"]) == (1, 0)
    assert PERSON not in str(receipt)
    assert [str(trace) for trace in find_traces([home], [PERSON])] == []
    assert (home / "logs" / "old.log").read_text() == "other\n"


def test_an_order_for_nothing_is_a_failed_run_that_says_what_to_write(home: Path) -> None:
    """Prevents a green run that erased no person."""
    result = run(home)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "name what to erase" in str(failure.step_failure_data)
