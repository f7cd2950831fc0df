"""What a dbt build runs as: dbt's own command line, given the project as the graph has parsed it already.

dbt keeps a parsed project for one home: it parses again where the path of the database is another. The graph has
parsed the same project; with its result a build of 24 hours takes 6.7 CPU seconds instead of 9.9 (load 12), and
compiling the models for their lineage 4.1 instead of 7.6. Whatever does
not fit makes dbt parse, as without this module.

Not here: parsing for the graph (manifest.py), arguments and environment of a build (defs/marts.py, environment.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.warehouse.dbt.manifest import DBT_PROJECT, manifest_is_old

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PARSED = DBT_PROJECT / "target" / "partial_parse.msgpack"
"""The project as `manifest.parse` left it, for the target `local`."""


def main(arguments: Sequence[str]) -> int:
    """Run dbt with these arguments; its exit code: 0 done, 1 a model or test failed, 2 dbt could not go on."""
    from dbt.cli.main import dbtRunner

    result = dbtRunner(manifest=parsed_project(arguments)).invoke([*arguments])
    if result.exception is not None:
        sys.stderr.write(f"{result.exception}\n")  # dbt itself reports only what comes after its arguments were read
        return 2
    return 0 if result.success else 1


def parsed_project(arguments: Sequence[str], parsed: Path = PARSED) -> Manifest | None:
    """The parsed project, if a build with these arguments and this environment may use it; else None.

    It may if no file of the project is younger and everything that parsing read is the same: dbt's version, target,
    variables, the environment, and the name of the database.
    """
    if "local" not in arguments or "--vars" in arguments or manifest_is_old(DBT_PROJECT, parsed):
        return None
    from dbt.constants import DEFAULT_ENV_PLACEHOLDER
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder
    from dbt.version import __version__

    try:
        found: Manifest = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # noqa: BLE001 - half written or of another version: any error there is, dbt parses instead
        return None
    same = all(os.environ.get(name, DEFAULT_ENV_PLACEHOLDER) == value for name, value in found.env_vars.items())
    databases = {node.database for node in found.nodes.values()}
    if not same or found.metadata.dbt_version != __version__ or databases != {_database()}:
        return None
    found.build_flat_graph()  # type: ignore[no-untyped-call]  # what `graph` is in Jinja
    return found


def _database() -> str:
    """Name of the database, which DuckDB takes from the file."""
    return Path(os.environ.get("SOCIALSENT_WAREHOUSE", "")).stem


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
