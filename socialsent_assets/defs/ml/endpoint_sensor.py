"""The endpoint follows the champion: after a promotion or a rollback, the model that answers is changed as well.

It compares actual and desired state, so it does not matter who promoted, or whether the daemon ran then.

Not here: how a model is hosted (resources/model_endpoint.py), who becomes champion (`socialsent models promote`).
"""

from __future__ import annotations

import json

import dagster as dg

from socialsent_assets.defs.jobs import host
from socialsent_assets.defs.ml.endpoint import ENDPOINT
from socialsent_assets.defs.sensors import unfinished_runs
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.model_endpoint import Hosting

TRIES = 3


@dg.sensor(
    job=host,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Requests `host` while the endpoint does not serve the champion, at most three times per champion.",
)
def endpoint_sensor(
    context: dg.SensorEvaluationContext, lake: LakeResource, hosting: Hosting
) -> dg.SensorResult | dg.SkipReason:
    """Requests `host` while the champion is not the model on the endpoint, at most three times for one champion.

    The cursor holds the champion of the last request and how often it was requested.
    """
    from socialsent_assets.ml.registry import ModelRegistry

    if not hosting.is_active:
        return dg.SkipReason("nothing is hosted here: SOCIALSENT_SAGEMAKER_ENDPOINT is not set (docs/serving.md)")
    champion = ModelRegistry(lake.open().artifacts).champion_digest(CLASSIFIER)
    if champion is None:
        return dg.SkipReason("there is no champion yet: socialsent models promote")
    if champion == hosted_digest(context.instance):
        return dg.SkipReason(f"the endpoint answers with the champion {champion[:12]}")
    if unfinished_runs(context.instance, job_name=host.name):
        return dg.SkipReason("the endpoint is being changed")
    tries = _tries(context.cursor, champion)
    if tries >= TRIES:
        return dg.SkipReason(
            f"champion {champion[:12]} could not be hosted {TRIES} times; mend what its runs complain about, then "
            "materialize models/sentiment_endpoint"
        )
    cursor = json.dumps({"champion": champion, "tries": tries + 1})
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=cursor)


def hosted_digest(instance: dg.DagsterInstance) -> str | None:
    """Digest of the model that was last put on the endpoint; None if none ever was."""
    event = instance.get_latest_materialization_event(ENDPOINT)
    made = event.asset_materialization if event is not None else None
    return made.tags.get("dagster/data_version") if made is not None and made.tags else None


def _tries(cursor: str | None, champion: str) -> int:
    last = json.loads(cursor) if cursor else {}
    return int(last["tries"]) if last.get("champion") == champion else 0
