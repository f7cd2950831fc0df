"""The Lambdas' layer: AWS Lambda Powertools and what it needs, out of this environment's installed packages.

Neither Docker nor a download, because nothing in it is compiled: wrapt's C part is optional and left out (it wraps
calls that go over the network, where nanoseconds do not show). So the layer is the same on arm64 and x86 and for
every Python, and what the tests run here is, byte for byte, what runs there. botocore, which the X-Ray SDK needs,
is in Lambda's runtime.

Not here: how the handlers use it (lambdas/telemetry.py).
"""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from infra.packaging.archives import write_zip
from infra.packaging.lambda_zips import FOLDER
from infra.packaging.lock import locked

LAYER = FOLDER / "powertools_layer.zip"
ROOTS = ("aws-lambda-powertools[tracer]",)
IN_RUNTIME = ("botocore", "boto3")
PYTHON_FOLDER = "python"  # where Lambda looks in a layer: /opt/python is on its sys.path

_PACKED = frozenset({".py", ".typed", ".json"})
_LICENCES = ("LICENSE", "LICENCE", "NOTICE", "METADATA")  # METADATA: Powertools reads its own version there


class LayerError(RuntimeError):
    """What is installed is not what uv.lock names; the message names the next step."""


def build_layer(target: Path = LAYER) -> bool:
    """Write the layer; False if these very bytes stood there already. Raises LayerError."""
    return write_zip(target, layer_files())


def layer_files() -> dict[str, bytes]:
    """Path in the layer -> content. Raises LayerError."""
    files: dict[str, bytes] = {}
    for name, version in locked(ROOTS, "3.11", without=IN_RUNTIME).items():
        installed = distribution(name)
        if installed.version != version:
            raise LayerError(f"{name} {installed.version} is installed, uv.lock names {version}: run make install")
        for path in installed.files or ():
            if _is_packed(path):
                files[f"{PYTHON_FOLDER}/{path.as_posix()}"] = _verified(installed, path)
    return files


def _is_packed(path: PackagePath) -> bool:
    if path.parts[0] == ".." or "__pycache__" in path.parts:
        return False  # commands, and what this machine compiled
    in_metadata = path.parts[0].endswith(".dist-info")
    return path.name.startswith(_LICENCES) if in_metadata else path.suffix in _PACKED


def _verified(installed: Distribution, path: PackagePath) -> bytes:
    content = Path(str(installed.locate_file(path))).read_bytes()
    if path.hash is not None:
        digest = base64.urlsafe_b64encode(hashlib.new(path.hash.mode, content).digest()).decode().rstrip("=")
        if digest != path.hash.value:
            raise LayerError(f"{path} was changed after it was installed: remove .venv and run make install")
    return content
