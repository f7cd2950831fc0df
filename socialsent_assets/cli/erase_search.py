"""Search through everything that a home and its lake keep, for `socialsent erase` and its `--verify`.

Not here: how files and versions are searched (erasure/traces.py, erasure/versions.py), erasing (erase.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from socialsent_assets.aws.s3 import is_s3_uri
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.erasure_ledger import ledger_folder
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from socialsent_assets.erasure.traces import Trace

_SHOWN = 20


def erasures_of(settings: Settings) -> Path:
    """The folder with the ledger of erasures: beside landing, or in the home if landing is in S3.

    Raises:
        UserError: the marts are in a warehouse that an erasure cannot search.
    """
    if settings.dbt_target != "local":
        raise UserError(
            "erase works with marts in DuckDB; for marts in Redshift or Athena see docs/erasure.md#on-aws"
        )
    return ledger_folder(settings.landing) or settings.home / "erasures"


def all_traces(settings: Settings, needles: Sequence[str], *, as_ids: Collection[str] = ()) -> list[Trace]:
    """Every trace: files of this machine, and versions of objects in S3."""
    from socialsent_assets.erasure.versions import find_version_traces

    versions = find_version_traces(Lake.of(settings), needles, as_ids=as_ids)
    return [*_in_files(settings, needles, lambda _: False, as_ids), *versions]


def traces_beside_tiers(settings: Settings, needles: Sequence[str]) -> list[Trace]:
    """Traces in reports, logs, caches and records of Dagster on this machine: no tier, no warehouse."""
    return _in_files(settings, needles, lambda path: not _is_beside_tiers(settings, path), ())


def verified(settings: Settings, ids: Sequence[str], console: Console) -> bool:
    """Whether no id is found anywhere; prints the first places where one is, and how far the search goes."""
    traces = all_traces(settings, ids)
    for trace in traces[:_SHOWN]:
        console.print(f"{trace.needle}  {trace}", soft_wrap=True, highlight=False)
    if len(traces) > _SHOWN:
        console.print(f"… and {len(traces) - _SHOWN} more places")
    print_limits(settings, ids, console)
    if not traces:
        places = [*map(str, _roots(settings)), *(uri for uri in _tiers(settings) if is_s3_uri(uri))]
        console.print(f"{_few(ids)}: found nowhere below {', '.join(places)}", soft_wrap=True)
    return not traces


def print_limits(settings: Settings, ids: Sequence[str], console: Console) -> None:
    """Print how far the search goes for ids that occur everywhere by chance, and what a lake in S3 does not keep."""
    from socialsent_assets.erasure.needles import is_word

    short = [one for one in ids if not is_word(one)]
    if short:
        console.print(
            f"{_few(short)}: could be a number or an everyday word, so searched for in id fields and columns alone; "
            "texts, logs, reports and Dagster's records were not searched for it",
            soft_wrap=True,
            highlight=False,
        )
    if is_s3_uri(settings.landing):
        console.print(
            "Landing is in S3, where the consumer reads no ledger of erasures: an event that is sent again returns. "
            "What else is not searched there: docs/erasure.md#on-aws",
            soft_wrap=True,
            highlight=False,
        )


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")


def _in_files(
    settings: Settings, needles: Sequence[str], skips: Callable[[Path], bool], as_ids: Collection[str]
) -> list[Trace]:
    from socialsent_assets.erasure.request import PENDING
    from socialsent_assets.erasure.traces import find_traces

    folder = erasures_of(settings)

    def are_skipped(path: Path) -> bool:
        return (path.parent == folder and path.suffix == f".{PENDING}") or skips(path)

    return list(find_traces(_roots(settings), needles, as_ids=as_ids, skips=are_skipped))


def _is_beside_tiers(settings: Settings, path: Path) -> bool:
    tiers = [_path(uri) for uri in (settings.landing, settings.cleansed, settings.analytics) if not is_s3_uri(uri)]
    kept = [*tiers, erasures_of(settings)]
    if not is_s3_uri(settings.artifacts):
        kept.append(_path(settings.artifacts) / "models")
    return path != settings.warehouse and not any(folder in path.parents for folder in kept)


def _roots(settings: Settings) -> list[Path]:
    folders = [settings.home, *(_path(uri) for uri in _tiers(settings) if not is_s3_uri(uri))]
    return [folder for folder in folders if not any(other in folder.parents for other in folders)]


def _tiers(settings: Settings) -> tuple[str, ...]:
    return (settings.landing, settings.cleansed, settings.analytics, settings.artifacts)


def _path(uri: str) -> Path:
    return Path(uri.removeprefix("file://").removeprefix("file:"))
