"""Every stack of a deployment, and which takes what from which.

Not here: the command that writes the templates (app.py), what is in a stack (stacks/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra import nag
from infra.deployment import Deployment
from infra.stacks.airflow import AirflowStack
from infra.stacks.compute import ComputeStack
from infra.stacks.dashboards import DashboardsStack
from infra.stacks.following import FollowingStack
from infra.stacks.ingest import IngestStack
from infra.stacks.lake import LakeStack
from infra.stacks.models import ModelsStack
from infra.stacks.network import NetworkStack
from infra.stacks.notifications import NotificationsStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.orchestration import OrchestrationStack
from infra.stacks.warehouse import WarehouseStack

FLAGS: dict[str, Any] = {
    "aws:cdk:enable-path-metadata": False,  # templates list resources, not the constructs that made them
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,  # without it, access lists, which S3 has retired
}


def build_app(deployment: Deployment, out: Path | None = None, *, checked: bool = True) -> cdk.App:
    """Every stack of `deployment`; `app.synth()` then writes the templates to `out`.

    Args:
        deployment: names and numbers.
        out: folder for templates and assets; None: the one from the CDK's command line, or a temporary one.
        checked: let cdk-nag reject what is neither right nor accepted with a reason.

    Raises:
        UserError: something that is shipped was not built.
    """
    app = cdk.App(outdir=str(out) if out else None, context=FLAGS, analytics_reporting=False)
    lake = LakeStack(app, "lake", deployment=deployment)
    ingest = IngestStack(app, "ingest", deployment=deployment, lake=lake)
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
    if deployment.size.ingest.follow:
        FollowingStack(
            app, "following", deployment=deployment, lake=lake, ingest=ingest, network=network, models=models
        )
    if deployment.size.orchestration.airflow:
        AirflowStack(app, "airflow", deployment=deployment, lake=lake, network=network, orchestration=orchestration)
    if deployment.size.dashboards.quicksight:
        DashboardsStack(app, "dashboards", deployment=deployment, network=network, warehouse=warehouse)
    if checked:
        nag.check(app)
    return app
