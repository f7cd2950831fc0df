"""Spark on AWS Glue instead of in this process: `SOCIALSENT_COMPUTE=glue`.

Not here: how a job is started and followed (resources/glue.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.compute import compute_of
from socialsent_assets.settings.values import needed, number_of


@dataclass(frozen=True)
class GlueSettings:
    """Where the Spark jobs run on AWS.

    Attributes:
        cleanse_job, score_job, upkeep_job: names of the Glue jobs; each has a role of its own.
        pipes: `s3://bucket/prefix` where the parameters of a run and its messages lie.
        deadline_minutes: how long a run may take, its time in the queue included; then it is stopped.
    """

    cleanse_job: str
    score_job: str
    upkeep_job: str
    pipes: str
    deadline_minutes: int

    @classmethod
    def from_env(cls, env: Mapping[str, str], artifacts: str) -> GlueSettings | None:
        """None unless `SOCIALSENT_COMPUTE=glue`. `artifacts` is that tier's URI. Raises UserError."""
        if compute_of(env) != "glue":
            return None
        pipes = env.get("SOCIALSENT_GLUE_PIPES") or f"{artifacts.rstrip('/')}/pipes"
        if not pipes.startswith("s3://"):
            raise UserError(
                f"SOCIALSENT_GLUE_PIPES={pipes}: Glue exchanges messages over S3, so set it to s3://BUCKET/PREFIX"
            )
        return cls(
            cleanse_job=needed(env, "SOCIALSENT_GLUE_JOB_CLEANSE", "SOCIALSENT_COMPUTE=glue"),
            score_job=needed(env, "SOCIALSENT_GLUE_JOB_SCORE", "SOCIALSENT_COMPUTE=glue"),
            upkeep_job=needed(env, "SOCIALSENT_GLUE_JOB_UPKEEP", "SOCIALSENT_COMPUTE=glue"),
            pipes=pipes.rstrip("/"),
            deadline_minutes=number_of(
                env, "SOCIALSENT_GLUE_DEADLINE_MINUTES", 60, range(1, 10_081), "1 to 10080 minutes"
            ),
        )
