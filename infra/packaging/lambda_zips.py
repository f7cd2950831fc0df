"""The zip of each Lambda: its own package, the event contract, and for the producer the simulator. It may import
nothing else of ours.

What it imports besides is the standard library, boto3 (in Lambda's runtime) and Powertools (layer.py).

Not here: the functions' settings and sizes (infra/stacks/).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.packaging.archives import BUILD, ROOT, write_zip

FOLDER = BUILD / "lambdas"

RUNTIME = "3.13"
"""Python of the functions, on arm64 (a fifth cheaper than x86 for the same work). Lambda has 3.14 too, and Powertools
supports it; 3.13 is the newest that the packaged handlers were run on (tests/lambdas/test_packaged.py)."""

HANDLERS = {
    "mock_server": "lambdas.mock_server.handler.lambda_handler",
    "kinesis_consumer": "lambdas.kinesis_consumer.handler.lambda_handler",
}
"""Zip -> what Lambda calls in it."""

_EVENTS = Path("socialsent_assets/domain/events")  # whole: it finds the kinds of events by looking into its folder
_ROOMS = {"mock_server": (_EVENTS, Path("socialsent_assets/simulator")), "kinesis_consumer": (_EVENTS,)}


def build_lambda_zips(folder: Path = FOLDER) -> dict[Path, bool]:
    """Write every zip into `folder`; path -> whether it is new or changed."""
    return {(target := folder / f"{name}.zip"): write_zip(target, lambda_files(name)) for name in HANDLERS}


def lambda_files(name: str) -> dict[str, bytes]:
    """Path in the zip of a Lambda -> content."""
    return {path.as_posix(): (ROOT / path).read_bytes() for path in _sources(name)}


def _sources(name: str) -> Iterator[Path]:
    for folder in (Path("lambdas"), Path("lambdas", name)):
        yield from (path.relative_to(ROOT) for path in (ROOT / folder).glob("*.py"))
    yield from (parent / "__init__.py" for parent in _EVENTS.parents if parent.name)
    for room in _ROOMS[name]:
        yield from (path.relative_to(ROOT) for path in (ROOT / room).rglob("*.py"))
