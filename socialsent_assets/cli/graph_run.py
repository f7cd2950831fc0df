"""Run the graph in this process over event hours, with progress: what `materialize` and `run` do.

One process, one Spark session, one run for any set of hours. Runs are recorded in the same Dagster instance that
the UI shows.

Not here: choosing the hours (lake/staleness.py, called by cli/graph.py), the graph itself (defs/).
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialsent_assets.cli.waiting import waiting
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.hour_set import hour_set_text
from socialsent_assets.domain.events.layout import EventHour

if TYPE_CHECKING:
    import dagster as dg
    from rich.console import Console

PROCESS_TAG = "socialsent/process"
_SHOWN = 80  # characters of a set of hours
_PARTS = 8
_FAILURES_IN_A_ROW = 2


class RunFailedError(RuntimeError):
    """A step or a blocking check failed; the message names it and the reason, in one line."""


@dataclass
class RunOutcome:
    """What one run did.

    Attributes:
        failures: step or check -> reason, for everything that failed.
        engines: step -> `, in process (why)`, or nothing for a step without an engine.
        checks_passed, checks_warned: asset checks that passed, and that failed without blocking.
    """

    run_id: str
    seconds: float = 0.0
    steps: int = 0
    checks_passed: int = 0
    checks_warned: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)


def run_hours(hours: Sequence[EventHour], select: str | None, console: Console) -> tuple[list[EventHour], str]:
    """Materialize the graph (or `select`) for these hours in one run; if that fails, in smaller and smaller ones.

    Returns the hours that were built, and why the others were not ("" if all were). Gives up on all that is left
    when the first runs of a division fail one after the other: then no single hour is at fault.

    Raises:
        UserError: `select` names no asset.
    """
    import dagster as dg

    from socialsent_assets.cli.dead_runs import fail_orphans

    defs = load_graph(console)
    with dg.DagsterInstance.get() as instance:
        fail_orphans(instance)
        selection = _selected(defs, select)
        return divide(list(hours), lambda part: _why_failed(_run(defs, instance, part, selection, console), part))


def divide(hours: list[EventHour], run: Callable[[list[EventHour]], str]) -> tuple[list[EventHour], str]:
    """The hours that `run` (which returns why it failed, or "") could do, together or in parts; see `run_hours`."""
    reason = run(hours)
    if not reason:
        return hours, ""
    done: list[EventHour] = []
    if len(hours) > 1:
        size = -(-len(hours) // _PARTS)
        parts = [hours[start : start + size] for start in range(0, len(hours), size)]
        for number, part in enumerate(parts):
            built, why = divide(part, run)
            done += built
            reason = why or reason
            if not done and number + 1 >= _FAILURES_IN_A_ROW:
                break
    return done, reason


def _why_failed(outcome: RunOutcome, hours: Sequence[EventHour]) -> str:
    if not outcome.failures:
        return ""
    where, why = next(iter(outcome.failures.items()))
    return f"{where} failed for {words(hours)}: {why}"


def load_graph(console: Console) -> dg.Definitions:
    """The definitions; the first call in a process takes a few seconds, so it prints a line first."""
    if "socialsent_assets.definitions" in sys.modules:
        from socialsent_assets.definitions import defs
    else:
        with waiting(console, "Loading the graph (Dagster, dbt, checks)", "5 to 30 s"):
            from socialsent_assets.definitions import defs
    return defs


def run_report(console: Console) -> RunOutcome:
    """Materialize reports/insights. Raises RunFailedError."""
    return _run_without_hours("group:reports", "the report", console)


def run_training(select: str, console: Console) -> RunOutcome:
    """Train the models that `select` names. Raises UserError if it names none, RunFailedError."""
    return _run_without_hours(select, "training", console)


def _run_without_hours(select: str, what: str, console: Console) -> RunOutcome:
    import dagster as dg

    from socialsent_assets.definitions import defs

    with dg.DagsterInstance.get() as instance:
        outcome = _run(defs, instance, None, _selected(defs, select), console, what)
    if outcome.failures:
        raise RunFailedError(f"{what} failed: {next(iter(outcome.failures.values()))}")
    return outcome


def words(hours: Sequence[EventHour]) -> str:
    """A set of hours in one short phrase."""
    text = hour_set_text(hours)
    return text if len(text) <= _SHOWN else f"{len(hours)} hours from {min(hours)} to {max(hours)}"


def _selected(defs: dg.Definitions, select: str | None) -> list[dg.AssetKey] | None:
    if select is None:
        return None
    import dagster as dg

    graph = defs.resolve_asset_graph()
    text = f'key:"{select}"' if "/" in select and not any(c in select for c in '":+*() ') else select
    try:
        keys = dg.AssetSelection.from_string(text).resolve(graph)
    except Exception as error:  # whatever Dagster's parser raises for a text that it cannot read
        raise UserError(f"--select {select} cannot be read: {error}; write cleansed/posts or group:marts") from error
    if not keys:
        tiers = sorted({key.path[0] for key in graph.get_all_asset_keys()})
        raise UserError(
            f"--select {select} matches no asset; write cleansed/posts or group:NAME ({', '.join(tiers)})"
        )
    return sorted(keys)


def _run(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    hours: Sequence[EventHour] | None,
    selection: list[dg.AssetKey] | None,
    console: Console,
    what: str = "",
) -> RunOutcome:
    outcome = RunOutcome(run_id=str(uuid.uuid4()))
    started = time.monotonic()
    tags = {PROCESS_TAG: str(os.getpid())}
    if hours is not None:
        from socialsent_assets.defs.partitions import run_tags

        tags |= run_tags(hours)
    job = defs.resolve_job_def("refresh") if selection is None else defs.resolve_implicit_global_asset_job_def()
    with console.status(f"{words(hours) if hours else what}: starting") as status:
        instance.add_event_listener(outcome.run_id, lambda entry: _follow(entry, outcome, console, status))
        result = job.execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
            instance=instance,
            asset_selection=selection,
            run_id=outcome.run_id,
            tags=tags,
            raise_on_error=False,
        )
    outcome.seconds = time.monotonic() - started
    if not result.success and not outcome.failures:
        outcome.failures["the run"] = "see the log for the reason"
    return outcome


def _follow(entry: Any, outcome: RunOutcome, console: Console, status: Any) -> None:
    event = entry.dagster_event
    if event is None:
        return
    kind = event.event_type_value
    if kind == "STEP_START":
        status.update(f"{event.step_key} …")
    elif kind == "STEP_SUCCESS":
        outcome.steps += 1
        seconds = event.step_success_data.duration_ms / 1000
        engine = outcome.engines.get(event.step_key, "")
        console.print(f"  [green]✓[/green] {event.step_key} [dim]{seconds:.1f} s{engine}[/dim]", soft_wrap=True)
    elif kind == "ASSET_MATERIALIZATION" and event.step_key not in outcome.engines:
        outcome.engines[event.step_key] = _engine(event.step_materialization_data.materialization.metadata)
    elif kind == "STEP_FAILURE":
        outcome.failures[event.step_key] = _reason(event)
        console.print(f"  [red]✗[/red] {event.step_key}")
    elif kind == "ASSET_CHECK_EVALUATION":
        _note_check(event.event_specific_data, outcome, console)
    elif kind in ("RUN_FAILURE", "PIPELINE_FAILURE") and not outcome.failures:
        outcome.failures["the run"] = event.message or "see the log for the reason"


def _engine(metadata: Mapping[str, Any]) -> str:
    from socialsent_assets.resources.compute import ENGINE, ENGINE_REASON  # imports Dagster

    if ENGINE not in metadata:
        return ""
    return f", engine {metadata[ENGINE].value} ({metadata[ENGINE_REASON].value})"


def _note_check(evaluation: Any, outcome: RunOutcome, console: Console) -> None:
    name = f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}"
    if evaluation.passed:
        outcome.checks_passed += 1
        return
    detail = evaluation.description or "some rows break it (the log has the query)"
    blocking = evaluation.blocking and evaluation.severity.value == "ERROR"
    mark = "[red]✗[/red]" if blocking else "[yellow]![/yellow]"
    console.print(f"  {mark} {name}: {detail}", soft_wrap=True)
    if blocking:
        outcome.failures[f"check {name}"] = detail
    else:
        outcome.checks_warned[name] = detail


def _reason(event: Any) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    text = (error.message if error is not None else event.message) or "no message"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else "no message"
