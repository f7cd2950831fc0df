"""The marts in Amazon Redshift: a connection, read-only statements, and what goes wrong in words.

    with redshift_marts(settings) as sql:
        for row in sql.run("select topic, count(*) from fct_posts group by 1").rows: ...

One `with` is one read-only transaction: all its statements see the marts of one moment, and none can write. It is
ours alone to use, for redshift_connector's connections are not to be shared by threads.

Not here: building the marts (dbt_project/), what a sensor may ask every 20 seconds (version_cache.py).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from socialsent_assets.aws.client import AwsCallError, explained
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import RedshiftSettings
from socialsent_assets.warehouse.engine import QueryResult, different
from socialsent_assets.warehouse.errors import NO_MARTS, NoMartsError, WarehouseUnreachableError

if TYPE_CHECKING:
    from redshift_connector.core import Connection

DEADLINE_S = 300.0
_REACH_S = 10.0  # a host that answers at all does so within a second
_SLACK_S = 15.0  # Redshift ends a statement at its deadline; the socket gives up a little later, should it be gone

# SQLSTATE, PostgreSQL's appendix A. Redshift uses the same classes.
_REFUSED_USER = frozenset({"28000", "28P01"})
_NO_DATABASE, _DENIED, _TOO_SLOW = "3D000", "42501", "57014"
_NO_TABLE = frozenset({"42P01", "3F000"})
_PASSING = ("08", "53", "57P")  # connection, resources (too many connections), shut-down and start-up


class RedshiftSql:
    """Statements in an open transaction; see `redshift_marts`."""

    def __init__(self, connection: Connection, settings: RedshiftSettings) -> None:
        self._connection = connection
        self._settings = settings

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. All rows are there when it returns.

        Raises:
            NoMartsError: a table of it does not exist.
            UserError: Redshift rejects it, or takes longer than the deadline.
            WarehouseUnreachableError: Redshift went away.
        """
        with in_words(self._settings), self._connection.cursor() as cursor:
            cursor.execute(sql)
            description = cursor.description or []
            names = tuple(different(str(column[0]) for column in description))
            return QueryResult(names, tuple(_type(column[1]) for column in description), _rows(cursor))


@contextlib.contextmanager
def redshift_marts(settings: RedshiftSettings, deadline_s: float = DEADLINE_S) -> Iterator[RedshiftSql]:
    """The marts to read, each statement within `deadline_s` seconds.

    Raises:
        UserError: user, password, role or database are not as Redshift wants them.
        WarehouseUnreachableError: it does not answer.
    """
    with in_words(settings):
        connection = connect(settings, deadline_s)
    try:
        with in_words(settings), connection.cursor() as cursor:
            cursor.execute(f"set statement_timeout to {int(deadline_s * 1000)}")
            cursor.execute(f'set search_path to "{settings.schema}"')
            cursor.execute("begin read only")
        yield RedshiftSql(connection, settings)
    finally:
        with contextlib.suppress(Exception):  # it may be closed already, and nothing was written
            connection.close()


def connect(settings: RedshiftSettings, deadline_s: float) -> Connection:
    """An open connection on which every statement commits by itself. Raises the driver's errors: see `in_words`."""
    import redshift_connector

    # The driver has one timeout for connecting and for waiting on an answer, so the first is taken here.
    socket.create_connection((settings.host, settings.port), timeout=_REACH_S).close()
    connection = redshift_connector.connect(**connection_arguments(settings), timeout=int(deadline_s + _SLACK_S))
    connection.autocommit = True
    return connection


def connection_arguments(settings: RedshiftSettings) -> dict[str, Any]:
    """Arguments of redshift_connector.connect, as dbt-redshift makes them from dbt_project/profiles.yml."""
    arguments: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "database": settings.database,
        "region": settings.region,
        "application_name": "socialsent",
        "ssl": settings.sslmode != "disable",
    }
    if settings.sslmode != "disable":
        arguments["sslmode"] = settings.sslmode
    if settings.method == "database":
        return {**arguments, "user": settings.user, "password": settings.password}
    of_the_role = {"iam": True, "user": "", "password": "", "db_user": settings.user}
    if settings.cluster:
        return {**arguments, **of_the_role, "cluster_identifier": settings.cluster}
    return {**arguments, **of_the_role, "is_serverless": True}


@contextlib.contextmanager
def in_words(settings: RedshiftSettings) -> Iterator[None]:
    """Translate errors of Redshift, its driver and AWS to one line. Raises UserError, WarehouseUnreachableError."""
    from redshift_connector.error import Error as DriverError

    try:
        with explained("redshift", f"the warehouse at {settings.host}"):
            yield
    except DriverError as error:
        raise _in_words(error, settings) from error
    except AwsCallError as error:  # it gives out the password of a role
        raise WarehouseUnreachableError(str(error)) from error
    except OSError as error:
        raise _unreachable(settings, str(error) or type(error).__name__) from error


def _in_words(error: Exception, settings: RedshiftSettings) -> Exception:
    details = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    code, message = str(details.get("C", "")), str(details.get("M") or error)
    if code in _REFUSED_USER:
        return UserError(_refused(settings, message))
    if code == _NO_DATABASE:
        return UserError(f"Redshift at {settings.host}: {message}; correct SOCIALSENT_REDSHIFT_DATABASE")
    if code in _NO_TABLE:
        return NoMartsError(f"{NO_MARTS} (Redshift: {message})")
    if code == _DENIED:
        return UserError(f"{message}: grant it to {settings.user} in Redshift")
    if code == _TOO_SLOW:
        return UserError("Redshift took longer than allowed, so the statement was stopped: ask for fewer rows")
    if code.startswith(_PASSING) or not code:
        if "SSL" in message:
            return UserError(f"{settings.host}: {message}; correct SOCIALSENT_REDSHIFT_SSLMODE")
        return _unreachable(settings, message)
    return UserError(f"Redshift refuses this: {message}")


def _refused(settings: RedshiftSettings, message: str) -> str:
    if settings.method == "database":
        way_out = "correct SOCIALSENT_REDSHIFT_USER and SOCIALSENT_REDSHIFT_PASSWORD"
    else:
        way_out = (
            "SOCIALSENT_REDSHIFT_USER has to be the database user of the identity that "
            "`aws sts get-caller-identity` shows; deploy the warehouse stack again if the user is missing"
        )
    return f"Redshift does not let {settings.user} in ({message}): {way_out}"


def _unreachable(settings: RedshiftSettings, reason: str) -> WarehouseUnreachableError:
    return WarehouseUnreachableError(
        f"Redshift does not answer at {settings.host}:{settings.port} ({' '.join(reason.split())}): see that it is "
        "available and not paused, and that its security group lets this machine in; then try again"
    )


def _rows(cursor: Any) -> Iterator[tuple[Any, ...]]:
    return iter([tuple(row) for row in cursor.fetchall()])


def _type(oid: int) -> str:
    from redshift_connector.utils.oids import RedshiftOID

    return RedshiftOID(oid).name.lower() if oid in RedshiftOID._value2member_map_ else str(oid)
