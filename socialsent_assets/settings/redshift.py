"""The marts on Amazon Redshift: `SOCIALSENT_DBT_TARGET=redshift`.

dbt reads the same variables in dbt_project/profiles.yml.

Not here: the connection (warehouse/redshift.py), the Dagster resource (resources/redshift.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.values import choice_of, identifier_of, needed, number_of


@dataclass(frozen=True)
class RedshiftSettings:
    """How this process reaches the warehouse.

    Attributes:
        method: `iam` (temporary credentials of the role that this process has) or `database` (user and password).
        host, port, database, user: of the workgroup or cluster.
        cluster: name of a provisioned cluster, which method `iam` needs; "" of a serverless workgroup.
        password: with method `database` alone; never shown.
        region: AWS region, for method `iam`.
        schema: of the marts.
        sslmode: `verify-full`, `verify-ca` or `disable` (for tests on this machine).
    """

    method: str
    host: str
    port: int
    database: str
    user: str
    region: str
    schema: str
    sslmode: str
    cluster: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> RedshiftSettings | None:
        """None unless `SOCIALSENT_DBT_TARGET=redshift`. Raises UserError."""
        if env.get("SOCIALSENT_DBT_TARGET") != "redshift":
            return None
        method = choice_of(env, "SOCIALSENT_REDSHIFT_METHOD", ("iam", "database"))
        host = needed(env, "SOCIALSENT_REDSHIFT_HOST", "SOCIALSENT_DBT_TARGET=redshift")
        cluster = env.get("SOCIALSENT_REDSHIFT_CLUSTER") or ""
        if method == "iam" and not cluster and "serverless" not in host:  # as dbt-redshift distinguishes them
            raise UserError(
                f"SOCIALSENT_REDSHIFT_CLUSTER is missing: {host} is not a serverless workgroup, and "
                "SOCIALSENT_REDSHIFT_METHOD=iam needs the name of the cluster"
            )
        sslmode = choice_of(env, "SOCIALSENT_REDSHIFT_SSLMODE", ("verify-full", "verify-ca", "disable"))
        if method == "iam" and sslmode == "disable":  # the driver would reject it
            raise UserError("SOCIALSENT_REDSHIFT_SSLMODE=disable: SOCIALSENT_REDSHIFT_METHOD=iam needs TLS")
        return cls(
            method=method,
            host=host,
            port=number_of(env, "SOCIALSENT_REDSHIFT_PORT", 5439, range(1, 65536), "1 to 65535"),
            database=env.get("SOCIALSENT_REDSHIFT_DATABASE") or "socialsent",
            user=env.get("SOCIALSENT_REDSHIFT_USER") or "socialsent",
            region=env.get("AWS_REGION") or "eu-central-1",
            schema=identifier_of(env, "SOCIALSENT_REDSHIFT_SCHEMA", "marts"),
            sslmode=sslmode,
            cluster=cluster,
            password=password_of(env, method),
        )


def password_of(env: Mapping[str, str], method: str) -> str:
    """The password of method `database`, "" with another. Raises UserError when it is missing."""
    if method != "database":
        return ""
    password = env.get("SOCIALSENT_REDSHIFT_PASSWORD")
    if not password:
        raise UserError("SOCIALSENT_REDSHIFT_PASSWORD is missing: SOCIALSENT_REDSHIFT_METHOD=database needs it")
    return password
