"""The whole AWS side as CloudFormation templates: `python -m infra.app`, or the CDK's own command line.

Needs no account, no network and no Docker; needs what `make lambdas wheel` build.

Not here: which stacks there are (assembly.py), what is in them (stacks/), numbers (sizes.toml).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infra.sizes import SIZES_FILE, load_size
from socialsent_assets.domain.events.start import DEFAULT_START
from socialsent_assets.settings import UserError

if TYPE_CHECKING:
    from infra.deployment import Deployment

BUILD = Path(__file__).resolve().parents[1] / "build"

EXAMPLES = """examples:
  python -m infra.app                              templates of size small in build/cdk.out
  python -m infra.app --size production --out /tmp/templates
  python -m infra.app --name acme                  another name, beside the first deployment
  cd infra && npx aws-cdk@2.1148.1 diff            what a deployment would change (needs credentials)
  cd infra && SIZE=production npx aws-cdk@2.1148.1 deploy --all
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the templates; 0, or 2 with one line with the next step."""
    options = _options(arguments)
    try:
        deployment = _deployment(options)
        assembly = _synthesize(deployment, options.out)
    except UserError as error:
        sys.stderr.write(f"infra.app: {error}\n")
        return 2
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        sys.stderr.write("infra.app: correct the findings above, or accept them with a reason (infra/nag.py)\n")
        return 1
    sys.stderr.write(f"{assembly} (size {deployment.size.name})\n")
    return 0


def _deployment(options: argparse.Namespace) -> Deployment:
    size = load_size(options.size, options.sizes)
    from infra.deployment import Deployment  # starts Node.js: after every check that works without it

    return Deployment(
        size,
        name=options.name,
        account=options.account,
        region=options.region,
        build=options.build,
        start=options.start,
    )


def _synthesize(deployment: Deployment, out: Path | None) -> str:
    """What was written and where."""
    from infra.assembly import build_app

    if out is None and not os.environ.get("CDK_OUTDIR"):  # the CDK's command line names its own
        out = BUILD / "cdk.out"
    assembly = build_app(deployment, out).synth()
    return f"{len(assembly.stacks)} stacks in {assembly.directory}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.app",
        description="Write the CloudFormation templates of SocialSent on AWS.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    say = os.environ.get
    parser.add_argument("--size", default=say("SIZE") or "small", help="section of infra/sizes.toml (SIZE)")
    parser.add_argument(
        "--sizes", type=Path, default=Path(say("SIZES") or SIZES_FILE), help="another file of sizes (SIZES)"
    )
    parser.add_argument(
        "--name", default=say("DEPLOYMENT_NAME") or "socialsent", help="first part of every name (DEPLOYMENT_NAME)"
    )
    parser.add_argument("--account", help="account number; default: whichever deploys")
    parser.add_argument("--region", help="region; default: whichever deploys")
    parser.add_argument("--start", default=say("SOCIALSENT_START") or DEFAULT_START, help="first accepted event time")
    parser.add_argument("--build", type=Path, default=BUILD, help="folder with lambdas/ and wheels/")
    parser.add_argument("--out", type=Path, help="folder for the templates; default: build/cdk.out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
