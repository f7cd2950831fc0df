"""Errors of the warehouse, whatever engine holds it.

Not here: errors that every AWS service has (aws/client.py).
"""

from __future__ import annotations

from socialsent_assets.domain.events.errors import UserError

NO_MARTS = "there are no marts to report on yet: run socialsent materialize first"


class NoMartsError(UserError):
    """There is nothing to ask: the marts were never built."""


class WarehouseBusyError(RuntimeError):
    """Another process writes the warehouse; DuckDB admits one process at a time."""


class WarehouseDamagedError(RuntimeError):
    """The file of the warehouse cannot be read; the message names the fix."""


class WarehouseUnreachableError(RuntimeError):
    """The warehouse does not answer now. The same may work later."""
