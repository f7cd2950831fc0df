"""Sizes of a deployment: every number of the AWS side, read from sizes.toml and checked.

One dataclass per stack, one field per line of its section; each field is explained beside it in sizes.toml.

Not here: names, tags and addresses (deployment.py), what is done with a number (stacks/).
"""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from socialsent_assets.settings import UserError

SIZES_FILE = Path(__file__).with_name("sizes.toml")

Section = TypeVar("Section")


@dataclass(frozen=True)
class LakeSize:
    """Section `lake`."""

    keep_on_delete: bool
    landing_cold_after_days: int
    old_versions_days: int
    pipes_days: int
    athena_results_days: int
    access_logs_days: int


@dataclass(frozen=True)
class IngestSize:
    """Section `ingest`."""

    stream_mode: Literal["provisioned", "on_demand"]
    stream_shards: int
    stream_retention_hours: int
    feed_on: bool
    follow: str
    follow_secret_arn: str
    events_per_tick: int
    feed_seed: int
    mock_server_memory_mb: int
    mock_server_timeout_seconds: int
    consumer_memory_mb: int
    consumer_timeout_seconds: int
    consumer_reserved_concurrency: int
    batch_records: int
    batch_window_seconds: int
    batches_at_once_per_shard: int
    batch_retries: int
    record_max_age_hours: int
    failed_batches_days: int


@dataclass(frozen=True)
class ComputeSize:
    """Section `compute`."""

    glue_worker_type: str
    cleanse_max_workers: int
    score_max_workers: int
    upkeep_max_workers: int
    glue_timeout_minutes: int
    glue_runs_at_once: int
    crawl_cron: str
    athena_scan_limit_gib: int


@dataclass(frozen=True)
class WarehouseSize:
    """Section `warehouse`."""

    kind: Literal["serverless", "provisioned"]
    base_rpu: int
    max_rpu: int
    rpu_hours_a_day: int
    node_type: str
    nodes: int
    snapshot_days: int


@dataclass(frozen=True)
class NetworkSize:
    """Section `network`."""

    cidr: str
    nat_gateways: int
    interface_endpoints: tuple[str, ...]


@dataclass(frozen=True)
class ModelsSize:
    """Section `models`."""

    endpoint_memory_mb: int
    endpoint_concurrency: int
    fixed_archive: str
    fixed_digest: str


@dataclass(frozen=True)
class OrchestrationSize:
    """Section `orchestration`."""

    image_tag: str
    cpu: int
    memory_mb: int
    refresh_minutes: int
    load_balancer: bool
    domain: str
    certificate_arn: str
    database_instance: str
    database_gib: int
    database_multi_az: bool
    database_backup_days: int
    allowed_cidrs: tuple[str, ...]
    airflow: bool
    airflow_class: str
    airflow_max_workers: int
    airflow_public_ui: bool


@dataclass(frozen=True)
class ObservabilitySize:
    """Section `observability`."""

    emails: tuple[str, ...]
    phones: tuple[str, ...]
    iterator_age_minutes: int
    quarantine_percent: int
    freshness_minutes: int
    athena_scanned_gib_a_day: int
    rpu_alarm: int
    stale_hours: int
    budget_usd_a_month: int
    budget_by_tag: bool


@dataclass(frozen=True)
class DashboardsSize:
    """Section `dashboards`."""

    quicksight: bool
    quicksight_principal_arn: str


@dataclass(frozen=True)
class Size:
    """One size of sizes.toml; `name` is that of its section."""

    name: str
    log_retention_days: int
    lake: LakeSize
    ingest: IngestSize
    compute: ComputeSize
    network: NetworkSize
    warehouse: WarehouseSize
    models: ModelsSize
    orchestration: OrchestrationSize
    observability: ObservabilitySize
    dashboards: DashboardsSize


def load_size(name: str, file: Path = SIZES_FILE) -> Size:
    """The size of that name.

    Raises:
        UserError: there is no such file or size, or a line is missing, unknown or of another type.
    """
    try:
        sizes = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file} cannot be read as sizes: {error}") from error
    if name not in sizes:
        raise UserError(f"there is no size {name}: {file.name} has {', '.join(sizes)}")
    return _read(Size, {"name": name, **sizes[name]}, f"{file.name} [{name}]")


def _read(kind: type[Section], table: dict[str, Any], place: str) -> Section:
    """`table` as a `kind`, each field with its type; a typing error in a file must not become a default."""
    types = typing.get_type_hints(kind)
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if table.keys() != names:
        raise UserError(f"{place}: missing {sorted(names - table.keys())}, unknown {sorted(table.keys() - names)}")
    return kind(**{name: _value(types[name], table[name], place, name) for name in names})


def _value(wanted: Any, value: Any, place: str, name: str) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
        return _read(typing.cast(type, wanted), value, f"{place[:-1]}.{name}]")
    if wanted == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if typing.get_origin(wanted) is Literal:
        if value not in (choices := typing.get_args(wanted)):
            raise UserError(f"{place} {name} = {value!r}: use {' or '.join(choices)}")
        return value
    if type(value) is not wanted:  # bool is an int to isinstance
        raise UserError(f"{place} {name} = {value!r}: {getattr(wanted, '__name__', 'a list of texts')} is needed")
    if wanted is int and value < 0:
        raise UserError(f"{place} {name} = {value}: a number below zero")
    return value
