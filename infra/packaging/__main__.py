"""`python -m infra.packaging lambdas | wheel`: builds what is uploaded, and prints what changed.

Not here: how each thing is built (the modules beside this one).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.packaging.glue_wheels import GlueWheelsError, build_glue_wheels
from infra.packaging.lambda_zips import FOLDER as LAMBDAS
from infra.packaging.lambda_zips import build_lambda_zips
from infra.packaging.layer import LayerError, build_layer
from infra.packaging.wheel import FOLDER as WHEELS

_EXAMPLES = """examples:
  python -m infra.packaging lambdas            the zips and their layer, in build/lambdas
  python -m infra.packaging wheel              all that Glue installs, in build/wheels
  python -m infra.packaging lambdas --out DIR  elsewhere
"""


def main(arguments: list[str] | None = None) -> int:
    """Build, print one line per file; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.packaging",
        description="Build what is uploaded to AWS. The same tree gives the same bytes; no network, no Docker.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("lambdas", "wheel"))
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write to")
    given = parser.parse_args(arguments)
    try:
        built = _build(given.what, given.out)
    except (LayerError, GlueWheelsError, LookupError) as error:
        sys.stderr.write(f"infra.packaging: {error}\n")
        return 1
    for path, is_new in built.items():
        sys.stdout.write(f"{path}  {path.stat().st_size / 1000:,.0f} kB  {'written' if is_new else 'unchanged'}\n")
    return 0


def _build(what: str, out: Path | None) -> dict[Path, bool]:
    if what == "wheel":
        return build_glue_wheels(out or WHEELS)
    folder = out or LAMBDAS
    layer = folder / "powertools_layer.zip"
    return {**build_lambda_zips(folder), layer: build_layer(layer)}


if __name__ == "__main__":
    sys.exit(main())
