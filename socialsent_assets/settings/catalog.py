"""The Glue Data Catalog over the lake, and Athena: `SOCIALSENT_CATALOG=glue`, `SOCIALSENT_ATHENA_WORKGROUP`.

Not here: the tables (domain/tables.py), the queries (resources/athena.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.values import choice_of, identifier_of, number_of


@dataclass(frozen=True)
class CatalogSettings:
    """Which databases of the Glue Data Catalog show the lake.

    Attributes:
        cleansed, analytics: database of each tier; its tables are those of domain/tables.py.
    """

    cleansed: str
    analytics: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> CatalogSettings | None:
        """None unless `SOCIALSENT_CATALOG=glue`. Raises UserError."""
        if choice_of(env, "SOCIALSENT_CATALOG", ("none", "glue")) == "none":
            return None
        return cls(
            cleansed=identifier_of(env, "SOCIALSENT_GLUE_DATABASE_CLEANSED", "socialsent_cleansed"),
            analytics=identifier_of(env, "SOCIALSENT_GLUE_DATABASE_ANALYTICS", "socialsent_analytics"),
        )


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
