"""Iceberg catalogs: SQLite on one machine, the Glue Data Catalog on AWS, any REST catalog by its address.

The catalog holds one pointer per table, to its current metadata; swapping that pointer is the commit.

Not here: settings (settings/catalog.py), schema and partitioning (schema.py), commits (commit.py).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.storage.file_lock import exclusive

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

CATALOG_FILE = "catalog.db"
CatalogKind = Literal["sqlite", "glue", "rest"]
_NAME = "socialsent"
_BUSY_S = 30  # SQLite waits that long for another process's commit, which takes milliseconds
_SQLITE = "sqlite:///"


class CatalogError(RuntimeError):
    """The catalog does not answer, or answers with something that is not a catalog."""


@dataclass(frozen=True)
class CatalogConfig:
    """Address of a catalog; plain strings, so that it travels with a Glue run.

    Attributes:
        kind: `sqlite`, `glue` or `rest`.
        uri: `sqlite:///…/catalog.db`, or the `https://` address of a REST catalog; empty for Glue.
        cleansed, analytics: namespace (Glue: database) of each tier.
    """

    kind: CatalogKind
    uri: str = ""
    cleansed: str = "cleansed"
    analytics: str = "analytics"

    @classmethod
    def in_folder(cls, folder: Path) -> CatalogConfig:
        """A SQLite catalog in `folder`, made with the first table."""
        return cls("sqlite", f"{_SQLITE}{folder.resolve() / CATALOG_FILE}")

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for other kinds."""
        return Path(self.uri.removeprefix(_SQLITE)) if self.kind == "sqlite" else None

    def identifier(self, table: Table) -> tuple[str, str]:
        """Namespace and name of a table."""
        return (self.cleansed if table.tier == "cleansed" else self.analytics, table.name)


def open_catalog(config: CatalogConfig) -> Catalog:
    """The catalog of a configuration, opened once per process and AWS environment.

    Raises:
        CatalogError: it cannot be opened.
    """
    environment = tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_")))
    file = config.file
    # A folder that was removed and made again holds another database: an open connection would write into the old
    # one.
    identity = file.stat().st_ino if file is not None and file.exists() else 0
    if file is not None and not identity:
        _create(file)
        identity = file.stat().st_ino
    with translate_errors(config):
        return _opened(config, os.getpid(), identity, environment)


@lru_cache(maxsize=4)
def _opened(
    config: CatalogConfig, _process: int, _identity: int, environment: tuple[tuple[str, str], ...]
) -> Catalog:
    storage = _storage_properties(dict(environment))
    if config.kind == "glue":
        from pyiceberg.catalog.glue import GlueCatalog

        return GlueCatalog(_NAME, None, **storage)
    if config.kind == "rest":
        from pyiceberg.catalog.rest import RestCatalog

        return RestCatalog(_NAME, uri=config.uri, **storage)
    from pyiceberg.catalog.sql import SqlCatalog

    return SqlCatalog(_NAME, uri=f"{config.uri}?timeout={_BUSY_S}", schema_version="v1", **storage)


def _storage_properties(environ: dict[str, str]) -> dict[str, str]:
    """Endpoint and region; credentials come from the SDK's own chain, so no secret is kept here."""
    properties = {}
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        properties["s3.endpoint"] = endpoint
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region:
        properties |= {"s3.region": region, "client.region": region}
    if environ.get("AWS_ENDPOINT_URL_GLUE") or environ.get("AWS_ENDPOINT_URL"):
        properties["glue.endpoint"] = environ.get("AWS_ENDPOINT_URL_GLUE") or environ["AWS_ENDPOINT_URL"]
    return properties


def _create(file: Path) -> None:
    """An empty catalog, in WAL mode, so that readers do not wait for a commit.

    It is made beside its place and renamed: of two processes that begin a lake, none sees half of the other's.
    """
    from pyiceberg.catalog.sql import SqlCatalog

    with exclusive(file.with_name(".catalog.lock"), _BUSY_S), tempfile.TemporaryDirectory(dir=file.parent) as folder:
        if file.exists():
            return
        made = Path(folder) / file.name
        with contextlib.closing(sqlite3.connect(made)) as database:
            database.execute("pragma journal_mode = wal")
        SqlCatalog(_NAME, uri=f"{_SQLITE}{made}", schema_version="v1").engine.dispose()
        os.replace(made, file)


@contextlib.contextmanager
def translate_errors(config: CatalogConfig) -> Iterator[None]:
    """Translate a catalog's errors to one line with the next step.

    Raises:
        UserError: permissions or credentials are not as they should be.
        CatalogError: anything else that the catalog or its database reports.
    """
    from pyiceberg.exceptions import ForbiddenError, RESTError, UnauthorizedError
    from sqlalchemy.exc import DatabaseError

    try:
        yield
    except DatabaseError as error:
        reason = " ".join(str(error.orig).split())
        if "locked" in reason:
            raise CatalogError(
                f"{config.file} is locked by another process for over {_BUSY_S} s; run it again"
            ) from error
        raise CatalogError(
            f"{config.file} cannot be used as a catalog ({reason}): move it away and run `socialsent materialize`, "
            "which builds every table again from landing"
        ) from error
    except (UnauthorizedError, ForbiddenError) as error:
        raise UserError(f"the catalog {config.uri} rejects these credentials: {error}") from error
    except RESTError as error:
        raise CatalogError(f"the catalog {config.uri} failed: {error}") from error
