"""The whole AWS side as CloudFormation templates: `python -m infra.app`, or the CDK's own command line.

Needs no account, no network and no Docker; needs what `make lambdas wheel` build.

Not here: resources (stacks/), numbers (sizes.toml).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra import nag
from infra.deployment import ROOT, Deployment
from infra.sizes import SIZES_FILE, load_size
from infra.stacks.airflow import AirflowStack
from infra.stacks.compute import ComputeStack
from infra.stacks.dashboards import DashboardsStack
from infra.stacks.ingest import IngestStack
from infra.stacks.lake import LakeStack
from infra.stacks.models import ModelsStack
from infra.stacks.network import NetworkStack
from infra.stacks.notifications import NotificationsStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.orchestration import OrchestrationStack
from infra.stacks.warehouse import WarehouseStack
from socialsent_assets.settings import UserError

FLAGS: dict[str, Any] = {
    "aws:cdk:enable-path-metadata": False,  # templates say what is there, not which construct made it
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,  # without it, access lists, which S3 has retired
}

EXAMPLES = """examples:
  python -m infra.app                              templates of size small in build/cdk.out
  python -m infra.app --size production --out /tmp/templates
  SIZE=production python -m infra.app --name acme  another name, beside the first deployment
  cd infra && npx aws-cdk@2.1148.1 diff            what a deployment would change (needs credentials)
  cd infra && SIZE=production npx aws-cdk@2.1148.1 deploy --all
"""


def build_app(deployment: Deployment, out: Path | None = None, *, checked: bool = True) -> cdk.App:
    """Every stack of `deployment`; `app.synth()` then writes the templates to `out`.

    Args:
        deployment: names and numbers.
        out: folder for templates and assets; None: what the CDK's command line says, or a temporary one.
        checked: let cdk-nag refuse what is neither right nor accepted with a reason.

    Raises:
        UserError: something that is shipped was not built.
    """
    app = cdk.App(outdir=str(out) if out else None, context=FLAGS, analytics_reporting=False)
    lake = LakeStack(app, "lake", deployment=deployment)
    IngestStack(app, "ingest", deployment=deployment, lake=lake)
    compute = ComputeStack(app, "compute", deployment=deployment, lake=lake)
    network = NetworkStack(app, "network", deployment=deployment)
    warehouse = WarehouseStack(app, "warehouse", deployment=deployment, lake=lake, network=network)
    models = ModelsStack(app, "models", deployment=deployment, lake=lake)
    notifications = NotificationsStack(app, "notifications", deployment=deployment)
    orchestration = OrchestrationStack(
        app,
        "orchestration",
        deployment=deployment,
        lake=lake,
        compute=compute,
        network=network,
        warehouse=warehouse,
        models=models,
        notifications=notifications,
    )
    ObservabilityStack(app, "observability", deployment=deployment, compute=compute, notifications=notifications)
    if deployment.size.orchestration.airflow:
        AirflowStack(app, "airflow", deployment=deployment, lake=lake, network=network, orchestration=orchestration)
    if deployment.size.dashboards.quicksight:
        DashboardsStack(app, "dashboards", deployment=deployment, network=network, warehouse=warehouse)
    if checked:
        nag.check(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the templates; 0, or 2 with one line that says what to do."""
    options = _options(arguments)
    try:
        deployment = Deployment(
            load_size(options.size, options.sizes),
            name=options.name,
            account=options.account,
            region=options.region,
            build=options.build,
            start=options.start,
        )
        out = options.out or (None if os.environ.get("CDK_OUTDIR") else ROOT / "build" / "cdk.out")
        assembly = build_app(deployment, out).synth()
    except UserError as error:
        sys.stderr.write(f"infra.app: {error}\n")
        return 2
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        sys.stderr.write("infra.app: correct the findings above, or accept them with a reason (infra/nag.py)\n")
        return 1
    sys.stderr.write(f"{len(assembly.stacks)} stacks of size {deployment.size.name} in {assembly.directory}\n")
    return 0


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
    parser.add_argument("--name", default=say("NAME") or "socialsent", help="first part of every name (NAME)")
    parser.add_argument("--account", help="account number; default: whichever deploys")
    parser.add_argument("--region", help="region; default: whichever deploys")
    parser.add_argument(
        "--start", default=say("SOCIALSENT_START") or Deployment.start, help="first accepted event time"
    )
    parser.add_argument("--build", type=Path, default=Deployment.build, help="folder with lambdas/ and wheels/")
    parser.add_argument("--out", type=Path, help="folder for the templates; default: build/cdk.out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
