"""One-line messages for failed Spark runs.

Not here: bad lines and damaged objects, which do not fail a run (read_landing.py, landing_lines.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class SparkRunError(RuntimeError):
    """A Spark run failed; the message is one line with its first cause, the whole trace is its `__cause__`."""


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """Raise SparkRunError for whatever Spark raises inside."""
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except Py4JJavaError as error:
        raise SparkRunError(f"Spark: {_root_cause(error.java_exception)}") from error
    except PySparkException as error:
        raise SparkRunError(f"Spark: {_last_line(str(error))}") from error
    except Py4JError as error:
        raise SparkRunError("Spark: the Java process ended; was it killed, or out of memory?") from error


def _root_cause(java_exception: object) -> str:
    cause = java_exception
    while (inner := cause.getCause()) is not None:  # type: ignore[attr-defined]
        cause = inner
    return str(cause.toString()).splitlines()[0]  # type: ignore[attr-defined]


def _last_line(trace: str) -> str:
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    last = lines[-1] if lines else "failed without a message"
    # Errors of ours are sentences; of others, the class is half of the message.
    return last.partition(": ")[2] if last.startswith("socialsent_assets.") else last
