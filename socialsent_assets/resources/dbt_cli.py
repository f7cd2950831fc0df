"""dbt's command line as a Dagster resource, without the look at PyPI that dagster-dbt takes before every build.

Not here: when dbt runs and with which arguments (defs/marts.py).
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version as installed

from dagster_dbt import DbtCliResource
from packaging import version


class DbtCli(DbtCliResource):
    """`DbtCliResource` that knows dbt's version from the installed package."""

    # dagster-dbt calls `dbt --version`, which costs 3 CPU seconds and calls the package index. If this property
    # is renamed there, only that cost comes back, and test_a_dbt_build_asks_no_index_for_newer_versions fails.
    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(installed("dbt-core"))
