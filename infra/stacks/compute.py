"""What turns landed events into tables and answers queries: Glue jobs, the Data Catalog, crawlers, Athena.

Not here: the marts (warehouse.py), what the jobs do (socialsent_assets/jobs/).
"""

from __future__ import annotations

from constructs import Construct

from infra.deployment import Deployment
from infra.stacks.lake import LakeStack
from infra.stacks.stack import SocialSentStack


class ComputeStack(SocialSentStack):
    """Glue and Athena.

    Attributes:
        key: encrypts the logs of the Glue jobs.
        job_names: of the Glue jobs, by `cleanse` and `score`.
        crawler_names: by tier, `cleansed` and `analytics`.
        workgroup: name of the Athena workgroup.
        athena_reader: role that may query the lake and nothing else.
    """

    job_names: dict[str, str]
    crawler_names: dict[str, str]
    workgroup: str

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack) -> None:
        super().__init__(scope, part, deployment, "Glue jobs, the catalog and Athena")
        self.add_stack_dependency(lake)
        self.key = self.make_key("the logs of the Glue jobs")
