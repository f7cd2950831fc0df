"""`socialsent erase`: a person or a text out of everything that is kept, and the search that proves it.

Not here: the search (erase_search.py), how each tier forgets (erasure/), which events belong to what is erased
(domain/events/erasure.py).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.console import Console

from socialsent_assets.cli.erase_search import all_traces, erasures_of, print_limits, traces_beside_tiers, verified
from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.lake.erasure_ledger import add_to_ledger, set_returning, wait_for_writers
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from socialsent_assets.erasure.request import ErasureRequest
    from socialsent_assets.erasure.traces import Trace

_ROUNDS, _NAMED = 3, 3


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command()(erase)


def erase(
    user: Annotated[list[str] | None, typer.Option("--user", metavar="ID", help="A person, by id.")] = None,
    post: Annotated[
        list[str] | None, typer.Option("--post", metavar="ID", help="A post, comment or interaction, by id.")
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="One per line, `user ID` or `post ID`; - is stdin."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Stored in the ledger; do not name persons in it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    verify: Annotated[
        list[str] | None,
        typer.Option("--verify", metavar="ID", help="Only search and list the places; exit code 1 if found."),
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="Write what was done as JSON, without any id.")
    ] = None,
    returning: Annotated[
        str | None,
        typer.Option("--returning", metavar="in|out", help="Whether erased persons may post again; out by default."),
    ] = None,
) -> None:
    """Erase a person or a text from all tiers, marts, history, reports and logs.

    Only a keyed fingerprint remains, so that a redelivery of the same event is recognised and counts as erased.
    Replies to an erased text and likes of it are erased too. Safe to repeat, to interrupt, and during a build.

    Try:

        socialsent erase --user u-42 --reason "request 17"

        socialsent erase --post p-17 --dry-run

        socialsent erase --from ids.txt

        socialsent erase --verify u-42

        socialsent erase --returning in
    """
    settings, console = Settings.from_env(), Console()
    folder = erasures_of(settings)
    if verify:
        if not verified(settings, verify, console):
            raise typer.Exit(1)
        return
    if returning is not None:
        _return(folder, returning, console)
        if not (user or post or from_file):
            return
    from socialsent_assets.erasure.request import ErasureRequest, pending, together

    asked = ErasureRequest(_ids(user or [], post or [], from_file), reason=reason)
    begun = together(pending(folder))
    if not asked.ids and not begun.ids:
        raise UserError("name what to erase: --user ID, --post ID or --from FILE (socialsent erase --help)")
    done = _erase(settings, asked | begun, console, is_known=not asked.ids, dry_run=dry_run)
    if receipt is not None:
        receipt.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")


def _return(folder: Path, way: str, console: Console) -> None:
    if way not in ("in", "out"):
        raise UserError(f"--returning {way}: write in or out")
    set_returning(folder, cast(Literal["in", "out"], way))
    words = "may post again; what was erased stays out" if way == "in" else "stay out, whatever they post"
    console.print(f"Persons who were or will be erased {words}.")


def _erase(
    settings: Settings, asked: ErasureRequest, console: Console, *, is_known: bool, dry_run: bool
) -> dict[str, object]:
    """Erase, and return the receipt: numbers alone."""
    from socialsent_assets.erasure.landing import erase_landing, with_own_texts
    from socialsent_assets.erasure.models import mark_models
    from socialsent_assets.erasure.request import ErasureRequest, finish, keep
    from socialsent_assets.erasure.warehouse import own_texts

    lake, folder, now = Lake.of(settings), erasures_of(settings), datetime.now(UTC)
    if is_known:
        console.print("Continuing an erasure that was interrupted.")
    found = with_own_texts(lake.landing, asked)
    request = ErasureRequest(own_texts(settings.warehouse, found.ids), found.words, found.reason)
    if dry_run:
        done = erase_landing(lake.landing, request, dry_run=True)
        console.print(
            f"Would erase {_words(done.lines)} in {done.objects} objects of {len(done.hours)} hours; "
            f"{len(mark_models(lake.artifacts, now, dry_run=True))} models would be marked. Nothing was changed."
        )
        return {"dry_run": True, "lines": done.lines, "objects": done.objects, "hours": len(done.hours)}
    keep(folder, request)
    add_to_ledger(folder, request.ids, now, request.reason)
    wait_for_writers(folder, lambda who: console.print(f"Waiting for writers to landing: {who}."))
    models = mark_models(lake.artifacts, now)
    total: Counter[str] = Counter()
    left: set[tuple[str, int]] = set()
    for _ in range(_ROUNDS):
        earlier = left
        done = erase_landing(lake.landing, request)
        console.print(f"landing: {_words(done.lines)} out of {done.objects} objects, {len(done.hours)} hours")
        total.update({f"lines of {kind}": count for kind, count in done.lines.items()})
        total.update({"objects": done.objects, "hours": len(done.hours), "rounds": 1})
        total.update(_forget(settings, lake, request, console))
        traces = all_traces(settings, request.needles(), as_ids=done.mentioned)
        if not traces:
            break
        left = {_as_written(trace) for trace in traces}
        if left == earlier:
            raise RuntimeError(
                f"no build writes anew what holds these traces: {_places(traces)}. Remove it, or train the model "
                "again (socialsent materialize --select group:models) and remove the old; then run socialsent erase"
            )
    else:
        places = _places(traces)
        raise RuntimeError(
            f"a concurrent build brought traces back ({places}); run socialsent erase again when it has ended"
        )
    if models:
        console.print(
            f"models: {len(models)} may have learned from it and are marked ({', '.join(models[:4])}"
            f"{' …' if len(models) > 4 else ''}); train others: socialsent materialize --select group:models",
            soft_wrap=True,
        )
    if done.mentioned:
        console.print(
            f"{len(done.mentioned)} of the ids are also in texts of others, which are kept; "
            "socialsent erase --verify ID says where"
        )
    print_limits(settings, request.needles(), console)
    finish(folder)
    console.print("Erased. No trace was found in any tier; socialsent erase --verify ID searches again.")
    ended = datetime.now(UTC)
    return {
        "begun_at": format_time(now),
        "ended_at": format_time(ended),
        "seconds": round((ended - now).total_seconds(), 3),
        "persons": len(request.ids.users),
        "texts": len(request.ids.texts),
        **total,
        "ids that others mention": len(done.mentioned),
        "models": len(models),
        "traces": 0,
    }


def _as_written(trace: Trace) -> tuple[str, int]:
    """The trace and the time of its file, which differ when another process writes it again."""
    try:
        return str(trace), Path(trace.path).stat().st_mtime_ns
    except OSError:  # gone meanwhile, or an object in S3, whose builds write under new names
        return str(trace), 0


def _places(traces: Sequence[Trace]) -> str:
    more = f" and {len(traces) - _NAMED} more places" if len(traces) > _NAMED else ""
    return "; ".join(str(trace) for trace in traces[:_NAMED]) + more


def _forget(settings: Settings, lake: Lake, request: ErasureRequest, console: Console) -> dict[str, int]:
    """Build what landing no longer holds, then forget what was built before; returns numbers for the receipt."""
    from socialsent_assets.cli.build import build, writing
    from socialsent_assets.erasure.files import erase_file, in_order
    from socialsent_assets.erasure.tables import forget_history
    from socialsent_assets.erasure.versions import forget_versions
    from socialsent_assets.erasure.warehouse import erase_warehouse
    from socialsent_assets.lake.staleness import known_hours

    if known_hours(lake):
        with writing(settings):
            build(settings, None, None, console)
    snapshots, files = forget_history(lake, request.needles())
    console.print(f"tables: {snapshots} snapshots expired, {files} files removed")
    keys = erase_warehouse(settings.warehouse, request)
    console.print(f"warehouse: {keys} keys deleted, file rewritten")
    needles = request.needles_and_words()
    others = in_order(traces_beside_tiers(settings, needles))
    for path in others:
        console.print(f"{path}: {erase_file(path, needles)}", soft_wrap=True)
    versions = forget_versions(lake, request.needles())
    if versions:
        console.print(f"S3: {versions} superseded versions deleted")
    return {
        "snapshots expired": snapshots,
        "files removed": files,
        "keys forgotten": keys,
        "reports, logs and records": len(others),
        "versions deleted": versions,
    }


def _ids(users: Sequence[str], texts: Sequence[str], file: Path | None) -> ErasedIds:
    wanted: dict[str, set[str]] = {"user": set(users), "post": set(texts)}
    lines = _lines(file) if file is not None else []
    for number, line in enumerate(lines, start=1):
        kind, _, identity = line.strip().partition(" ")
        if not kind or kind.startswith("#"):
            continue
        if kind not in wanted or not identity.strip():
            raise UserError(f"{file} line {number}: write `user ID` or `post ID`, got {line.strip()[:60]!r}")
        wanted[kind].add(identity.strip())
    everything = wanted["user"] | wanted["post"]
    if any(not one.strip() for one in everything):
        raise UserError("an id is empty; name what to erase")
    return ErasedIds(frozenset(wanted["user"]), frozenset(wanted["post"]))


def _lines(file: Path) -> list[str]:
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--from {file} cannot be read: {error}") from None


def _words(lines: dict[str, int]) -> str:
    return ", ".join(f"{count:,} lines of {kind}" for kind, count in sorted(lines.items())) or "nothing"
