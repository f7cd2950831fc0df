"""dbt's command line as a Dagster resource, without what dagster-dbt does before every build and nothing here needs.

Not here: when dbt runs and with which arguments (defs/marts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version as installed
from typing import Any

from dagster_dbt import DbtCliResource
from packaging import version


class DbtCli(DbtCliResource):
    """`DbtCliResource` that knows dbt's version from the installed package, without an adapter in this process."""

    # dagster-dbt calls `dbt --version`, which costs 3 CPU seconds and calls the package index. If this property
    # is renamed there, only that cost comes back, and test_a_dbt_build_asks_no_index_for_newer_versions fails.
    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(installed("dbt-core"))

    # The adapter would serve `fetch_row_counts` and `fetch_column_metadata`, which the marts do not use, and costs
    # 1.6 CPU seconds. If this method is renamed there, only that cost comes back.
    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002
        return None
