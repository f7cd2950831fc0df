"""The zip of each Lambda: its handler and what that imports of the event contract, and for the producer of the
simulator. A contract on imports keeps everything else out.

What it imports besides is the standard library, boto3 (in Lambda's runtime) and Powertools (layer.py).

Not here: the functions' settings and sizes (infra/stacks/).
"""

from __future__ import annotations

from pathlib import Path

from infra.packaging.archives import BUILD, ROOT, write_zip
from infra.packaging.imports import imported_files

FOLDER = BUILD / "lambdas"

RUNTIME = "3.13"
"""Python of the functions, on arm64 (a fifth cheaper than x86 for the same work). Lambda has 3.14 too, and Powertools
supports it; 3.13 is the newest that the packaged handlers were run on (tests/lambdas/test_packaged.py)."""

HANDLERS = {
    "mock_server": "lambdas.mock_server.handler.lambda_handler",
    "kinesis_consumer": "lambdas.kinesis_consumer.handler.lambda_handler",
}
"""Zip -> what Lambda calls in it."""


def build_lambda_zips(folder: Path = FOLDER) -> dict[Path, bool]:
    """Write every zip into `folder`; path -> whether it is new or changed."""
    return {(target := folder / f"{name}.zip"): write_zip(target, lambda_files(name)) for name in HANDLERS}


def lambda_files(name: str) -> dict[str, bytes]:
    """Path in the zip of a Lambda -> content."""
    files = imported_files(HANDLERS[name].rpartition(".")[0])
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}
