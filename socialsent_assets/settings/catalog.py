"""The Iceberg catalog of the lake, and Athena: `SOCIALSENT_CATALOG`, `SOCIALSENT_ATHENA_WORKGROUP`.

Not here: the tables (domain/tables.py), the queries (resources/athena.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.values import identifier_of, number_of


@dataclass(frozen=True)
class CatalogSettings:
    """Where the Iceberg catalog of the lake's tables is.

    Attributes:
        cleansed, analytics: namespace of each tier (Glue: database); its tables are those of domain/tables.py.
        kind: `sqlite`, `glue` or `rest`.
        uri: of SQLite and REST catalogs; empty for Glue.
    """

    cleansed: str
    analytics: str
    kind: Literal["sqlite", "glue", "rest"] = "glue"
    uri: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str], lake: Path) -> CatalogSettings:
        """`glue`, the `https://` address of a REST catalog, or by default a SQLite file in the folder `lake`.

        Raises:
            UserError: another value.
        """
        value = env.get("SOCIALSENT_CATALOG") or "sqlite"
        if value == "glue":
            return cls(
                cleansed=identifier_of(env, "SOCIALSENT_GLUE_DATABASE_CLEANSED", "socialsent_cleansed"),
                analytics=identifier_of(env, "SOCIALSENT_GLUE_DATABASE_ANALYTICS", "socialsent_analytics"),
            )
        if re.match(r"https?://", value):
            return cls("cleansed", "analytics", "rest", value)
        if value in ("sqlite", "none"):
            return cls("cleansed", "analytics", "sqlite", f"sqlite:///{lake / 'catalog.db'}")
        raise UserError(f"SOCIALSENT_CATALOG={value}: use sqlite, glue, or the https:// address of a REST catalog")


@dataclass(frozen=True)
class AthenaSettings:
    """Who answers `socialsent query` on AWS.

    Attributes:
        workgroup: it sets where results lie, how they are encrypted and how much a query may scan.
        marts: Glue database of the marts, where the dbt target `athena` builds them.
        deadline_seconds: how long a query may take; then it is cancelled.
        data: `s3://bucket/prefix` where the dbt target `athena` puts the marts; empty without that target.
    """

    workgroup: str
    marts: str
    deadline_seconds: int
    data: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AthenaSettings | None:
        """None unless `SOCIALSENT_ATHENA_WORKGROUP` is set. Raises UserError."""
        workgroup = env.get("SOCIALSENT_ATHENA_WORKGROUP")
        if not workgroup:
            return None
        data = (env.get("SOCIALSENT_ATHENA_DATA") or "").rstrip("/")
        if data and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/.+)?", data):
            raise UserError(f"SOCIALSENT_ATHENA_DATA={data}: set it to s3://BUCKET/PREFIX, where marts shall lie")
        return cls(
            workgroup=workgroup,
            marts=identifier_of(env, "SOCIALSENT_ATHENA_MARTS", "socialsent_marts"),
            deadline_seconds=number_of(
                env, "SOCIALSENT_ATHENA_DEADLINE_SECONDS", 300, range(1, 1801), "1 to 1800 seconds"
            ),
            data=data,
        )
